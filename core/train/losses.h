#pragma once

#include <torch/types.h>

#include "core/values/train_options.h"

namespace lvr {

// hidden, target: [M, D]; weight: [M]. Weighted mean over slots of the distance (lvr-spec 3.3): the
// mean squared or absolute difference over channels (the release's element mean; the paper's
// channel sum is hidden_size times this), or 1 - the cosine similarity. 0 for M = 0.
torch::Tensor reconstructionLoss(const torch::Tensor& hidden, const torch::Tensor& target,
                                 const torch::Tensor& weight, LatentLoss kind = LatentLoss::Mse);

// logits: [L, V], labels: [L], weight: [L]. Sum of weighted cross-entropies over the count L, so
// that a weight of 0 leaves a token out without making the others heavier. 0 for L = 0.
torch::Tensor weightedCrossEntropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                   const torch::Tensor& weight);

// endLogits, target: [S]. Binary cross-entropy on the raw lvr_end logit (lvr-spec 3.4, with a
// target that is 1 where the thought should end). 0 for S = 0.
torch::Tensor stopLoss(const torch::Tensor& endLogits, const torch::Tensor& target);

}  // namespace lvr
