#pragma once

#include <cstdint>
#include <vector>

#include "core/trace/heat_modes.h"

namespace lvr {

// The heat of a frame as the texels of one texture: a quad a map, however many patches it has.
struct HeatTexels {
    struct Part {
        int top = 0;  // row of the texture
        PatchGrid grid;
        bool isEmpty() const { return grid.count() == 0; }
    };
    int width = 0, height = 0;
    std::vector<std::uint32_t> rgba;  // [height][width], as heatPixels()
    Part selected;                    // empty: no step is selected, or it was not measured
    std::vector<Part> small;          // all steps, at most `side` rows and columns each
};

// selectedStep: -1 for none. side: 0 for no small ones.
HeatTexels heatTexels(const HeatMaps& maps, PatchGrid grid, int selectedStep, int side,
                      const HeatLook& look);

}  // namespace lvr
