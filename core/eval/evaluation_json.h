#pragma once

#include <string>
#include <vector>

#include "core/values/evaluation.h"

namespace lvr {

class RunStore;

// What a plan is in a run's options.
std::string planToJson(const EvalPlan& plan);

// What an item is in the store, question and answers each in a cell of its own.
std::vector<ItemResult> cellsOf(const EvaluatedItem& item);
// The other way round: of all cells of a run, in the order that items were asked.
std::vector<EvaluatedItem> itemsIn(const std::vector<ItemResult>& cells);
std::string itemName(const EvaluatedItem& item);  // "vstar/12", its row in the store

// Throws Error: there is no such run, it is no evaluation, or what it holds can't be read.
EvalRun readEvaluation(const RunStore& store, std::int64_t run);

// {benchmark, question, options, gold, output} with id and column: a line `lvr eval rescore` takes.
std::string rawLine(const EvaluatedItem& item, const std::string& column);

}  // namespace lvr
