#pragma once

#include <torch/types.h>

#include <optional>

#include "core/checkpoint/model_config.h"
#include "core/model/linear.h"

namespace lvr {

// Qwen2RMSNorm: the mean square is taken in float32 whatever the dtype.
struct RmsNorm {
    RmsNorm(const Parameters& parameters, std::int64_t size, double eps);
    torch::Tensor operator()(const torch::Tensor& x) const;
    torch::Tensor weight;  // [size]
    double eps;
};

// down(silu(gate(x)) * up(x))
struct GatedMlp {
    GatedMlp(const Parameters& parameters, std::int64_t size, std::int64_t intermediate, Bias bias);
    torch::Tensor operator()(const torch::Tensor& x) const;
    Linear gate, up, down;
};

struct Rotary {         // float32, broadcast over the head axis by the caller's shapes
    torch::Tensor cos;  // [..., head_dim]
    torch::Tensor sin;
};

// x: [..., head_dim]; rotates in float32 and returns x's dtype, contiguous.
torch::Tensor rotate(const torch::Tensor& x, const Rotary& rotary);

// x + y, in the memory of y where no gradient is wanted: y is read by nobody else.
torch::Tensor added(const torch::Tensor& x, torch::Tensor y);

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
