#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "widgets/latent/latent_state.h"

namespace lvr {

// Something that lies over the picture and its heat, whatever paints it. Points are in fractions of
// the picture; a rectangle is its upper left and its lower right corner.
struct Mark {
    enum class Kind {
        Grid,      // lines of `grid` over the whole picture
        Fill,      // a rectangle
        Outline,   // the same with a shadow and, where there is `text`, a tag
        Dashes,    // a dashed one with `text` above it
        Brackets,  // its corners alone
        Handles,   // squares at its corners and the middles of its sides
        Path,      // through the points, the first of them hollow
    } kind;
    struct Point {
        double x = 0, y = 0;
    };
    std::vector<Point> points;
    std::uint32_t ink = 0xffffffff;  // red in the lowest byte, alpha in the highest
    float width = 1;                 // of its lines, in pixels
    std::string text;
    PatchGrid grid;
};
inline constexpr std::uint32_t kMarkShadow = 0xbe000000;  // under every line

// What the person has chosen to see, from below to above; after followTrace().
std::vector<Mark> marksOf(const Trace& trace, const LatentViewState& state);

}  // namespace lvr
