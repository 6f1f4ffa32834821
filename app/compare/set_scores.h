#pragma once

#include "widgets/compare/comparison.h"

namespace lvr {

// The table's rows, one a strategy.
std::vector<StrategyScore> scoresOf(const SetResults& results);

}  // namespace lvr
