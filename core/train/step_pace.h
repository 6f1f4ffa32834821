#pragma once

#include <deque>
#include <string>

#include "core/train/distributed.h"

namespace lvr {

// Tells which steps take much longer than the others.
class StepPace {
public:
    struct Longest {
        std::string record;  // name of the longest of a step
        int positions = 0;
    };
    // What a person should know of a step that took so long; empty: nothing.
    std::string alertOf(double seconds, const Longest& longest);

private:
    std::deque<double> before_;  // seconds of the newest steps
};

// Of all ranks' the longest. Collective.
StepPace::Longest longestOverRanks(const Ranks& ranks, const StepPace::Longest& mine);

}  // namespace lvr
