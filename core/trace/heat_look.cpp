#include "core/trace/heat_look.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lvr {
namespace {

// Evenly spaced anchors of each published map, 0xRRGGBB; between them colours are interpolated.
constexpr std::array<std::uint32_t, 17> kViridis = {
    0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c,
    0x1fa088, 0x28ae80, 0x3fbc73, 0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725};
constexpr std::array<std::uint32_t, 17> kMagma = {
    0x000004, 0x0a0822, 0x1d1147, 0x36106b, 0x51127c, 0x6a1c81, 0x832681, 0x9c2e7f, 0xb73779,
    0xd0416f, 0xe75263, 0xf56b5c, 0xfc8961, 0xfea772, 0xfec488, 0xfde2a3, 0xfcfdbf};
constexpr std::array<std::uint32_t, 17> kCividis = {
    0x00224e, 0x002e6a, 0x1a386f, 0x32436d, 0x434e6c, 0x535a6d, 0x61656f, 0x6f7073, 0x7d7c78,
    0x8c8878, 0x9b9476, 0xaba072, 0xbcae6c, 0xcdbb63, 0xdec958, 0xf0d846, 0xfee838};
// Purple over white to orange, for eyes of every kind. What is cold ends dark, what is hot ends
// bright and saturated, so that on no picture the hottest place looks like a shadow.
constexpr std::array<std::uint32_t, 11> kSigned = {0x2d004b, 0x542788, 0x8073ac, 0xb2abd2,
                                                   0xd8daeb, 0xf7f7f7, 0xfee0b6, 0xfdc27a,
                                                   0xffa845, 0xff8f1f, 0xff7a00};
// Of the opacity: what is hottest under its colour is still told by its own.
constexpr float kHottestByOpacity = 0.75f;

std::span<const std::uint32_t> anchorsOf(ColourMap map) {
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

HeatColour between(std::span<const std::uint32_t> anchors, float value) {
    const auto last = anchors.size() - 1;
    const float at = value > 0 ? std::min(value, 1.0f) * static_cast<float>(last) : 0.0f;
    const auto lower = std::min(static_cast<std::size_t>(at), last - 1);
    const float share = at - static_cast<float>(lower);
    const auto channel = [&](int shift) {
        return mix(anchors[lower], anchors[lower + 1], shift, share);
    };
    return {channel(16), channel(8), channel(0)};
}

// 0 where nothing happens, 1 where most does.
float strengthAt(const HeatScale& scale, float place) {
    if (std::isnan(place)) return 0;
    return scale.isSigned ? std::abs(place - 0.5f) * 2 : place;
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

std::string_view nameOf(HeatCover cover) {
    switch (cover) {
        case HeatCover::Opacity:
            return "by heat";
        case HeatCover::Veil:
            return "veil";
        case HeatCover::Spotlight:
            return "spotlight";
    }
    return "";
}

std::string_view explainOf(HeatCover cover) {
    switch (cover) {
        case HeatCover::Opacity:
            return "What is cold is clear, what is hot is coloured.";
        case HeatCover::Veil:
            return "All of the picture is coloured, what is cold a little less.";
        case HeatCover::Spotlight:
            return "What is cold is dark; what is hot keeps its own colours.";
    }
    return "";
}

HeatColour colourAt(ColourMap map, float value) { return between(anchorsOf(map), value); }

float HeatScale::place(float value) const {
    if (std::isnan(value) || hot == cold) return std::isnan(value) ? value : 0;
    return std::clamp((value - cold) / (hot - cold), 0.0f, 1.0f);
}

HeatScale limited(const HeatScale& scale, const std::optional<HeatLimits>& limits) {
    HeatScale chosen = scale;
    if (limits) chosen.cold = limits->cold;
    if (limits) chosen.hot = limits->hot;
    return chosen;
}

HeatScale joined(const HeatScale& a, const HeatScale& b) {
    HeatScale both = a;
    both.cold = std::min(a.cold, b.cold);
    both.hot = std::max(a.hot, b.hot);
    return both;
}

HeatColour colourOf(const HeatScale& scale, ColourMap map, float place) {
    return scale.isSigned ? between(kSigned, place) : colourAt(map, place);
}

HeatInk inkOf(const HeatLook& look, const HeatScale& scale, float value) {
    const float place = scale.place(value), strength = strengthAt(scale, place);
    if (look.cover == HeatCover::Spotlight) return {{}, look.opacity * (1 - strength)};
    if (std::isnan(place)) return {};
    const float least = scale.isSigned ? 0.15f : 0.35f;  // of a veil
    const float share = look.cover == HeatCover::Veil ? least + (1 - least) * strength
                                                      : kHottestByOpacity * strength;
    return {colourOf(scale, look.colours, place), look.opacity * share};
}

HeatInk legendInk(const HeatLook& look, const HeatScale& scale, float place) {
    HeatLook full = look;
    full.opacity = look.cover == HeatCover::Opacity ? 1 / kHottestByOpacity : 1;
    return inkOf(full, scale, scale.cold + (scale.hot - scale.cold) * place);
}

std::vector<std::uint32_t> heatPixels(std::span<const float> values, const HeatScale& scale,
                                      const HeatLook& look) {
    std::vector<std::uint32_t> pixels;
    pixels.reserve(values.size());
    for (const float value : values) {
        const auto [colour, alpha] = inkOf(look, scale, value);
        const auto byte = [](float share) {
            return static_cast<std::uint32_t>(std::lround(std::clamp(share, 0.0f, 1.0f) * 255));
        };
        pixels.push_back(byte(alpha) << 24 | std::uint32_t{colour.b} << 16 |
                         std::uint32_t{colour.g} << 8 | colour.r);
    }
    return pixels;
}

}  // namespace lvr
