#pragma once

#include <string>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// What another program's log says of a training.
struct LoggedScalars {
    std::vector<Metric> metrics;       // in the order of the file
    double started = 0, ended = 0;     // seconds since 1970; 0: the file does not say
    int steps = 0;                     // as planned; 0: the file does not say
    std::vector<std::string> notices;  // what of the file was not taken, one sentence each
};

}  // namespace lvr
