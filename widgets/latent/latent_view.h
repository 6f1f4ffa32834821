#pragma once

#include "widgets/latent/latent_state.h"
#include "widgets/panel_textures.h"

namespace lvr {

// The Dear ImGui panel: picture with the heat of the selected latent step, controls, and below them
// all steps with their curves. Fills the current ImGui display. The picture among `textures` is
// trace.question.images[state.image].
void drawLatentView(const Trace& trace, const PanelTextures& textures, LatentViewState& state);

}  // namespace lvr
