#pragma once

#include <cstdint>

namespace lvr {

// In which numbers the weights of a Linear lie in memory.
enum class WeightType { F32, BF16, I8, I4 };

// Of four bits: weights that share their bytes, the first half of them in the lower bits.
constexpr std::int64_t kNibbleBlock = 32;

// A weight matrix W [out, in], row-major, in memory that somebody else owns: a mapped file or a
// tensor. No alignment is promised beyond that of its numbers.
//   F32   float
//   BF16  the upper 16 bits of a float
//   I8    one signed byte a weight: w = q * scale
//   I4    two weights a byte, in blocks of 32: byte j of a block holds weight j in its lower and
//         weight j + 16 in its upper four bits: w = (bits - 8) * scale
// The scales are bfloat16, [out, in / group]: one for each `group` weights of a row, 32 or a
// multiple of it, which divides `in`.
struct WeightMatrix {
    WeightType type = WeightType::F32;
    std::int64_t out = 0, in = 0;
    const void* data = nullptr;
    const std::uint16_t* scales = nullptr;  // I8 and I4
    std::int64_t group = 0;                 // I8 and I4
};

}  // namespace lvr
