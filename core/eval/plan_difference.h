#pragma once

#include <optional>
#include <string>

#include "core/values/evaluation.h"

namespace lvr {

// What two evaluations do not have in common, the first such thing in words: "--exit was fixed:4
// and is fixed:8 now". Nothing: the answers of one fit into the other.
std::optional<std::string> differenceBetween(const EvalPlan& before, const EvalPlan& now);

}  // namespace lvr
