#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

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

// Which values are cold and which are hot.
struct HeatScale {
    float cold = 0, hot = 1;         // hot < cold where small values are hot
    bool isSigned = false;           // 0 is in the middle and means "as always"
    int decimals = 2;                // that a legend needs
    float place(float value) const;  // 0 at cold, 1 at hot; NaN stays NaN
    bool operator==(const HeatScale&) const = default;
};
// Ends of a scale that a person chose.
struct HeatLimits {
    float cold = 0, hot = 1;
    bool operator==(const HeatLimits&) const = default;
};
HeatScale limited(const HeatScale& scale, const std::optional<HeatLimits>& limits);
// The least scale that holds both.
HeatScale joined(const HeatScale& a, const HeatScale& b);

// How heat lies over a picture.
enum class HeatCover {
    Opacity,    // what is cold is clear, what is hot is coloured
    Veil,       // all is coloured, what is cold a little less
    Spotlight,  // what is cold is dark; what is hot is seen as it is
};
inline constexpr HeatCover kHeatCovers[] = {HeatCover::Opacity, HeatCover::Veil,
                                            HeatCover::Spotlight};
std::string_view nameOf(HeatCover cover);     // "by heat", as in a list
std::string_view explainOf(HeatCover cover);  // one sentence

// How values become colours over a picture: the same for whatever draws them.
struct HeatLook {
    ColourMap colours = ColourMap::Viridis;
    HeatCover cover = HeatCover::Opacity;
    float opacity = 0.6f;  // 0: nothing is seen of the heat
    bool operator==(const HeatLook&) const = default;
};

// The colour at a place of the scale: of the map, or purple to orange for signed values.
HeatColour colourOf(const HeatScale& scale, ColourMap map, float place);

struct HeatInk {
    HeatColour colour;
    float alpha = 0;  // 0..1, how much of the picture it hides
};
// value: NaN is what was left out of the heat.
HeatInk inkOf(const HeatLook& look, const HeatScale& scale, float value);
// The same at a place of a legend, strong enough to be read beside its numbers.
HeatInk legendInk(const HeatLook& look, const HeatScale& scale, float place);
// One pixel a value: red in the lowest byte, alpha in the highest, not premultiplied.
std::vector<std::uint32_t> heatPixels(std::span<const float> values, const HeatScale& scale,
                                      const HeatLook& look);

}  // namespace lvr
