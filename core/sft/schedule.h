#pragma once

#include "core/values/train_options.h"

namespace lvr {

// With a limit on all steps, the last fifth at most cools down.
SftOptions withinLimit(SftOptions options);
// Steps along which the learning rate falls once it is no longer held.
int coolDownOf(const SftOptions& options);
// Of a step, counted from 0. held: steps before the learning rate falls, as far as is known; of the
// goal's schedule only.
double learningRateAt(int step, int held, const SftOptions& options);

}  // namespace lvr
