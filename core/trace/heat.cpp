#include "core/trace/heat.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace lvr {
namespace {

// 17 evenly spaced anchors of each published map, 0xRRGGBB; between them colours are interpolated.
using Anchors = std::array<std::uint32_t, 17>;
constexpr Anchors kViridis = {0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d,
                              0x2c728e, 0x26828e, 0x21918c, 0x1fa088, 0x28ae80, 0x3fbc73,
                              0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725};
constexpr Anchors kMagma = {0x000004, 0x0a0822, 0x1d1147, 0x36106b, 0x51127c, 0x6a1c81,
                            0x832681, 0x9c2e7f, 0xb73779, 0xd0416f, 0xe75263, 0xf56b5c,
                            0xfc8961, 0xfea772, 0xfec488, 0xfde2a3, 0xfcfdbf};
constexpr Anchors kCividis = {0x00224e, 0x002e6a, 0x1a386f, 0x32436d, 0x434e6c, 0x535a6d,
                              0x61656f, 0x6f7073, 0x7d7c78, 0x8c8878, 0x9b9476, 0xaba072,
                              0xbcae6c, 0xcdbb63, 0xdec958, 0xf0d846, 0xfee838};

const Anchors& anchorsOf(ColourMap map) {
    switch (map) {
        case ColourMap::Viridis:
            return kViridis;
        case ColourMap::Magma:
            return kMagma;
        case ColourMap::Cividis:
            return kCividis;
    }
    return kViridis;
}

std::uint8_t mix(std::uint32_t from, std::uint32_t to, int shift, float share) {
    const auto a = static_cast<float>((from >> shift) & 0xff);
    const auto b = static_cast<float>((to >> shift) & 0xff);
    return static_cast<std::uint8_t>(std::lround(a + (b - a) * share));
}

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

std::string_view nameOf(ColourMap map) {
    switch (map) {
        case ColourMap::Viridis:
            return "viridis";
        case ColourMap::Magma:
            return "magma";
        case ColourMap::Cividis:
            return "cividis";
    }
    return "";
}

HeatColour colourAt(ColourMap map, float value) {
    const Anchors& anchors = anchorsOf(map);
    const float place = value > 0 ? std::min(value, 1.0f) * (anchors.size() - 1) : 0.0f;
    const auto lower = std::min<std::size_t>(static_cast<std::size_t>(place), anchors.size() - 2);
    const float share = place - static_cast<float>(lower);
    const auto channel = [&](int shift) {
        return mix(anchors[lower], anchors[lower + 1], shift, share);
    };
    return {channel(16), channel(8), channel(0)};
}

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

float HeatRange::place(float value) const {
    return high > low ? std::clamp((value - low) / (high - low), 0.0f, 1.0f) : 0.0f;
}

HeatRange heatRange(const Trace& trace, int image) {
    HeatRange range{.low = INFINITY, .high = -INFINITY};
    for (const DecodeStep* step : latentSteps(trace))
        for (const float value : cosineOn(trace, latentOf(*step), image)) {
            range.low = std::min(range.low, value);
            range.high = std::max(range.high, value);
        }
    return range.low <= range.high ? range : HeatRange{};
}

std::vector<Patch> nearestPatches(const Trace& trace, const LatentStep& step, int image,
                                  int count) {
    return nearest(trace, cosineOn(trace, step, image), l2On(trace, step, image), image, count);
}

std::vector<Patch> nearestPatches(const Trace& trace, const TextStep& step, int image, int count) {
    return nearest(trace, cosineOn(trace, step, image), {}, image, count);
}

}  // namespace lvr
