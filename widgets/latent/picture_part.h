#pragma once

#include <imgui.h>

#include "widgets/latent/latent_state.h"

namespace lvr {

// What a frame of the latent view draws from; made once a frame.
struct LatentFrame {
    const Trace& trace;
    void* picture;  // ImTextureID
    std::vector<const DecodeStep*> steps;
    HeatMaps maps;
    const LatentStep* selected;  // null: none
};

// The picture with everything that lies on it, `height` pixels high: zoom, pan and questions to
// patches.
void drawPicture(const LatentFrame& frame, float height, LatentViewState& state);

// The heat of one step over the whole picture, small. `side`: at most so many cells in a row.
void drawSmallPicture(const LatentFrame& frame, int step, ImVec2 min, ImVec2 max, int side,
                      const LatentViewState& state);
// The size the picture has when it fits into `space`.
ImVec2 fitted(const Image& image, ImVec2 space);

}  // namespace lvr
