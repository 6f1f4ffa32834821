#pragma once

#include <torch/types.h>

#include <span>
#include <vector>

#include "core/decode/decode_rows.h"
#include "core/model/lvr_model.h"
#include "core/model/pack.h"
#include "core/train/token_log_probabilities.h"
#include "core/values/train_options.h"

namespace lvr {

// Completions of one prompt. Both outlive what is made of them.
struct ReplayGroup {
    const Prompt* prompt = nullptr;
    std::span<const RowResult> rows;
    std::int64_t positions() const;  // that a pass over it holds
};

struct ReplayOptions {
    double temperature = 1;
    ReplayLatents latents = ReplayLatents::Recorded;
    TokenEntropy entropy = TokenEntropy::LeftOut;
};

// All [B, C], completions of all groups in order, padded on the right with 0.
struct Replayed {
    // Of each sampled token; 0 where a latent was fed, but for a start that was said there.
    torch::Tensor logProbabilities;
    torch::Tensor entropy;  // there too, without gradient; where asked for
};

// [B, C] float32, 1 where a token was sampled and said: as RowResult::isSaid has
// it, or where no latent was fed.
torch::Tensor textMask(std::span<const RowResult> rows);

// Groups of completions, laid out once for every model that reads them. One teacher-forced pass
// over all of them: each prompt is read once, each completion with its recorded latents put in
// where they were fed (lvr-spec 5.1). Recomputed, of one group: position after position, a latent
// is what the model itself puts out there, through which gradients flow. Prompt::embeddings are not
// looked at: they are made from its ids, so that they have a gradient.
class Replay {
public:
    explicit Replay(std::vector<ReplayGroup> groups);
    Replayed by(const LvrModel& model, const ReplayOptions& options = {}) const;

private:
    torch::Tensor atOnce(const LvrModel& model) const;    // [T, D] hidden states of the rows
    torch::Tensor oneByOne(const LvrModel& model) const;  // likewise

    std::vector<ReplayGroup> groups_;
    Pack pack_;
    std::vector<std::int64_t> first_;   // [B] place of each completion's first position
    torch::Tensor latentAt_, latents_;  // [M] places, [M, D]
    torch::Tensor row_, col_;           // [L] of what was said
    torch::Tensor at_, label_;          // [L] the place that predicts it, and its id
    std::int64_t longest_ = 0;          // C
};

}  // namespace lvr
