#pragma once

#include "core/kernels/matmul.h"

namespace lvr {

// A ParallelFor on OpenMP's threads, which are LibTorch's as well: as many as it was told to use
// (OMP_NUM_THREADS, at::set_num_threads), one within a parallel section. Parts are handed out as
// threads become free. (at::parallel_for is a header that runs alone unless it is compiled with
// OpenMP.)
void onThreads(std::int64_t count, std::int64_t grain,
               const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace lvr
