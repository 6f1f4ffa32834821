#include "widgets/latent/heat_texels.h"

#include <algorithm>
#include <cmath>

namespace lvr {
namespace {

std::uint32_t texelOf(const HeatMaps& maps, ColourMap colours, float value) {
    const float hot = maps.place(value);
    if (std::isnan(hot)) return 0;
    const HeatColour colour = colourOf(maps, colours, hot);
    const auto alpha = static_cast<std::uint32_t>(std::lround(255 * coverOf(maps, hot)));
    return alpha << 24 | static_cast<std::uint32_t>(colour.b) << 16 |
           static_cast<std::uint32_t>(colour.g) << 8 | colour.r;
}

HeatTexels::Part add(HeatTexels& texels, const HeatMaps& maps, const SmallHeat& heat,
                     ColourMap colours) {
    const HeatTexels::Part part{texels.height, heat.grid};
    texels.height += heat.grid.rows;
    texels.rgba.resize(static_cast<std::size_t>(texels.width) * texels.height);
    for (int i = 0; i < heat.grid.count(); ++i) {
        const int row = part.top + i / heat.grid.cols, col = i % heat.grid.cols;
        texels.rgba[static_cast<std::size_t>(row) * texels.width + col] =
            texelOf(maps, colours, heat.values[i]);
    }
    return part;
}

}  // namespace

HeatTexels heatTexels(const HeatMaps& maps, PatchGrid grid, int selectedStep, int side,
                      ColourMap colours) {
    HeatTexels texels{.width = grid.cols};
    const int all = std::max(grid.rows, grid.cols);
    texels.selected = add(texels, maps, smallHeat(maps, selectedStep, grid, all), colours);
    for (std::size_t step = 0; side > 0 && step < maps.steps.size(); ++step)
        texels.small.push_back(
            add(texels, maps, smallHeat(maps, static_cast<int>(step), grid, side), colours));
    return texels;
}

}  // namespace lvr
