#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <vector>

#include "core/train/train_state.h"
#include "core/train/training_set.h"
#include "core/values/train_options.h"

namespace lvr {

// Several questions to each of several pictures of one grid. A picture's prefix is read once; its
// questions are rows that see that prefix and themselves only.
struct SftBatch {
    torch::Tensor prefixEmbeddings;  // [P, T0, D]
    torch::Tensor prefixPositions;   // [3, P, T0]
    torch::Tensor rowPicture;        // [R] which prefix a row continues
    torch::Tensor features;          // [P, N, D] visual tokens
    torch::Tensor ids;               // [R, T], padded on the right
    torch::Tensor positions;         // [3, R, T]
    std::vector<int> rowKind;        // [R]

    // One entry per latent slot. The slot's hidden state is that of the position before it.
    torch::Tensor slotRow, slotCol;  // [M] where the latent is fed
    torch::Tensor slotTarget;        // [M] visual token of the row's picture
    torch::Tensor slotWeight;        // [M] in the regression
    std::vector<int> slotKind;       // [M]

    // One entry per position whose lvr_end logit has a target: <|lvr_start|> and the natural slots.
    torch::Tensor stopRow, stopCol, stopTarget;  // [S]

    // One entry per supervised next token, at the position that predicts it.
    torch::Tensor labelRow, labelCol, label;  // [L]
    torch::Tensor isAnswer;                   // [L] bool
};

struct SftRow;

// What is drawn for each step; all of it from one generator.
class SftSampler {
public:
    SftSampler(const LvrCheckpoint& checkpoint, const EncodedSet& set, const SftOptions& options);
    // focus[k] multiplies how often kind k is drawn.
    SftBatch next(const std::vector<double>& focus);
    void save(TrainState& state) const;
    void load(const TrainState& state);

private:
    std::vector<int> drawPictures();
    std::vector<int> drawRecords(const EncodedPicture& picture, const std::vector<double>& focus);
    SftRow plan(const EncodedRecord& record);
    std::vector<int> withExtraSlots(std::vector<int> targets, FillSlots fill);
    double uniform();
    int below(int count);

    const LvrCheckpoint& checkpoint_;
    const EncodedSet& set_;
    const SftOptions& options_;
    std::vector<double> weights_;      // per kind
    std::vector<std::int64_t> order_;  // pictures, reshuffled when used up
    std::int64_t drawn_ = 0;
    at::Generator random_;
};

}  // namespace lvr
