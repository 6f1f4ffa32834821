#pragma once

#include "core/values/options.h"

namespace lvr {

struct PreprocessConfig;

// Throws UsageError when they contradict each other.
void apply(const PixelLimits& limits, PreprocessConfig& config);

}  // namespace lvr
