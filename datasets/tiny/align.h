#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "core/model/lvr_model.h"
#include "core/values/train_options.h"

namespace lvr {

// Stage 0: the vision tower learns to say what is in each cell, in the language model's words.
struct AlignOptions {
    int steps = 300;
    int picturesPerStep = 16;
    double learningRate = 3e-3;
    int warmupSteps = 20;
    std::uint64_t seed = 0;
};

// What is in one cell; -1 where there is nothing (or, for `dot`, no dot).
struct CellWords {
    int shape = -1, color = -1, dot = -1;
};
struct AlignExample {
    Image image;
    std::vector<CellWords> cells;  // one per visual token, row-major
};
using AlignSource = std::function<AlignExample(std::uint64_t index)>;  // deterministic

// Token ids whose (fixed) embeddings the visual tokens are drawn to. A dot's colour, the row and
// the column have no word of their own: fixed random directions stand for them.
struct AlignWords {
    std::vector<std::int64_t> shapes, colors;
    std::int64_t left = 0, right = 0, above = 0, below = 0;
};

// Trains model.visual.* in place so that a visual token is the scaled sum of what is true for its
// cell (recipe: 5 MSE / .36 + cross-entropies of shape, colour, dot + .1 of row and column; + MSE /
// .36 of DeepStack's features, where the backbone has them).
void trainAlign(LvrModel& model, const PreprocessConfig& preprocess, const AlignSource& source,
                const AlignWords& words, const AlignOptions& options, const OnTrainReport& onReport,
                const std::stop_token& stop = {});

}  // namespace lvr
