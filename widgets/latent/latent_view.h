#pragma once

#include "widgets/latent/latent_state.h"

namespace lvr {

// The Dear ImGui panel: picture with the heat of the selected latent step, controls, and below them
// all steps with their curves. Fills the current ImGui display. `picture` is the texture
// (ImTextureID) of trace.question.images[state.image], null while there is none.
void drawLatentView(const Trace& trace, void* picture, LatentViewState& state);

}  // namespace lvr
