#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <optional>
#include <vector>

#include "core/decode/decode_rows.h"
#include "core/decode/latent_probe.h"

namespace lvr {

// What is known of one thought. Each begins without knowing anything of the one before.
struct ThoughtState {
    int number = -1;                    // within its row; -1 before the first
    int fed = 0;                        // latents read since the exit rule began to count
    int index = 0;                      // of the newest latent
    std::optional<double> endDistance;  // of the newest latent; none at <|lvr_start|>
    std::optional<double> cosine;       // of the newest latent to the one before
    std::optional<double> entropy;      // of the early answer
    std::int64_t early = -1;            // its likeliest first word
    int held = 0;                       // latents over which that stayed the same
    std::int64_t sampled = -1;          // the newest id that was sampled in it
    int same = 0;                       // how often in a row
};

// What the rows of a decoding have in common.
struct RowSetting {
    const RowRules& rules;
    const DecodeOptions& options;
};

// Where a row stands: what it read, and whether it thinks. Knows no model.
struct RowState {
    std::int64_t prompt = 0;
    ExitRule exit = NoLatents{};
    std::optional<LatentProbe> probe;  // of the exit rule
    std::int64_t room = 0;             // ids that its thoughts and answer may take
    bool thinking = false;             // the next input is a latent
    bool finished = false;
    ThoughtState thought;  // under way, or the last one
    bool resumes = false;  // the newest token is a start that was fed again inside a thought
    // Of Dialect::Spans::Endless: what ends a thought no longer.
    bool countIsOver = false, endIsOver = false;
    std::optional<std::int64_t> next;  // the id that comes next, whatever is sampled
    bool saidStop = false;             // its text holds what ends it
    std::int64_t newest = 0;
    std::vector<std::int64_t> seen;  // prompt and generated ids
    std::vector<torch::Tensor> latents;
    torch::Tensor given;       // [n, D], a thought that is to come or under way
    std::int64_t granted = 0;  // ids beyond the length limit, for the given thought
    RowPlan plan;
    at::Generator random;
    RowResult result;
};

// Rows of all copies of the prompts, before anything was sampled. width: of the model's latents.
std::vector<RowState> startRows(const std::vector<Prompt>& prompts, const RowSetting& setting,
                                const std::vector<RowPlan>& plans, std::size_t width);
// The most positions that one of them may generate.
std::int64_t mostGenerated(const std::vector<RowState>& rows);

// What became of a row after a pass.
struct RowMove {
    std::int64_t id = 0;       // that stands for the new position
    bool leftThought = false;  // in this pass; also one without latents
};
// Moves a row in, through or out of a thought. sampled: from the pass that was just made;
// endProbability: of lvr_end in it.
RowMove advance(RowState& row, const RowSetting& setting, std::int64_t sampled,
                double endProbability);
// Whether the next input is a latent whatever the pass says: then its logits decide nothing.
bool thinksAnyway(const RowState& row, const RowSetting& setting);
// Appends the id; ends the row after a stop token or where its room is used up.
void append(RowState& row, const RowSetting& setting, std::int64_t id);
// A latent that is about to be fed, [D] float32 on the CPU. latentEnd: [D] likewise, or undefined.
void remember(RowState& row, const torch::Tensor& latent, const torch::Tensor& latentEnd);
// What would be answered first if the thought ended now. logProbabilities: [V]
void rememberEarly(ThoughtState& thought, const torch::Tensor& logProbabilities);

}  // namespace lvr
