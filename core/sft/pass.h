#pragma once

#include <torch/types.h>

#include <vector>

#include "core/sft/batch.h"
#include "core/train/distributed.h"
#include "core/train/token_log_probabilities.h"
#include "core/values/train_options.h"

namespace lvr {

// What a step's losses are means over: counted over all parts of the step, on all ranks.
struct SftTotals {
    double answers = 0, markers = 0, slotWeight = 0, stops = 0, latentEnds = 0;
    void add(const SftRow& row);
    void sumOver(const Ranks& ranks);
};

// What a pass reads in the place of ids.
struct SftInputs {
    torch::Tensor latents;  // [M, D] at the slots; undefined: what the ids say
    torch::Tensor
        latentEnds;  // [E, D] where thoughts end; undefined: the model's latent end vector
};

// What one pass over the rows of a part gives. Losses are this part's share of the step's.
struct SftPass {
    torch::Tensor loss;
    torch::Tensor outputs;       // [M, D] the states that are to be the latents, through lvr_head
    torch::Tensor latentEnds;    // [E, D] the states that are to be the latent end vector
    std::vector<bool> hits;      // [M] the nearest visual token is one of the target's
    std::vector<bool> rowRight;  // [R] every answer token is the most likely
    double answer = 0, marker = 0, latent = 0, stop = 0, latentEnd = 0;
    double nats = 0;  // sum of cross-entropies of all supervised tokens, nothing weighted
};

// read: of batch.pack. gate: per kind, the weight of its answers (lvr-spec 3,
// recipe part II).
SftPass sftPass(const LvrCheckpoint& checkpoint, const SftBatch& batch, const PackReading& read,
                const SftInputs& inputs, const std::vector<double>& gate, const SftOptions& options,
                const SftTotals& totals);

// What sftPass makes of the hidden states. hidden: [T, D] of the rows; said: of batch.label, by the
// states at batch.labelAt.
SftPass lossesOf(const LvrCheckpoint& checkpoint, const SftBatch& batch,
                 const torch::Tensor& hidden, const TokenLogProbabilities& said,
                 const std::vector<double>& gate, const SftOptions& options,
                 const SftTotals& totals);

}  // namespace lvr
