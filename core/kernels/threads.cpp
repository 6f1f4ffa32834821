#include "core/kernels/threads.h"

#include <omp.h>

#include <algorithm>
#include <atomic>

namespace lvr {

void onThreads(std::int64_t count, std::int64_t grain,
               const std::function<void(std::int64_t, std::int64_t)>& body) {
    constexpr std::int64_t kPartsOfAThread = 8;
    const auto most = std::max<std::int64_t>(count / std::max<std::int64_t>(grain, 1), 1);
    const auto threads =
        omp_in_parallel() ? 1 : std::min<std::int64_t>(omp_get_max_threads(), most);
    if (threads == 1) {
        if (count > 0) body(0, count);
        return;
    }
    const auto parts = std::min(most, threads * kPartsOfAThread);
    std::atomic<std::int64_t> next = 0;
#pragma omp parallel num_threads(static_cast <int>(threads))
    for (auto part = next++; part < parts; part = next++)
        body(part * count / parts, (part + 1) * count / parts);
}

}  // namespace lvr
