#pragma once

#include <vector>

#include "core/values/image.h"

namespace lvr {

// The picture with one value per visual token laid over it as viridis colours, `low`..`high`.
// values: grid.count(), row-major.
Image heatOverlay(const Image& image, PatchGrid grid, const std::vector<float>& values, float low,
                  float high);

}  // namespace lvr
