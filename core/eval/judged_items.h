#pragma once

#include <string>
#include <vector>

#include "core/scorers/raw_outputs.h"
#include "core/values/evaluation.h"

namespace lvr {

// An answer with what scorers make of it.
struct JudgedAnswer {
    const EvaluatedItem* item = nullptr;
    const ItemAnswer* answer = nullptr;
    bool right = false;     // by the scorer that counts
    bool disagree = false;  // scorers that read an answer do not agree on it
};

// For scorers; ours for answers in words is given what was said, without what was only sampled
// inside a thought.
RawOutput rawOutput(const EvaluatedItem& item, const ItemAnswer& answer);
// Every scorer's that belongs to the item's benchmark.
std::vector<Verdict> verdictsOn(const EvaluatedItem& item, const ItemAnswer& answer);

// All outputs of a run, as `lvr eval rescore` takes them, an item's beside each other.
RawLines keptOutputs(const EvalRun& evaluation);

// The items of a set that a column answered, judged.
std::vector<JudgedAnswer> judgedItems(const EvalRun& evaluation, const EvalSet& set,
                                      const std::string& column);

// A share of right items with its 95 % interval: clustered where items share a picture, a pair or a
// question, Wilson's otherwise.
struct Rate {
    int right = 0;
    double share = 0, low = 0, high = 1;
    std::string interval;
};
Rate rateOf(const std::vector<JudgedAnswer>& items);

}  // namespace lvr
