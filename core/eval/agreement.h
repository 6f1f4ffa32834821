#pragma once

#include <torch/types.h>

#include <string>

#include "core/eval/score.h"

namespace lvr {

// How close one model's predictions are to another's, both fed the same: sums over tokens.
struct Agreement {
    int tokens = 0;
    double divergence = 0;  // KL(first || second), in nats
    double most = 0;        // of one token
    int sameTop = 0;        // both have the same likeliest token
    double meanDivergence() const { return divergence / tokens; }
    double topShare() const { return static_cast<double>(sameTop) / tokens; }
    // first, second: [T, V] logits, of T > 0 tokens
    void add(const torch::Tensor& first, const torch::Tensor& second);
};

// Of the supervised tokens of a record, under teacher forcing. Throws Error as teacherForce does,
// and where the two do not read the record as the same tokens.
void addRecord(const LvrCheckpoint& first, const LvrCheckpoint& second, const ScoreRecord& record,
               Agreement& agreement);

}  // namespace lvr
