#include "core/diagnose/intervention.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

#include "core/error.h"
#include "core/torch.h"

namespace lvr {

Intervention parseIntervention(const std::string& text) {
    const std::pair<const char*, Intervention> known[] = {{"own", Intervention::Own},
                                                          {"swap", Intervention::Swap},
                                                          {"zero", Intervention::Zero},
                                                          {"noise", Intervention::Noise},
                                                          {"oracle", Intervention::Oracle},
                                                          {"snap", Intervention::Snap},
                                                          {"transplant", Intervention::Transplant}};
    for (const auto& [name, value] : known)
        if (text == name) return value;
    throw Error("unknown latents \"" + text +
                "\"; valid are own, swap, zero, noise, oracle, snap and transplant");
}

LatentFilter feedInstead(std::vector<torch::Tensor> given, bool onlyFirst) {
    return [given = std::move(given), onlyFirst](const torch::Tensor& own,
                                                 const std::vector<int>& index) {
        auto fed = own.clone();
        for (std::size_t b = 0; b < index.size(); ++b) {
            if (index[b] < 0 || given[b].size(0) == 0 || (onlyFirst && index[b] > 0)) continue;
            const auto row = static_cast<std::int64_t>(b);
            fed[row] = given[b][std::min<std::int64_t>(index[b], given[b].size(0) - 1)];
        }
        return fed;
    };
}

LatentFilter feedZeros() {
    return [](const torch::Tensor& own, const std::vector<int>&) { return torch::zeros_like(own); };
}

LatentFilter feedNoise(std::uint64_t seed) {
    return [random = at::detail::createCPUGenerator(seed)](const torch::Tensor& own,
                                                           const std::vector<int>&) {
        const auto rms = own.square().mean(-1, /*keepdim=*/true).sqrt();
        return torch::randn(own.sizes(), random).to(own.options()) * rms;
    };
}

}  // namespace lvr
