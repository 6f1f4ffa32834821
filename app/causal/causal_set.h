#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/values/causal.h"
#include "core/values/comparison.h"

namespace lvr {

class RunStore;

// The kind of run that a tested set is in the store.
inline constexpr const char* kCausalKind = "causal";

// One question of a set under interventions.
struct CausalItem {
    int number = 0;  // its index in the set
    std::string id, kind;
    CausalPanel panel;    // without heat and looks
    std::string problem;  // why there is no panel; empty: there is
    bool operator==(const CausalItem&) const = default;
};

// A set under interventions; questions that were not reached are not there.
struct CausalSet {
    Run run;  // info.steps: questions of the set
    SetChoice choice;
    std::vector<Intervention> interventions;
    DecodeOptions options;
    std::vector<CausalItem> items;  // by number
};

// What a set is in the store before its first answer: `info`, which says what model and data are,
// with its kind, options and seed.
RunInfo causalInfo(const CausalSet& set, RunInfo info);
void putItem(RunStore& store, std::int64_t run, const CausalItem& item, int done);
// Throws Error: there is no such run, it is no tested set, or it can't be read.
CausalSet readCausalSet(const RunStore& store, std::int64_t run);
std::vector<ComparisonSummary> listCausalSets(const RunStore& store);  // newest first

std::string toJsonText(const CausalSet& set, const std::string& command);

}  // namespace lvr
