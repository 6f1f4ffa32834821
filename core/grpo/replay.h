#pragma once

#include <torch/types.h>

#include <span>

#include "core/decode/decode_rows.h"
#include "core/model/lvr_model.h"
#include "core/values/train_options.h"

namespace lvr {

// Both [G, C], completions padded on the right with 0.
struct Replayed {
    torch::Tensor logProbabilities;  // of each sampled token; 0 where a latent was fed
    torch::Tensor entropy;           // there too, without gradient
};

// [G, C] float32, 1 where a token was sampled and said: not where a latent was fed.
torch::Tensor textMask(std::span<const RowResult> rows);

// Completions of one prompt in one teacher-forced pass: the prompt is read once, each completion
// with its recorded latents put in where they were fed (lvr-spec 5.1). Recomputed: position after
// position, a latent is what the model itself puts out there, through which gradients flow.
// prompt.embeddings are not looked at: they are made from its ids, so that they have a gradient.
Replayed replay(const LvrModel& model, const Prompt& prompt, std::span<const RowResult> rows,
                double temperature, ReplayLatents latents = ReplayLatents::Recorded);

}  // namespace lvr
