#pragma once

#include <optional>

#include "core/values/trace.h"
#include "widgets/heat.h"

namespace lvr {

// What the person has chosen to see; the panel's whole memory.
struct LatentViewState {
    int selectedStep = -1;  // index into latentSteps(); -1: none
    int image = 0;          // which of the question's images
    ColourMap colours = ColourMap::Viridis;
    float opacity = 0.6f;
    bool heat = true;
    bool grid = false;
    bool rois = true;
    bool nearest = true;
    int nearestCount = 3;
    float zoom = 1;                        // 1: the whole picture fits
    float centreX = 0.5f, centreY = 0.5f;  // fraction of the picture in the middle of the view
    bool playing = false;
    std::optional<Patch> hovered;  // set by the panel while the cursor is on a patch
};

// The Dear ImGui panel: picture with the heat of the selected latent step, controls and step strip.
// Fills the current ImGui display. `picture` is the first..nth image's texture (ImTextureID), null
// while there is none; its pixels cover the whole of trace.question.images[state.image].
void drawLatentView(const Trace& trace, void* picture, LatentViewState& state);

}  // namespace lvr
