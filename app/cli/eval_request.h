#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/model/lvr_checkpoint.h"
#include "core/values/evaluation.h"

namespace CLI {
class App;
}

namespace lvr {

struct Placement;

// What was said of what is to be evaluated, by flag: {"exit", "fixed:4\nfixed:8"}; several values
// are a line each. It goes into the run, so that --resume need not be told again.
using EvalSaid = std::map<std::string, std::string>;

// --data, --suite, --model, --exit, --mode, --prompt, ... and all options of decoding.
void addEvalOptions(CLI::App& command, EvalSaid& said);

// The questions of the data that were asked for.
struct EvalQuestions {
    std::vector<EvalSet> sets;
    std::vector<EvaluatedItem> items;  // with their prompts, set after set
    std::vector<std::string> notes;    // what was left out and why, and what else is to be known
};
// Throws Error; UsageError: the same data twice, none.
EvalQuestions readQuestions(const EvalSaid& said);

// Throws Error, UsageError.
EvalPlan makePlan(const EvalSaid& said, const EvalQuestions& questions,
                  const LvrCheckpoint& checkpoint, const Placement& placement);

}  // namespace lvr
