#include "widgets/latent/latent_heat.h"

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

void LatentHeat::follow(const Trace& trace, std::uint64_t revision, const Wish& wish) {
    const Source source{revision, trace.steps.data(), trace.steps.size(), trace.grids.size()};
    const bool isNew = source_ != source;
    if (!isNew && wish == wish_) return;
    if (isNew) steps_ = latentSteps(trace);
    if (isNew || wish.image != wish_.image) modes_ = modesFor(trace, wish.image);
    if (isNew || wish.shown.temperature != wish_.shown.temperature)
        curves_ = stepCurves(trace, wish.shown.temperature);
    if (isNew || wish.image != wish_.image || wish.shown != wish_.shown) {
        maps_ = heatMaps(trace, wish.image, wish.shown);
        wholeScale_ = maps_.scale;
    }
    maps_.scale = limited(wholeScale_, wish.limits);
    const bool hasGrid = wish.image >= 0 && wish.image < static_cast<int>(trace.grids.size());
    grid_ = hasGrid ? trace.grids[wish.image] : PatchGrid{};
    source_ = source;
    wish_ = wish;
    texelWish_.reset();
    ++times_;
}

const HeatTexels& LatentHeat::texels(int selectedStep, int side, const HeatLook& look) {
    const TexelWish wish{selectedStep, side, look};
    if (texelWish_ == wish) return texels_;
    texels_ = grid_.count() > 0 ? heatTexels(maps_, grid_, selectedStep, side, look) : HeatTexels{};
    texelWish_ = wish;
    ++times_;
    return texels_;
}

}  // namespace lvr
