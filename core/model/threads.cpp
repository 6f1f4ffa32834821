#include "core/model/threads.h"

#include <ATen/Parallel.h>

// LibTorch's header runs all on the caller's thread where OpenMP is off, and says nothing.
#ifndef _OPENMP
#error "core/model/threads.cpp is to be compiled with OpenMP"
#endif

namespace lvr {

void onThreads(std::int64_t count, std::int64_t grain,
               const std::function<void(std::int64_t, std::int64_t)>& body) {
    at::parallel_for(0, count, grain, body);
}

}  // namespace lvr
