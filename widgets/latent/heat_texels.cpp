#include "widgets/latent/heat_texels.h"

#include <algorithm>

namespace lvr {
namespace {

HeatTexels::Part add(HeatTexels& texels, const HeatMaps& maps, const SmallHeat& heat,
                     const HeatLook& look) {
    const HeatTexels::Part part{texels.height, heat.grid};
    texels.height += heat.grid.rows;
    texels.rgba.resize(static_cast<std::size_t>(texels.width) * texels.height);
    const auto pixels = heatPixels(heat.values, maps.scale, look);
    for (int row = 0; row < heat.grid.rows; ++row)
        std::copy_n(
            pixels.begin() + row * heat.grid.cols, heat.grid.cols,
            texels.rgba.begin() + static_cast<std::ptrdiff_t>(part.top + row) * texels.width);
    return part;
}

}  // namespace

HeatTexels heatTexels(const HeatMaps& maps, PatchGrid grid, int selectedStep, int side,
                      const HeatLook& look) {
    HeatTexels texels{.width = grid.cols};
    const int all = std::max(grid.rows, grid.cols);
    texels.selected = add(texels, maps, smallHeat(maps, selectedStep, grid, all), look);
    for (std::size_t step = 0; side > 0 && step < maps.steps.size(); ++step)
        texels.small.push_back(
            add(texels, maps, smallHeat(maps, static_cast<int>(step), grid, side), look));
    return texels;
}

}  // namespace lvr
