#pragma once

#include <string>

#include "core/values/trace.h"

namespace lvr {

// One row a latent step, numbered from 1: position, norm, entropy (bits, at softmax temperature
// 0.1), P(end), distance to the end vector, cosine with the step before, shadow token, and the
// three nearest patches with rows and columns from 0. What a trace does not hold is an empty cell.
// Points in numbers, whatever the locale.
std::string toCsv(const Trace& trace);

}  // namespace lvr
