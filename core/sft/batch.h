#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "core/model/lvr_checkpoint.h"
#include "core/model/pack.h"
#include "core/sft/training_set.h"
#include "core/train/vision_features.h"
#include "core/values/train_options.h"

namespace lvr {

// One question with its response, in token ids, and what is supervised where. Indices are into ids.
struct SftRow {
    struct Slot {
        std::size_t at = 0;       // where the latent is fed; the position before is to be it
        std::vector<int> tokens;  // the target is the mean of these visual tokens
        float weight = 1;
    };
    struct Stop {  // where the lvr_end logit has a target
        std::size_t at = 0;
        float target = 0;
    };
    struct Label {
        std::size_t at = 0;  // of the supervised id
        bool isAnswer = false;
        std::int64_t said = -1;  // the id, where another is read in its place
    };
    int record = 0, kind = 0;
    std::vector<std::int64_t> prefix;  // prompt ids up to the end of the last image
    std::vector<std::int64_t> ids;     // all after it, the response included
    std::vector<Slot> slots;
    std::vector<Stop> stops;
    std::vector<Label> labels;
    std::vector<PositionSpan> masked;     // slots that nothing after them attends to (Twin::Masked)
    std::vector<std::size_t> latentEnds;  // where lvr_latent_end_emb is fed
    std::size_t gapFrom = 0;              // positions jump by `gap` here
    int gap = 0;
    int targets = 0;  // natural slots, of all thoughts
};

// What record `index` of the set is trained on under these options; what is random in it follows
// from `seed`. Throws Error that begins with the record's name.
SftRow planRow(const LvrCheckpoint& checkpoint, const TrainingSet& set, int index,
               const std::vector<PatchGrid>& grids, const SftOptions& options, std::uint64_t seed);

// Images and the questions to them, one at least, that say the same before the last image.
struct SftPicture {
    VisualTokens images;
    std::vector<SftRow> rows;
};

// Several questions to each of several pictures, of any sizes and in any texts. A picture's prefix
// is read once; its questions are rows that see that prefix and themselves only. Places are among
// the rows' positions: the T of PackReading::hidden.
struct SftBatch {
    Pack pack;
    std::vector<torch::Tensor> features;  // of each picture: [N, D] visual tokens
    std::vector<int> rowKind;             // [R]
    std::vector<int> rowTargets;          // [R] natural slots

    // One entry per regression target. It is compared with the state of the position before it.
    torch::Tensor slotAt;                      // [M] where the latent is fed
    torch::Tensor slotTarget;                  // [M, D]
    torch::Tensor slotWeight;                  // [M] in the regression
    std::vector<std::vector<int>> slotTokens;  // [M] visual tokens the target is the mean of
    std::vector<std::size_t> slotPicture;      // [M], ascending
    std::vector<int> slotKind;                 // [M]

    torch::Tensor latentEndAt;  // [E] where lvr_latent_end_emb is fed

    // One entry per position whose lvr_end logit has a target: <|lvr_start|> and the natural slots;
    // where a latent stands in place of start, the slots.
    torch::Tensor stopAt, stopTarget;  // [S]

    // One entry per supervised next token, at the position that predicts it.
    torch::Tensor labelAt, label;        // [L]
    std::vector<std::uint8_t> isAnswer;  // [L]
    std::vector<int> labelOfRow;         // [L]
};

// Rows of one picture have the same prefix.
SftBatch layOut(const LvrCheckpoint& checkpoint, const std::vector<SftPicture>& pictures);

// Positions that are in memory together: a picture's prefix, and its rows.
std::int64_t positionsOf(const SftPicture& picture);
// Parts of a step: pictures in order, each part of at most `most` positions as far as one picture's
// questions allow.
std::vector<std::vector<SftPicture>> split(std::vector<SftPicture> pictures, int most);

}  // namespace lvr
