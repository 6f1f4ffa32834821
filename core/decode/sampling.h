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

// What is wanted of a draw beside the ids.
struct SamplingWish {
    std::int64_t end = -1;  // an id whose probability alone is told; below 0: none
    bool scores = false;    // log-probabilities of the ids
};

struct SampledRow {
    std::int64_t id = 0;
    double endProbability = 0;  // sigmoid of the wished id's logit
    // Of the id under softmax(logits / temperature) (1 when greedy), and under softmax(logits).
    double logProbability = 0, rawLogProbability = 0;
};

// Draws one id a row from logits [B, V] (float32, any device), transformers' processors in
// transformers' order: repetition penalty, temperature, top-k, top-p, min-p. The work is done where
// the logits are, and all that is wished comes from there at once. Throws Error when a row's
// highest logit is not a finite number.
std::vector<SampledRow> sampleRows(const torch::Tensor& logits,
                                   const std::vector<SamplingRow>& rows,
                                   const SamplingOptions& options, const SamplingWish& wish = {});
// As if a row had been sampled, for one whose id is not looked at: the next draws are what they
// would be.
void passOver(const SamplingRow& row, const SamplingOptions& options);
// The same of another id in its place. logits: [V]
void scoreInstead(SampledRow& row, std::int64_t id, const torch::Tensor& logits,
                  const SamplingOptions& options);

}  // namespace lvr
