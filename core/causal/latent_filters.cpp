#include "core/causal/latent_filters.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

#include "core/torch.h"

namespace lvr {

namespace {

// The thoughts given to one row, one after the other.
struct GivenRow {
    torch::Tensor vectors;  // [n, D]; undefined when nothing is given
    std::vector<std::int64_t> starts;

    explicit GivenRow(const std::vector<torch::Tensor>& thoughts) {
        std::int64_t count = 0;
        for (const auto& thought : thoughts) {
            starts.push_back(count);
            count += thought.size(0);
        }
        if (count > 0) vectors = torch::cat(thoughts);
    }
    torch::Tensor at(LatentPlace place) const {
        const auto last = vectors.size(0) - 1;
        if (place.thought >= std::ssize(starts)) return vectors[last];
        return vectors[std::min(starts[place.thought] + place.index, last)];
    }
};

}  // namespace

LatentFilter feedInstead(const std::vector<std::vector<torch::Tensor>>& given, Replace which) {
    std::vector<GivenRow> rows(given.begin(), given.end());
    return [rows = std::move(rows), which](const torch::Tensor& own,
                                           const std::vector<LatentPlace>& places) {
        auto fed = own.clone();
        for (std::size_t b = 0; b < places.size(); ++b) {
            const auto [thought, index] = places[b];
            const bool replaced = which == Replace::All || (thought == 0 && index == 0);
            if (thought < 0 || !replaced || !rows[b].vectors.defined()) continue;
            fed[static_cast<std::int64_t>(b)] = rows[b].at(places[b]);
        }
        return fed;
    };
}

LatentFilter feedZeros() {
    return [](const torch::Tensor& own, const std::vector<LatentPlace>&) {
        return torch::zeros_like(own);
    };
}

LatentFilter feedNoise(std::uint64_t seed) {
    return [random = at::detail::createCPUGenerator(seed)](const torch::Tensor& own,
                                                           const std::vector<LatentPlace>&) {
        const auto rms = own.square().mean(-1, /*keepdim=*/true).sqrt();
        return torch::randn(own.sizes(), random).to(own.options()) * rms;
    };
}

}  // namespace lvr
