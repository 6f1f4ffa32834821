#include "core/grpo/policy_loss.h"

#include "core/torch.h"

namespace lvr {
namespace {

torch::Tensor average(const torch::Tensor& perToken, const torch::Tensor& mask, GrpoLoss kind,
                      const LossScale& scale) {
    switch (kind) {
        case GrpoLoss::Bnpo:
            return (perToken * mask).sum() / std::max(1.0, scale.tokens);
        case GrpoLoss::Grpo:
            return ((perToken * mask).sum(-1) / mask.sum(-1).clamp_min(1)).sum() /
                   scale.completions;
        case GrpoLoss::DrGrpo:
            return (perToken * mask).sum() / (scale.completions * scale.longest);
    }
    return {};
}

}  // namespace

torch::Tensor groupAdvantages(const torch::Tensor& rewards, std::int64_t groupSize,
                              AdvantageScale scale) {
    // In double the mean of equal rewards is that reward; what float32 leaves, 1e-4 magnifies.
    const auto groups = rewards.to(torch::kFloat64).view({-1, groupSize});
    auto advantages = groups - groups.mean(1, /*keepdim=*/true);
    if (scale == AdvantageScale::Std)
        advantages = advantages / (groups.std(1, /*unbiased=*/true, /*keepdim=*/true) + 1e-4);
    return advantages.flatten().to(rewards.scalar_type());
}

PolicyLoss policyLoss(const PolicyLossInputs& in, const GrpoOptions& options,
                      const LossScale& scale) {
    const auto mask = in.mask.to(in.policy.dtype());
    const auto advantages = in.advantages.unsqueeze(1);
    const auto ratio = (in.policy - in.old).exp();
    const double lowest = 1 - options.epsilon,
                 highest = 1 + (options.epsilonHigh > 0 ? options.epsilonHigh : options.epsilon);
    const auto clipped = ratio.clamp(lowest, highest);
    auto perToken = -torch::min(ratio * advantages, clipped * advantages);
    PolicyLoss out;
    if (in.reference.defined()) {
        const auto ahead = in.reference - in.policy;
        const auto kl = ahead.exp() - ahead - 1;
        perToken = perToken + options.beta * kl;
        out.kl = (kl.detach() * mask).sum().item<double>();
    }
    const auto low = (ratio < lowest) & (advantages < 0),
               high = (ratio > highest) & (advantages > 0);
    out.clippedLow = (low * mask).sum().item<double>();
    out.clippedHigh = (high * mask).sum().item<double>();
    out.loss = average(perToken, mask, options.loss, scale);
    return out;
}

}  // namespace lvr
