#pragma once

#include <imgui.h>

#include "core/trace/step_curves.h"
#include "widgets/latent/heat_texels.h"
#include "widgets/latent/latent_state.h"

namespace lvr {

// What a frame of the latent view draws from; made once a frame.
struct LatentFrame {
    const Trace& trace;
    void* picture;  // ImTextureID
    std::vector<const DecodeStep*> steps;
    HeatMaps maps;
    std::vector<StepCurve> curves;
    HeatTexels heat;
    void* cells;                 // ImTextureID of `heat`; null when it is empty
    const LatentStep* selected;  // null: none
};

// The picture with everything that lies on it, `height` pixels high: zoom, pan and questions to
// patches.
void drawPicture(const LatentFrame& frame, float height, LatentViewState& state);

// A step's heat over a picture that is drawn from `min` to `max`.
void drawHeat(const LatentFrame& frame, const HeatTexels::Part& part, ImVec2 min, ImVec2 max);
// The size the picture has when it fits into `space`.
ImVec2 fitted(const Image& image, ImVec2 space);

}  // namespace lvr
