#include "core/trace/nearest.h"

#include <algorithm>

#include "core/trace/heat.h"

namespace lvr {
namespace {

template <class Step>
std::vector<NearPatch> nearestTo(const Trace& trace, const Step& step, int count) {
    std::vector<NearPatch> nearest;
    for (int image = 0; image < static_cast<int>(trace.grids.size()); ++image)
        for (const Patch& patch : nearestPatches(trace, step, image, count))
            nearest.push_back({image, patch.row, patch.col, patch.cosine, patch.l2});
    std::stable_sort(nearest.begin(), nearest.end(),
                     [](const auto& a, const auto& b) { return a.cosine > b.cosine; });
    nearest.resize(std::min<std::size_t>(nearest.size(), std::max(count, 0)));
    return nearest;
}

}  // namespace

std::vector<NearPatch> nearestOnAllImages(const Trace& trace, const LatentStep& step, int count) {
    return nearestTo(trace, step, count);
}

std::vector<NearPatch> nearestOnAllImages(const Trace& trace, const TextStep& step, int count) {
    return nearestTo(trace, step, count);
}

}  // namespace lvr
