#pragma once

#include <vector>

#include "core/values/evaluation.h"
#include "core/values/image.h"

namespace lvr {

// What of a question's visual tokens, counted over all its pictures, its regions touch.
struct RoiTarget {
    std::vector<int> tokens;  // ascending
    std::vector<int> near;    // those and the ones around them, ascending
};
// Throws Error that begins with `name`: a box is on a picture that there is not.
RoiTarget roiTarget(const std::vector<Box>& boxes, const std::vector<PatchGrid>& grids,
                    const std::string& name);

// cosine: one number a visual token. The target has at least one token.
RoiHeat roiHeat(const std::vector<float>& cosine, const RoiTarget& target);

// The smallest region of a picture that holds `share` of the heat; of several the first from the
// top. heat: [grid.count()], not negative, with something in it.
Box hottestBox(const std::vector<double>& heat, PatchGrid grid, double share);

// The part of a picture that a box covers, at least one pixel.
Image cutOut(const Image& picture, const Box& box);

}  // namespace lvr
