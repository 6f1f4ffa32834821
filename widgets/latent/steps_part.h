#pragma once

#include "widgets/latent/picture_part.h"

namespace lvr {

// What is below the picture: play buttons, a small picture a step and, in the same columns, one
// curve a lane. Clicking anywhere in a column selects its step.
void drawSteps(const LatentFrame& frame, LatentViewState& state);
// How high that is.
float stepsHeight(const LatentFrame& frame, const LatentViewState& state);

// All steps beside each other, as large as they can be in `height`; stands in for the picture.
void drawMultiples(const LatentFrame& frame, float height, LatentViewState& state);

}  // namespace lvr
