#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// What another program's log says of a training.
struct LoggedScalars {
    std::vector<Metric> metrics;    // in the order of the file
    double started = 0, ended = 0;  // seconds since 1970; 0: the file does not say
    int steps = 0;                  // as planned; 0: the file does not say
    // A session's first step, when the file says so: earlier files' later steps were done again.
    std::optional<std::int64_t> sessionStart = {};
    std::int64_t reached = 0;          // step the training is at, as the file says; 0: it does not
    bool isWhole = true;               // false: the file ends, or breaks, in the middle
    std::vector<std::string> notices;  // what of the file was not taken, one sentence each

    void beginAgain(std::int64_t step);
};

// What logs of one run say together. What the run logged before it was resumed, and had to do
// again, the later log says, as for TensorBoard: each metric by itself, since files may have been
// written side by side. logs: in any order; at least one.
LoggedScalars joined(std::vector<LoggedScalars> logs);

// By step, then name. Where a step was logged twice the last value counts.
void sortAndKeepLast(std::vector<Metric>& metrics);

}  // namespace lvr
