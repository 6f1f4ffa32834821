#pragma once

#include <imgui.h>

#include "widgets/latent/latent_heat.h"
#include "widgets/latent/latent_state.h"

namespace lvr {

// What a frame of the latent view draws from.
struct LatentFrame {
    const Trace& trace;
    void* picture;  // ImTextureID
    const LatentHeat& heat;
    const HeatTexels& texels;
    void* cells;                 // ImTextureID of `texels`; null when they are empty
    const LatentStep* selected;  // null: none
    const std::vector<const DecodeStep*>& steps() const { return heat.steps(); }
};

// The picture with everything that lies on it, `height` pixels high: zoom, pan and questions to
// patches; beside it the legend.
void drawPicture(const LatentFrame& frame, float height, LatentViewState& state);
// A step's heat over a picture that is drawn from `min` to `max`.
void drawHeat(const LatentFrame& frame, const HeatTexels::Part& part, ImVec2 min, ImVec2 max);
// The size the picture has when it fits into `space`.
ImVec2 fitted(const Image& image, ImVec2 space);
// A slider with its number beside it, where its handle does not hide it; `width` is of both.
bool numberSlider(const char* id, float& value, float least, float most, const char* format,
                  float width, bool logarithmic = false);
// In a pop-up menu: says that it is there, and closes it where a key was pressed for that.
void noteMenu(LatentViewState& state);

// What is below the picture: play buttons, a small picture a step and, in the same columns, one
// curve a lane. Clicking anywhere in a column selects its step.
void drawSteps(const LatentFrame& frame, LatentViewState& state);
// How high that is: the same for every answer, so that the picture keeps its place.
float stepsHeight(const LatentViewState& state);
// All steps beside each other, as large as they can be in `height`; stands in for the picture.
void drawMultiples(const LatentFrame& frame, float height, LatentViewState& state);

}  // namespace lvr
