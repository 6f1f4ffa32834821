#include "core/causal/latent_filters.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <memory>

#include "core/decode/patch_projection.h"
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

// One row on its way through its steps.
class FedRow {
public:
    explicit FedRow(RowFeed feed)
        : feed_(std::move(feed)), random_(at::detail::createCPUGenerator(feed_.what.seed)) {
        if (feed_.what.kind == InterventionKind::Snap) nearest_ = Patches(feed_.patches);
    }

    // own: [D], the next latent of the row -> what is fed
    torch::Tensor next(const torch::Tensor& own) {
        const auto step = step_++;
        if (step == feed_.what.first) kept_ = own;
        if (!feed_.what.covers(step) || (feed_.which == Replace::First && step > 0)) return own;
        if (feed_.what.kind == InterventionKind::Noise) return noisy(own);
        const auto other = replacement(own, step).to(own.options());
        return feed_.what.strength == 1 ? other : own + feed_.what.strength * (other - own);
    }

private:
    torch::Tensor replacement(const torch::Tensor& own, std::int64_t step) const {
        switch (feed_.what.kind) {
            case InterventionKind::Zero:
                return torch::zeros_like(own);
            case InterventionKind::Mean:
                return meanOf(own);
            case InterventionKind::Freeze:
            case InterventionKind::RepeatFirst:
                return kept_;
            case InterventionKind::Snap:
                return feed_.patches[nearest_.nearest(own.unsqueeze(0)).item<std::int64_t>()];
            default:
                return feed_.given.defined() ? feed_.given[std::min(step, feed_.given.size(0) - 1)]
                                             : own;
        }
    }

    torch::Tensor meanOf(const torch::Tensor& own) const {
        return feed_.mean.defined() ? feed_.mean.to(own.options()) : own.mean().expand_as(own);
    }
    torch::Tensor spreadOf(const torch::Tensor& own) const {
        return feed_.spread.defined() ? feed_.spread.to(own.options())
                                      : own.std(/*unbiased=*/false).expand_as(own);
    }
    torch::Tensor noisy(const torch::Tensor& own) {
        const double strength = feed_.what.strength, share = std::min(strength, 1.0);
        const auto noise = torch::randn(own.sizes(), random_, torch::kFloat32).to(own.options());
        return own + share * (meanOf(own) - own) + strength * spreadOf(own) * noise;
    }

    RowFeed feed_;
    Patches nearest_;  // of Snap
    at::Generator random_;
    std::int64_t step_ = 0;
    torch::Tensor kept_;  // [D], of Freeze and RepeatFirst
};

}  // namespace

LatentFilter feedRows(std::vector<RowFeed> feeds) {
    auto rows = std::make_shared<std::vector<FedRow>>();
    for (auto& feed : feeds) rows->emplace_back(std::move(feed));
    return [rows](const torch::Tensor& own, const std::vector<LatentPlace>& places) {
        TORCH_CHECK(places.size() == rows->size(), rows->size(), " feeds for ", places.size(),
                    " rows");
        auto fed = own.clone();
        for (std::size_t b = 0; b < places.size(); ++b)
            if (places[b].thought >= 0) {
                const auto at = static_cast<std::int64_t>(b);
                fed[at] = (*rows)[b].next(own[at].clone());
            }
        return fed;
    };
}

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
