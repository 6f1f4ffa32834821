#pragma once

#include <torch/types.h>

#include <string>

namespace lvr {

// Ways to multiply many rows with the weights of a Linear on this CPU. What each is fastest at
// differs by machine, and no table knows them all.
enum class ManyRows {
    Own,       // core/kernels: float32 sums of any weights
    Library,   // LibTorch's float32 product (MKL, OpenBLAS), for float32 weights
    Bfloat16,  // LibTorch's bfloat16 product: x is rounded, too; on CPUs with instructions for it
};
std::string toText(ManyRows way);

// The fastest for weights of this type (float32 or bfloat16) here, with as many threads as the
// caller has: found once, by products of 256 rows with [2048, 2048] (some 20 ms each).
ManyRows fastestFor(torch::Dtype weights);

}  // namespace lvr
