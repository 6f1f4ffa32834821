#include "core/train/trainable.h"

#include "core/error.h"
#include "core/torch.h"

namespace lvr {
namespace {

double rateOf(const std::string& name, const PartRates& rates) {
    if (name.starts_with("visual.merger.") || name.starts_with("visual.deepstack_merger_list."))
        return rates.merger;
    return name.starts_with("visual.") ? rates.vision : rates.language;
}

}  // namespace

std::vector<Trained> trainable(const LvrModel& model, const PartRates& rates, DecayOf decayOf) {
    if (!model.adapter().empty() && rates.merger + rates.vision > 0)
        throw Error(
            "an adapter holds no vision tower; leave out --merger-lr and --vision-lr, or "
            "--lora-rank");
    std::vector<Trained> chosen;
    const auto decays = [&](const torch::Tensor& tensor) {
        return decayOf == DecayOf::All || tensor.dim() > 1;
    };
    for (auto [name, tensor] : model.adapter())
        chosen.push_back({tensor.requires_grad_(true), rates.language, decays(tensor)});
    for (auto [name, tensor] : model.parameters()) {
        const double rate = model.mayTrain(name) ? rateOf(name, rates) : 0;
        tensor.requires_grad_(rate > 0);
        if (rate > 0) chosen.push_back({tensor, rate, decays(tensor)});
    }
    return chosen;
}

std::vector<torch::Tensor> tensorsOf(const std::vector<Trained>& trained) {
    std::vector<torch::Tensor> tensors;
    for (const auto& one : trained) tensors.push_back(one.tensor);
    return tensors;
}

void freeze(const LvrModel& model) {
    for (const auto* all : {&model.parameters(), &model.adapter()})
        for (auto [name, tensor] : *all) tensor.requires_grad_(false);
}

std::uint64_t dropoutSeed(std::uint64_t seed, std::int64_t update, int rank) {
    constexpr std::uint64_t kUpdates = 1'000'003, kRanks = 10'007;
    return (seed * kUpdates + static_cast<std::uint64_t>(update)) * kRanks +
           static_cast<std::uint64_t>(rank);
}

}  // namespace lvr
