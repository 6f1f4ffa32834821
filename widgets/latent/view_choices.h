#pragma once

#include <QJsonObject>

#include "widgets/latent/latent_state.h"

namespace lvr {

// How a person likes to look at latent steps, whatever is looked at: heat, marks, what is shown
// below. Not the step, the place in the picture or what is drawn.
QJsonObject viewChoices(const LatentViewState& state);
// What is missing or no choice stays as it is.
void applyViewChoices(const QJsonObject& choices, LatentViewState& state);

}  // namespace lvr
