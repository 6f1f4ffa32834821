#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <vector>

#include "core/values/options.h"

namespace lvr {

// What one row brings to the draw of its next id.
struct SamplingRow {
    const std::vector<std::int64_t>& seen;  // prompt, generated and shadow ids, for the penalty
    at::Generator& random;                  // on the CPU; gives one number an id
};

// One id a row from logits [B, V] (float32, any device), transformers' processors in transformers'
// order: repetition penalty, temperature, top-k, top-p, min-p. The work is done where the logits
// are. Throws Error when a row's highest logit is not a finite number.
std::vector<std::int64_t> sampleTokens(const torch::Tensor& logits,
                                       const std::vector<SamplingRow>& rows,
                                       const SamplingOptions& options);

// Of one id a row under softmax(logits / temperature). logits: [B, V] -> [B], CPU
torch::Tensor logProbabilities(const torch::Tensor& logits, const std::vector<std::int64_t>& ids,
                               double temperature);

}  // namespace lvr
