#pragma once

#include <string>
#include <vector>

#include "core/values/causal_report.h"
#include "core/values/comparison.h"

namespace lvr {

class RunStore;

// One question of a set under interventions, as the store keeps it.
struct TestedItem {
    int number = 0;       // its index in the set
    CausalItem item;      // its panel without heat and looks
    std::string problem;  // why there is no panel; empty: there is
    bool operator==(const TestedItem&) const = default;
};

// A set under interventions; questions that were not reached are not there.
struct TestedSet {
    Run run;  // info.steps: questions of the set
    SetChoice choice;
    std::vector<Intervention> interventions;
    DecodeOptions options;
    std::vector<TestedItem> items;  // by number
    std::vector<ProbeRow> probes;   // once each question was asked
};

// What a set is in the store before its first answer: `info`, which says what model and data are,
// with its kind, options and seed.
RunInfo testedSetInfo(const TestedSet& set, RunInfo info);
void putItem(RunStore& store, std::int64_t run, const TestedItem& item, int done);
void putProbes(RunStore& store, std::int64_t run, const std::vector<ProbeRow>& probes, int done);
// Throws Error: there is no such run, it is no tested set, or it can't be read.
TestedSet readTestedSet(const RunStore& store, std::int64_t run);
std::vector<ComparisonSummary> listTestedSets(const RunStore& store);  // newest first

// What its questions say together; takes a while for many.
CausalReport reportOf(const TestedSet& set);

}  // namespace lvr
