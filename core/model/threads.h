#pragma once

#include <cstdint>
#include <functional>

namespace lvr {

// Runs body(begin, end) on parts of [0, count) of at least `grain` each, on the threads that
// LibTorch computes with (at::set_num_threads), and returns when all are done.
void onThreads(std::int64_t count, std::int64_t grain,
               const std::function<void(std::int64_t begin, std::int64_t end)>& body);

}  // namespace lvr
