#include "core/train/losses.h"

#include <torch/torch.h>

namespace lvr {

torch::Tensor reconstructionLoss(const torch::Tensor& hidden, const torch::Tensor& target,
                                 const torch::Tensor& weight) {
    TORCH_CHECK(hidden.sizes() == target.sizes() && weight.numel() == hidden.size(0), "hidden ",
                hidden.sizes(), ", target ", target.sizes(), ", weight ", weight.sizes());
    const auto perSlot = (hidden - target).square().mean(-1);  // [M]
    return (perSlot * weight).sum() / weight.sum().clamp_min(1e-8);
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
