#pragma once

#include <cstdint>

namespace lvr {

// Weights in groups back to back, which are to be integers of so many bits, 8 or 4, with a scale
// for each group.
struct WeightGroups {
    const float* weights = nullptr;  // [groups, group]
    std::int64_t groups = 0;
    std::int64_t group = 32;  // 32 or a multiple of it
    int bits = 8;
};

// A bfloat16 scale for each group. In 8 bits the largest weight of a group is 127 scales; in 4 bits
// it is the scale of several that leaves the least squared error, also among negative ones, because
// -8 has no counterpart. 0 where all weights are as good as 0. The same on every CPU, to the last
// bit. Returns whether all weights are finite; of a group that has one that is not the scale means
// nothing.
bool fitScales(const WeightGroups& groups, std::uint16_t* scales);

// The integers for these scales, as core/kernels/weight_matrix.h has them: I8 or I4.
void roundToIntegers(const WeightGroups& groups, const std::uint16_t* scales, std::uint8_t* out);

}  // namespace lvr
