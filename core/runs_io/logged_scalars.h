#pragma once

#include <algorithm>
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
    std::vector<std::string> notices;  // what of the file was not taken, one sentence each

    void beginAgain(std::int64_t step) {
        std::erase_if(metrics, [&](const Metric& metric) { return metric.step >= step; });
        sessionStart = std::min(step, sessionStart.value_or(step));
    }
};

}  // namespace lvr
