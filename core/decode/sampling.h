#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <vector>

#include "core/values/options.h"

namespace lvr {

// One id from logits [V] (float32, CPU), transformers' processors in transformers' order:
// repetition penalty over `seen` (prompt, generated and shadow ids), temperature, top-k, top-p.
// Throws Error when the highest logit is not a finite number.
std::int64_t sampleToken(const torch::Tensor& logits, const std::vector<std::int64_t>& seen,
                         const SamplingOptions& options, at::Generator& random);

}  // namespace lvr
