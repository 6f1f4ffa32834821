#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/values/causal_set.h"

namespace lvr {

// What `lvr diagnose --data` names.
struct DiagnoseSet {
    CausalSet set;
    std::string name, hash;            // of the questions, in words; of what they were read from
    std::vector<std::string> leftOut;  // a sentence for each that could not be read
};

// "scenes" or "scenes:chain,color-to-shape" draws fresh ones; else a benchmark's folder
// ("vstar:DIR") or a data file. At most `count` questions, spread over all; 0: every one, which
// scenes have not. Throws Error, UsageError,
// and Cancelled.
DiagnoseSet diagnoseSet(const std::string& data, int count, std::uint64_t seed,
                        const std::stop_token& stop = {});

}  // namespace lvr
