#pragma once

#include <map>
#include <string>

#include "core/values/train_options.h"

namespace lvr {

// Whether a step is one of those that are printed.
bool isPrinted(const TrainReport& report);
// One line on stdout every ten steps: progress, speed, time left, then every metric by name.
void printTrainReport(const TrainReport& report);

// The same of what was measured after a step.
void printMeasurement(int step, const std::map<std::string, double>& metrics);

// What this process has cost so far, all threads together, in CPU-seconds.
long cpuSeconds();

}  // namespace lvr
