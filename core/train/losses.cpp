#include "core/train/losses.h"

#include "core/torch.h"

namespace lvr {

namespace {

torch::Tensor perSlot(const torch::Tensor& hidden, const torch::Tensor& target, LatentLoss kind) {
    switch (kind) {
        case LatentLoss::Mse:
            return (hidden - target).square().mean(-1);
        case LatentLoss::Mae:
            return (hidden - target).abs().mean(-1);
        case LatentLoss::Cosine:
            return 1 - torch::cosine_similarity(hidden, target, -1, 1e-8);
    }
    return {};
}

}  // namespace

torch::Tensor reconstructionLoss(const torch::Tensor& hidden, const torch::Tensor& target,
                                 const torch::Tensor& weight, LatentLoss kind,
                                 MseReduction reduction) {
    TORCH_CHECK(hidden.sizes() == target.sizes() && weight.numel() == hidden.size(0), "hidden ",
                hidden.sizes(), ", target ", target.sizes(), ", weight ", weight.sizes());
    const bool sums = reduction == MseReduction::ChannelSum && kind != LatentLoss::Cosine;
    const auto mean = (perSlot(hidden, target, kind) * weight).sum() / weight.sum().clamp_min(1e-8);
    return sums ? mean * hidden.size(1) : mean;
}

torch::Tensor stopLoss(const torch::Tensor& endLogits, const torch::Tensor& target) {
    if (target.numel() == 0) return torch::zeros({}, endLogits.options());
    return torch::binary_cross_entropy_with_logits(endLogits, target);
}

}  // namespace lvr
