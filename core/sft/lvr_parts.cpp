#include "core/sft/lvr_parts.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "core/error.h"
#include "core/torch.h"

namespace lvr {
namespace {

LvrHead headOf(AddedHead added) { return added == AddedHead::Mlp ? LvrHead::Mlp : LvrHead::Glu; }

ModelConfig withParts(ModelConfig config, const SftOptions& options) {
    auto& lvr = config.lvr;
    if (options.head != AddedHead::Keep) {
        const auto wanted = headOf(options.head);
        if (lvr.head != LvrHead::None && lvr.head != wanted)
            throw Error(
                "the checkpoint has an lvr_head of another kind than --head asks for; leave "
                "--head out to keep it");
        lvr.head = wanted;
    }
    if (options.latentEnd == LatentEnd::Vector) lvr.latentEndToken = true;
    lvr.loss = options.latentLoss == LatentLoss::Mae      ? "mae"
               : options.latentLoss == LatentLoss::Cosine ? "cosine"
                                                          : "mse";
    return config;
}

// One tensor of an lvr_head (PyTorch's own initialisation of a linear layer), or
// lvr_latent_end_emb.
torch::Tensor freshPart(const std::string& name, at::IntArrayRef shape, std::uint64_t seed) {
    auto random = at::detail::createCPUGenerator(seed ^ std::hash<std::string>()(name));
    if (name == "lvr_latent_end_emb") {
        const auto direction = torch::randn(shape, random);
        return direction / direction.norm() * std::sqrt(static_cast<double>(shape[0]));
    }
    if (name.ends_with(".bias")) return torch::zeros(shape);
    if (shape.size() == 1) return torch::ones(shape);
    const double bound = 1 / std::sqrt(static_cast<double>(shape[1]));
    return torch::rand(shape, random) * (2 * bound) - bound;
}

}  // namespace

void addLvrParts(LvrCheckpoint& checkpoint, const SftOptions& options) {
    const auto& dialect = checkpoint.rules.dialect;
    if (options.latentEnd == LatentEnd::Token && hasThoughts(options.twin) &&
        dialect.latentEnd.empty())
        throw Error("the checkpoint is trained as " + dialect.method +
                    ", which has no token like <|lvr_latent_end|>; say --latent-end off");
    if (!isLvr(dialect)) {
        if (options.head != AddedHead::Keep || options.latentEnd == LatentEnd::Vector)
            throw Error("the checkpoint is trained as " + dialect.method +
                        ", which has neither an lvr_head nor an lvr_latent_end_emb; leave --head "
                        "out, and say --latent-end off");
        return;  // its config.json stays that method's
    }
    if (hasThoughts(options.twin) && options.latentEnd != LatentEnd::Vector &&
        checkpoint.model.latentEnd().defined())
        throw Error(
            "the checkpoint has an lvr_latent_end_emb, which would not be trained; say "
            "--latent-end vector");
    const auto config = withParts(checkpoint.model.config(), options);
    if (config == checkpoint.model.config()) return;
    checkpoint.model =
        checkpoint.model.extended(config, [&](const std::string& name, at::IntArrayRef shape) {
            return freshPart(name, shape, options.seed);
        });
}

}  // namespace lvr
