#include "core/train/initialise.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "core/torch.h"

namespace lvr {
namespace {

bool endsWith(const std::string& name, const std::string& ending) {
    return name.size() >= ending.size() &&
           name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

bool addsToResidual(const std::string& name) {
    return endsWith(name, "o_proj.weight") || endsWith(name, "down_proj.weight") ||
           endsWith(name, "attn.proj.weight");
}

torch::Tensor fresh(const std::string& name, at::IntArrayRef shape, const ModelConfig& config,
                    at::Generator& random) {
    if (endsWith(name, ".bias")) return torch::zeros(shape);
    if (name == "model.norm.weight") return torch::full(shape, 0.6);
    if (shape.size() == 1) return torch::ones(shape);
    if (name == "model.embed_tokens.weight") return torch::randn(shape, random) * 0.25;
    const auto fanIn = c10::multiply_integers(shape.begin() + 1, shape.end());
    const int layers =
        name.starts_with("visual.") ? config.vision.depth : config.text.numHiddenLayers;
    const double residual = addsToResidual(name) ? 1.0 / std::sqrt(2.0 * layers) : 1.0;
    return torch::randn(shape, random) * (residual / std::sqrt(static_cast<double>(fanIn)));
}

void coupleAttention(std::map<std::string, torch::Tensor>& tensors, const std::string& prefix,
                     const TextConfig& config) {
    auto &q = tensors.at(prefix + "q_proj.weight"), &o = tensors.at(prefix + "o_proj.weight");
    const auto &k = tensors.at(prefix + "k_proj.weight"), &v = tensors.at(prefix + "v_proj.weight");
    const auto groups = config.numAttentionHeads / config.numKeyValueHeads;
    const auto perHead = [&](const torch::Tensor& x) {  // [KV * d, D] -> [H * d, D]
        return x.view({config.numKeyValueHeads, config.headDim(), -1})
            .repeat_interleave(groups, 0)
            .reshape({config.hiddenSize, config.hiddenSize});
    };
    q.copy_(0.8 * perHead(k) + 0.6 * q);
    o.add_(0.25 * perHead(v).t());
}

}  // namespace

LvrModel initialise(const ModelConfig& config, std::uint64_t seed) {
    auto random = at::detail::createCPUGenerator(seed);
    std::map<std::string, torch::Tensor> tensors;
    LvrModel model(config, Parameters([&](const std::string& name, at::IntArrayRef shape) {
                       return tensors[name] = fresh(name, shape, config, random);
                   }));
    for (int i = 0; i < config.text.numHiddenLayers; ++i)
        coupleAttention(tensors, "model.layers." + std::to_string(i) + ".self_attn.", config.text);
    return model;
}

torch::Tensor freshPart(const std::string& name, at::IntArrayRef shape, std::uint64_t seed) {
    auto random = at::detail::createCPUGenerator(seed ^ std::hash<std::string>()(name));
    if (name == "lvr_latent_end_emb") {
        const auto direction = torch::randn(shape, random);
        return direction / direction.norm() * std::sqrt(static_cast<double>(shape[0]));
    }
    if (endsWith(name, ".bias")) return torch::zeros(shape);
    if (shape.size() == 1) return torch::ones(shape);
    const double bound = 1 / std::sqrt(static_cast<double>(shape[1]));
    return torch::rand(shape, random) * (2 * bound) - bound;
}

}  // namespace lvr
