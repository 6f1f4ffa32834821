#pragma once

#include <vector>

#include "core/values/comparison.h"

namespace lvr {

class RunStore;

// What a comparison is in the store before its first answer: `info`, which says what the model and
// the data are, with its kind, its options and its seed.
RunInfo comparisonInfo(const SetChoice& choice, const std::vector<Strategy>& strategies,
                       RunInfo info);

// The questions as results: the unreadable apart, the last failure of each strategy.
SetResults resultsOf(const RunInfo& info, const std::vector<Strategy>& strategies,
                     std::vector<SetQuestion> questions);

// Throws Error: there is no such run, it is no comparison, or it can't be read.
Comparison readComparison(const RunStore& store, std::int64_t run);

std::vector<ComparisonSummary> listComparisons(const RunStore& store);  // newest first

}  // namespace lvr
