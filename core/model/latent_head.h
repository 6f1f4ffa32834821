#pragma once

#include <torch/types.h>

#include <optional>

#include "core/checkpoint/model_config.h"
#include "core/model/layers.h"

namespace lvr {

// lvr_head.*: maps a hidden state to the latent that is fed (lvr-spec 1.4).
class LatentHead {
public:
    LatentHead(const Parameters& parameters, LvrHead kind, const TextConfig& config);
    torch::Tensor operator()(const torch::Tensor& hidden) const;  // [..., D] -> [..., D]

private:
    struct Mlp {  // LayerNorm with bias, Linear, exact GELU, Linear
        torch::Tensor normWeight, normBias;
        Linear in, out;
    };
    std::optional<Mlp> mlp_;
    std::optional<GatedMlp> glu_;
};

}  // namespace lvr
