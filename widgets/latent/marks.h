#pragma once

#include <imgui.h>

#include <string>

#include "widgets/latent/latent_state.h"

namespace lvr {

// Where the picture lies on the screen, and back.
struct PicturePlacement {
    ImVec2 origin;  // of the picture's top left corner
    ImVec2 size;    // of the whole picture
    ImVec2 at(double x, double y) const {
        return {origin.x + static_cast<float>(x) * size.x,
                origin.y + static_cast<float>(y) * size.y};
    }
    ImVec2 cell(PatchGrid grid, double row, double col) const {
        return at(col / grid.cols, row / grid.rows);
    }
    ImVec2 fraction(ImVec2 p) const {
        return {(p.x - origin.x) / size.x, (p.y - origin.y) / size.y};
    }
};

// What is drawn over the picture and its heat.
void drawGrid(PatchGrid grid, const PicturePlacement& at);
// Dashed, with a word instead of a number: not the person's, and not what the model looked at.
void drawDashed(const std::vector<Box>& boxes, const char* word, int image,
                const PicturePlacement& at);
void drawBoxes(const LatentViewState& state, const PicturePlacement& at);  // the person's own
// From target to target, region by region, each row by row: what supervised training asks for, as
// far as it is on the shown image.
void drawPath(const Trace& trace, const LatentViewState& state, const PicturePlacement& at);
void drawNearest(const std::vector<Patch>& patches, PatchGrid grid,
                 const PicturePlacement& at);                          // nearest first
void drawRing(PatchGrid grid, int patch, const PicturePlacement& at);  // around one patch

}  // namespace lvr
