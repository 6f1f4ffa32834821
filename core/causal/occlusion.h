#pragma once

#include <cstdint>
#include <vector>

#include "core/values/image.h"

namespace lvr {

Image blackened(const Image& picture);
// The box is filled with the picture's mean colour.
Image covered(const Image& picture, const Box& box);

struct Covers {
    Box target;              // the last of the regions: what the thought arrives at
    std::vector<Box> shams;  // of its size, elsewhere: none touches a region
};
// targets: regions of the first picture, not empty. No shams where there is no room for any; two of
// them may overlap.
Covers coversOf(const Image& picture, const std::vector<Box>& targets, int count,
                std::uint64_t seed);

}  // namespace lvr
