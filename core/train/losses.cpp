#include "core/train/losses.h"

#include <torch/torch.h>

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
                                 const torch::Tensor& weight, LatentLoss kind) {
    TORCH_CHECK(hidden.sizes() == target.sizes() && weight.numel() == hidden.size(0), "hidden ",
                hidden.sizes(), ", target ", target.sizes(), ", weight ", weight.sizes());
    return (perSlot(hidden, target, kind) * weight).sum() / weight.sum().clamp_min(1e-8);
}

torch::Tensor weightedCrossEntropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                   const torch::Tensor& weight) {
    if (labels.numel() == 0) return torch::zeros({}, logits.options());
    const auto perToken =
        torch::cross_entropy_loss(logits, labels, {}, at::Reduction::None);  // [L]
    return (perToken * weight).sum() / labels.numel();
}

torch::Tensor stopLoss(const torch::Tensor& endLogits, const torch::Tensor& target) {
    if (target.numel() == 0) return torch::zeros({}, endLogits.options());
    return torch::binary_cross_entropy_with_logits(endLogits, target);
}

}  // namespace lvr
