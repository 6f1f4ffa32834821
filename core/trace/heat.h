#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/values/trace.h"

namespace lvr {

// Colour maps that stay in order for colour-blind eyes and in grey print.
enum class ColourMap { Viridis, Magma, Cividis };
inline constexpr ColourMap kColourMaps[] = {ColourMap::Viridis, ColourMap::Magma,
                                            ColourMap::Cividis};
std::string_view nameOf(ColourMap map);

struct HeatColour {
    std::uint8_t r = 0, g = 0, b = 0;
    bool operator==(const HeatColour&) const = default;
};
// `value` is clamped to 0..1; what is not a number counts as 0.
HeatColour colourAt(ColourMap map, float value);

// The latent steps of a trace in feeding order, over all its thoughts. A "latent step" in the
// widgets is an index into this list.
std::vector<const DecodeStep*> latentSteps(const Trace& trace);
const LatentStep& latentOf(const DecodeStep& step);

// The part of a step's values that belongs to one image, [rows * cols]; empty when the trace has
// no such image or the step was not measured on it.
std::span<const float> cosineOn(const Trace& trace, const LatentStep& step, int image);
std::span<const float> cosineOn(const Trace& trace, const TextStep& step, int image);
std::span<const float> l2On(const Trace& trace, const LatentStep& step, int image);

struct HeatRange {
    float low = 0, high = 1;
    float place(float value) const;  // 0 at low, 1 at high
    bool operator==(const HeatRange&) const = default;
};
// Smallest and largest cosine over all steps of the trace, so that colours compare between steps.
HeatRange heatRange(const Trace& trace, int image);

struct Patch {  // one visual token under one step
    int row = 0, col = 0;
    float cosine = 0, l2 = 0;
    bool operator==(const Patch&) const = default;
};
// At most `count` patches of highest cosine, best first; ties by index.
std::vector<Patch> nearestPatches(const Trace& trace, const LatentStep& step, int image, int count);
// Of a text token's state; l2 was not measured.
std::vector<Patch> nearestPatches(const Trace& trace, const TextStep& step, int image, int count);

}  // namespace lvr
