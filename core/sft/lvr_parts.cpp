#include "core/sft/lvr_parts.h"

#include <cmath>

#include "core/error.h"
#include "core/torch.h"
#include "core/train/initialise.h"

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

}  // namespace

void addLvrParts(LvrCheckpoint& checkpoint, const SftOptions& options) {
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
