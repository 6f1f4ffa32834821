#include "app/training/pixel_limits.h"

#include <string>

#include "core/error.h"
#include "core/vision/preprocess.h"

namespace lvr {

void apply(const PixelLimits& limits, PreprocessConfig& config) {
    if (limits.min) config.minPixels = *limits.min;
    if (limits.max) config.maxPixels = *limits.max;
    if (config.minPixels > config.maxPixels)
        throw UsageError("--min-pixels " + std::to_string(config.minPixels) +
                         " is larger than --max-pixels " + std::to_string(config.maxPixels));
}

}  // namespace lvr
