#pragma once

#include <string>
#include <vector>

#include "core/values/evaluation.h"

namespace lvr {

// An answer with what scorers make of it.
struct JudgedItem {
    const EvaluatedItem* item = nullptr;
    const ItemAnswer* answer = nullptr;
    bool right = false;     // by the scorer that counts
    bool disagree = false;  // scorers that read an answer do not agree on it
};

RawOutput rawOutput(const EvaluatedItem& item, const ItemAnswer& answer);
// Every scorer's that belongs to the item's benchmark.
std::vector<Verdict> verdictsOn(const EvaluatedItem& item, const ItemAnswer& answer);
// Those that read something don't all say the same.
bool disagree(const std::vector<Verdict>& verdicts);

// The items of a set that a column answered, judged.
std::vector<JudgedItem> judgedItems(const EvalRun& evaluation, const EvalSet& set,
                                    const std::string& column);

// A share of right items with its 95 % interval: clustered where items share a picture, a pair or a
// question, Wilson's otherwise.
struct Rate {
    int right = 0;
    double share = 0, low = 0, high = 1;
    std::string interval;
};
Rate rateOf(const std::vector<JudgedItem>& items);

// Another way in which a benchmark averages, with its name: "pairs", "macro", ...
struct Average {
    std::string name;
    int count = 0;  // of what is averaged: pairs, items
    double share = 0, low = 0, high = 1;
    std::string interval;
};
std::vector<Average> averagesOf(const std::string& benchmark, const std::vector<JudgedItem>& items);

}  // namespace lvr
