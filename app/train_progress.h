#pragma once

#include "core/values/train_options.h"

namespace lvr {

// One line on stdout: progress, speed, time left, then every metric by name.
void printTrainReport(const TrainReport& report);

}  // namespace lvr
