#include "core/decode/patch_projection.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/torch.h"

namespace lvr {

namespace {

torch::Tensor unitOf(const torch::Tensor& x) {
    return x / x.norm(2, {-1}, /*keepdim=*/true).clamp_min(1e-8);
}

}  // namespace

Patches::Patches(const torch::Tensor& visualTokens) {
    if (!visualTokens.defined()) return;
    TORCH_CHECK(visualTokens.dim() == 2, "visual tokens ", visualTokens.sizes());
    tokens_ = visualTokens.to(torch::kFloat32);
    units_ = unitOf(tokens_);
}

torch::Tensor Patches::cosine(const torch::Tensor& vectors) const {
    TORCH_CHECK(vectors.dim() == 2 && !empty() && vectors.size(1) == tokens_.size(1), "vectors ",
                vectors.sizes(), ", visual tokens ", tokens_.sizes());
    const auto here = vectors.to(tokens_.device(), torch::kFloat32);
    return torch::matmul(unitOf(here), units_.t()).to(vectors.device());
}

torch::Tensor Patches::distance(const torch::Tensor& vectors) const {
    TORCH_CHECK(vectors.dim() == 2 && !empty() && vectors.size(1) == tokens_.size(1), "vectors ",
                vectors.sizes(), ", visual tokens ", tokens_.sizes());
    const auto here = vectors.to(tokens_.device(), torch::kFloat32);
    // Differences taken one by one: the expanded square loses what small distances are made of.
    return torch::cdist(here, tokens_, 2.0, /*compute_mode=*/2).to(vectors.device());
}

torch::Tensor Patches::nearest(const torch::Tensor& vectors) const {
    return cosine(vectors).argmax(-1);
}

std::vector<int> nearestPatches(const std::vector<float>& cosine, int count) {
    std::vector<int> order(cosine.size());
    std::iota(order.begin(), order.end(), 0);
    const auto kept = std::clamp<std::ptrdiff_t>(count, 0, std::ssize(order));
    std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](int a, int b) {
        return cosine[a] != cosine[b] ? cosine[a] > cosine[b] : a < b;
    });
    order.resize(kept);
    return order;
}

RoiScore roiScore(const std::vector<float>& cosine, const std::vector<int>& roiTokens,
                  double temperature) {
    if (cosine.empty()) return {};
    const std::set<int> roi(roiTokens.begin(), roiTokens.end());
    const auto nearest = nearestPatches(cosine, 1).front();
    double inside = 0, all = 0;
    for (std::size_t i = 0; i < cosine.size(); ++i) {
        const double weight = std::exp((cosine[i] - cosine[nearest]) / temperature);
        all += weight;
        if (roi.count(static_cast<int>(i))) inside += weight;
    }
    return {roi.count(nearest) > 0, inside / all, static_cast<double>(roi.size()) / cosine.size()};
}

}  // namespace lvr
