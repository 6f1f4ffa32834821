#pragma once

#include <functional>
#include <vector>

#include "core/eval/ask_item.h"
#include "core/values/evaluation.h"

namespace lvr {

struct EvaluationHooks {
    std::function<void(const EvaluatedItem& item)> onItem = {};  // that was just asked
    ItemHooks ask = {};
};

// Asks items one after the other, each in every way of the plan; what is kept of one when the next
// is begun is its answers, and what its pictures became, within a limit. items: with their prompts.
// One that can't be asked is told with the reason. Throws Cancelled.
void evaluateItems(const LvrCheckpoint& checkpoint, const EvalPlan& plan,
                   const std::vector<EvaluatedItem>& items, const EvaluationHooks& hooks);

}  // namespace lvr
