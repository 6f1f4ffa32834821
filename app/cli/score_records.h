#pragma once

#include <vector>

#include "core/eval/score.h"

namespace lvr {

struct DataMix;

// The first `most` records of the data, to be scored; below 0: all of them. Throws Error,
// Cancelled.
std::vector<ScoreRecord> scoreRecords(const DataMix& mix, int most = -1);

}  // namespace lvr
