#pragma once

#include <torch/types.h>

#include "core/values/train_options.h"

namespace lvr {

// hidden, target: [M, D]; weight: [M]. Weighted mean over slots of the distance (lvr-spec 3.3): the
// squared or absolute difference, its mean over channels (the release) or their sum (the paper,
// hidden_size times as much), or 1 - the cosine similarity. 0 for M = 0.
torch::Tensor reconstructionLoss(const torch::Tensor& hidden, const torch::Tensor& target,
                                 const torch::Tensor& weight, LatentLoss kind = LatentLoss::Mse,
                                 MseReduction reduction = MseReduction::ElementMean);

// endLogits, target: [S]. Binary cross-entropy on the raw lvr_end logit (lvr-spec 3.4, with a
// target that is 1 where the thought should end). 0 for S = 0.
torch::Tensor stopLoss(const torch::Tensor& endLogits, const torch::Tensor& target);

}  // namespace lvr
