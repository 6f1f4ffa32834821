#include "core/trace/heat.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lvr {
namespace {

std::span<const float> onImage(const Trace& trace, const std::vector<float>& values, int image) {
    if (image < 0 || image >= static_cast<int>(trace.grids.size())) return {};
    std::size_t offset = 0;
    for (int i = 0; i < image; ++i) offset += trace.grids[i].count();
    const std::size_t count = trace.grids[image].count();
    if (offset + count > values.size()) return {};
    return std::span(values).subspan(offset, count);
}

std::vector<Patch> nearest(const Trace& trace, std::span<const float> cosine,
                           std::span<const float> l2, int image, int count) {
    std::vector<int> order(cosine.size());
    std::iota(order.begin(), order.end(), 0);
    const auto kept = std::min<std::size_t>(std::max(count, 0), order.size());
    // NaN would break the ordering; it counts as the furthest.
    const auto rank = [&](int i) { return std::isnan(cosine[i]) ? -INFINITY : cosine[i]; };
    std::partial_sort(order.begin(), order.begin() + kept, order.end(),
                      [&](int a, int b) { return rank(a) != rank(b) ? rank(a) > rank(b) : a < b; });
    std::vector<Patch> patches;
    for (std::size_t i = 0; i < kept; ++i) {
        const int cols = trace.grids[image].cols;
        const auto distance = l2.empty() ? 0.0f : l2[order[i]];
        patches.push_back({order[i] / cols, order[i] % cols, cosine[order[i]], distance});
    }
    return patches;
}

}  // namespace

std::vector<const DecodeStep*> latentSteps(const Trace& trace) {
    std::vector<const DecodeStep*> latents;
    for (const DecodeStep& step : trace.steps)
        if (std::holds_alternative<LatentStep>(step.what)) latents.push_back(&step);
    return latents;
}

const LatentStep& latentOf(const DecodeStep& step) { return std::get<LatentStep>(step.what); }

std::span<const float> cosineOn(const Trace& trace, const LatentStep& step, int image) {
    return onImage(trace, step.cosine, image);
}

std::span<const float> cosineOn(const Trace& trace, const TextStep& step, int image) {
    return onImage(trace, step.cosine, image);
}

std::span<const float> l2On(const Trace& trace, const LatentStep& step, int image) {
    return onImage(trace, step.l2, image);
}

HeatScale cosineScale(const Trace& trace, int image) {
    HeatScale scale{.cold = INFINITY, .hot = -INFINITY};
    for (const DecodeStep* step : latentSteps(trace))
        for (const float value : cosineOn(trace, latentOf(*step), image)) {
            scale.cold = std::min(scale.cold, value);
            scale.hot = std::max(scale.hot, value);
        }
    return scale.cold <= scale.hot ? scale : HeatScale{};
}

std::vector<Patch> nearestPatches(const Trace& trace, const LatentStep& step, int image,
                                  int count) {
    return nearest(trace, cosineOn(trace, step, image), l2On(trace, step, image), image, count);
}

std::vector<Patch> nearestPatches(const Trace& trace, const TextStep& step, int image, int count) {
    return nearest(trace, cosineOn(trace, step, image), {}, image, count);
}

}  // namespace lvr
