#pragma once

#include <string>

#include "core/values/train_options.h"

namespace lvr {

// Throws Error when the schedule's parts are longer than the training.
void checkSchedule(const SftOptions& options);
// Steps along which the learning rate falls once it is no longer held; of the goal's schedule only.
int coolDownOf(const SftOptions& options);
// Whether the learning rate gets as high as it is to be.
bool reachesFullRate(const SftOptions& options);
// Of a step, counted from 0. held: steps before the learning rate falls, as far as is known; of the
// goal's schedule only.
double learningRateAt(int step, int held, const SftOptions& options);
// A training goes on to `steps`, more than it was to do, after `done`: warm-up stays as long as it
// was, and what the learning rate does now is returned in one sentence, empty where that is nothing
// new. hasFallen: the goal's schedule has begun to cool down. Throws Error: then there is no more.
std::string lengthen(SftOptions& options, int steps, int done, bool hasFallen);

}  // namespace lvr
