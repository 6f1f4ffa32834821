#pragma once

#include <torch/types.h>

#include <cstdint>

#include "core/model/parameters.h"

namespace lvr {

// Of the weight [out, in] of a Linear, floating-point on the CPU, to be kept as integers of so many
// bits (8 or 4): a scale for each `group` weights of a row, which divides `in`. [out, in / group]
// bfloat16. In 8 bits the largest weight of a group is 127 scales; in 4 bits the scale is the one
// of several that leaves the least squared error. Uses the threads there are. Throws Error when a
// weight is not finite.
torch::Tensor scalesFor(const torch::Tensor& weight, int bits, std::int64_t group);
// The integers for these scales, as Weight::values has them.
torch::Tensor integersFor(const torch::Tensor& weight, const torch::Tensor& scales, int bits);
// Both.
Weight quantise(const torch::Tensor& weight, int bits, std::int64_t group);
// [out, in] float32: what the integers stand for.
torch::Tensor dequantised(const Weight& weight);
// The same of some rows alone. rows: [...] int64 -> [..., in]
torch::Tensor dequantisedRows(const Weight& weight, const torch::Tensor& rows);

}  // namespace lvr
