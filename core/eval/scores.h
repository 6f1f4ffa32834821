#pragma once

#include <vector>

#include "core/values/comparison.h"

namespace lvr {

// The table's rows, one a strategy.
std::vector<StrategyScore> scoresOf(const SetResults& results);

}  // namespace lvr
