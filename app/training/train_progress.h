#pragma once

#include <map>
#include <string>

#include "core/values/train_options.h"

namespace lvr {

// A line for a terminal of 100 columns: how far it is, and what one looks at first of its metrics,
// with three digits of whatever size they are.
std::string progressLine(const TrainReport& report);
// What a measurement after a step found, as far as it fits.
std::string measurementLine(int step, const std::map<std::string, double>& metrics);

// What this process has cost so far, all threads together, in CPU-seconds.
long cpuSeconds();

}  // namespace lvr
