#include "core/train/trainable.h"

#include <torch/torch.h>

namespace lvr {
namespace {

double rateOf(const std::string& name, const PartRates& rates) {
    if (name.starts_with("visual.merger.")) return rates.merger;
    return name.starts_with("visual.") ? rates.vision : rates.language;
}

}  // namespace

std::vector<Trained> trainable(const LvrModel& model, const PartRates& rates) {
    std::vector<Trained> chosen;
    for (auto [name, tensor] : model.parameters()) {
        const double rate = rateOf(name, rates);
        tensor.requires_grad_(rate > 0);
        if (rate > 0) chosen.push_back({tensor, rate});
    }
    return chosen;
}

std::vector<torch::Tensor> tensorsOf(const std::vector<Trained>& trained) {
    std::vector<torch::Tensor> tensors;
    for (const auto& one : trained) tensors.push_back(one.tensor);
    return tensors;
}

void freeze(const LvrModel& model) {
    for (auto [name, tensor] : model.parameters()) tensor.requires_grad_(false);
}

}  // namespace lvr
