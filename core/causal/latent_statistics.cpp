#include "core/causal/latent_statistics.h"

#include "core/statistics/spectrum.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr std::int64_t kMostForRank = 512;

double rankOfLatents(const torch::Tensor& latents) {
    const auto step = (latents.size(0) + kMostForRank - 1) / kMostForRank;
    const auto values = torch::linalg_svdvals(latents.slice(0, 0, {}, step)).to(torch::kFloat64);
    return effectiveRank({values.data_ptr<double>(), values.data_ptr<double>() + values.numel()});
}

}  // namespace

LatentStatistics latentStatistics(const std::vector<torch::Tensor>& thoughts) {
    std::vector<torch::Tensor> all, cosines;
    for (const auto& thought : thoughts) {
        if (thought.size(0) == 0) continue;
        all.push_back(thought);
        const auto n = thought.size(0);
        if (n > 1)
            cosines.push_back(torch::cosine_similarity(thought.narrow(0, 0, n - 1),
                                                       thought.narrow(0, 1, n - 1), -1));
    }
    if (all.empty()) return {};
    const auto latents = torch::cat(all);
    return {static_cast<int>(latents.size(0)), latents.norm(2, -1).mean().item<double>(),
            cosines.empty() ? 0 : torch::cat(cosines).mean().item<double>(),
            rankOfLatents(latents)};
}

}  // namespace lvr
