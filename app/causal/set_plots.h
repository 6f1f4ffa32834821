#pragma once

#include "widgets/causal/effects.h"

namespace lvr {

// The change of its own answer over noise of rising spread, from none on; empty without noise.
std::vector<EffectSeries> doseSeries(const CausalReport& report);
// How far the margin moves by how sure the untouched answer was, a line for each intervention that
// lends another question's latents.
std::vector<EffectSeries> shiftSeries(const CausalReport& report);

}  // namespace lvr
