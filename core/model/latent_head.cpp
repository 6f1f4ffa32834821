#include "core/model/latent_head.h"

#include "core/torch.h"

namespace lvr {

LatentHead::LatentHead(const Parameters& parameters, LvrHead kind, const TextConfig& config) {
    const std::int64_t size = config.hiddenSize;
    if (kind == LvrHead::Mlp)
        mlp_ = Mlp{parameters.at("ln_q")("weight", {size}), parameters.at("ln_q")("bias", {size}),
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

}  // namespace lvr
