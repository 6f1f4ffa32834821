#include "core/model/layers.h"

#include "core/torch.h"

namespace lvr {

LatentHead::LatentHead(const Parameters& parameters, LvrHead kind, const TextConfig& config) {
    const std::int64_t size = config.hiddenSize;
    if (kind == LvrHead::Mlp)
        mlp_ = Mlp{parameters.at("ln_q").computed("weight", {size}),
                   parameters.at("ln_q").computed("bias", {size}),
                   Linear(parameters.at("mlp").at("0"), size, size, Bias::Yes),
                   Linear(parameters.at("mlp").at("2"), size, size, Bias::Yes)};
    if (kind == LvrHead::Glu) glu_.emplace(parameters, size, config.intermediateSize, Bias::Yes);
}

torch::Tensor LatentHead::operator()(const torch::Tensor& hidden) const {
    if (glu_) return (*glu_)(hidden);
    if (!mlp_) return hidden;
    const auto normed =
        torch::layer_norm(hidden, {hidden.size(-1)}, mlp_->normWeight, mlp_->normBias, 1e-6);
    return mlp_->out(torch::gelu(mlp_->in(normed)));
}

RmsNorm::RmsNorm(const Parameters& parameters, std::int64_t size, double epsilon)
    : weight(parameters.computed("weight", {size})), eps(epsilon) {}

torch::Tensor RmsNorm::operator()(const torch::Tensor& x) const {
    const auto wide = x.to(torch::kFloat32);
    const auto scale = torch::rsqrt(wide.square().mean(-1, /*keepdim=*/true) + eps);
    return weight * (wide * scale).to(x.scalar_type());
}

GatedMlp::GatedMlp(const Parameters& parameters, std::int64_t size, std::int64_t intermediate,
                   Bias bias)
    : gate(parameters.at("gate_proj"), size, intermediate, bias),
      up(parameters.at("up_proj"), size, intermediate, bias),
      down(parameters.at("down_proj"), intermediate, size, bias) {}

torch::Tensor GatedMlp::operator()(const torch::Tensor& x) const {
    const auto both = products(x, {&gate, &up});
    return down(torch::silu(both[0]) * both[1]);
}

torch::Tensor rotate(const torch::Tensor& x, const Rotary& rotary) {
    const auto wide = x.to(torch::kFloat32);
    const auto halves = wide.chunk(2, -1);
    const auto turned = torch::cat({-halves[1], halves[0]}, -1);
    return (wide * rotary.cos + turned * rotary.sin).to(x.scalar_type());
}

}  // namespace lvr
