#pragma once

#include <torch/types.h>

#include <vector>

#include "core/sft/row.h"
#include "core/train/vision_features.h"

namespace lvr {

// Images and the questions to them, one at least, that say the same before the last image.
struct SftPicture {
    VisualTokens images;
    std::vector<SftRow> rows;
};

// Several questions to each of several pictures whose images have the same grids and stand in the
// same text. A picture's prefix is read once; its questions are rows that see that prefix and
// themselves only, so that nothing is padded but the rows' ends.
struct SftBatch {
    torch::Tensor prefixEmbeddings;  // [P, T0, D]
    torch::Tensor prefixPositions;   // [3, P, T0]
    torch::Tensor rowPicture;        // [R] which prefix a row continues
    torch::Tensor features;          // [P, N, D] visual tokens
    torch::Tensor ids;               // [R, T], padded on the right
    torch::Tensor positions;         // [3, R, T]
    std::vector<int> rowKind;        // [R]
    std::vector<int> rowTargets;     // [R] natural slots

    // One entry per regression target. It is compared with the state of the position before it.
    torch::Tensor slotRow, slotCol;            // [M] where the latent is fed
    torch::Tensor slotTarget;                  // [M, D]
    torch::Tensor slotWeight;                  // [M] in the regression
    std::vector<std::vector<int>> slotTokens;  // [M] visual tokens the target is the mean of
    std::vector<int> slotKind;                 // [M]

    torch::Tensor latentEndRow, latentEndCol;  // [E] where lvr_latent_end_emb is fed

    // One entry per position whose lvr_end logit has a target: <|lvr_start|> and the natural slots.
    torch::Tensor stopRow, stopCol, stopTarget;  // [S]

    // One entry per supervised next token, at the position that predicts it.
    torch::Tensor labelRow, labelCol, label;  // [L]
    std::vector<std::uint8_t> isAnswer;       // [L]
    std::vector<int> labelOfRow;              // [L], labelRow for the CPU
};

// All pictures must have the same grids, and all rows the same prefix.
SftBatch layOut(const LvrCheckpoint& checkpoint, const std::vector<SftPicture>& pictures);

// Parts of a step: pictures of equal grids and prefixes, in order, each part of at most `most`
// positions as far as one picture's questions allow.
std::vector<std::vector<SftPicture>> split(std::vector<SftPicture> pictures, int most);

}  // namespace lvr
