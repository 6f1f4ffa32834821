#pragma once

#include <torch/types.h>

#include "core/values/train_options.h"

namespace lvr {

// rewards: [B], each `groupSize` adjacent ones of one prompt -> [B]. (reward - mean) / (unbiased
// standard deviation + 1e-4), or reward - mean (lvr-spec 5.4).
torch::Tensor groupAdvantages(const torch::Tensor& rewards, std::int64_t groupSize,
                              AdvantageScale scale);

// What the completions' tokens are averaged over: a step's, when its groups are learnt one after
// the other.
struct LossScale {
    double tokens = 0;       // unmasked, of all completions
    double completions = 0;  // their number
    double longest = 0;      // positions a completion may have
};

// All [B, C], C padded: log-probabilities of the completions' tokens under the policy, the policy
// that sampled, and the model it started from; mask is 1 where a token was sampled and not a
// latent. reference is undefined when beta is 0. advantages: [B].
struct PolicyLossInputs {
    torch::Tensor policy, old, reference, advantages, mask;
};

// loss: sum over tokens of -min(r A, clip(r) A) + beta (exp(ref - pi) - (ref - pi) - 1), r =
// exp(pi - old), averaged by GrpoOptions::loss. The rest are sums over tokens, for the means a step
// reports.
struct PolicyLoss {
    torch::Tensor loss;  // scalar with gradient
    double kl = 0;
    double clippedLow = 0, clippedHigh = 0;  // tokens whose clipped ratio counted
};
PolicyLoss policyLoss(const PolicyLossInputs& in, const GrpoOptions& options,
                      const LossScale& scale);

}  // namespace lvr
