#pragma once

#include <torch/types.h>

#include <vector>

#include "core/model/lvr_model.h"
#include "core/model/pass_watch.h"

namespace lvr {

using Ids = std::vector<std::int64_t>;

// A place from which an answer is read on, beside what the row itself said there.
struct AnswerBranch {
    std::int64_t row = 0;       // of the cache
    torch::Tensor sees;         // [S] bool, CPU: which of the cached positions it may look at
    std::int64_t position = 0;  // position id of its first word
    Ids before;                 // words before the answer; not empty
};

// What is said after the words before.
struct AnswerScores {
    std::vector<double> candidates;  // of each: log p, summed over its ids
    torch::Tensor firstWord;         // [V] float32, CPU: log p of every id as the first one
    torch::Tensor state;             // [D] float32, CPU: the hidden state that it is read from
};

// What reading the branches may fill in.
struct BranchReading {
    std::int64_t positions = 0;            // that went through the model are added
    std::vector<torch::Tensor> attention;  // as Context::attention, when wanted
    bool wantsAttention = false;
    std::vector<std::int64_t> firstWordAt;  // of each branch: which of the positions read
};

// Reads all branches in one pass, those of one row beside each other without seeing one another.
// The cache is as it was afterwards; it has room for the positions of a row's branches. candidates:
// ids each, none empty. Every branch gives what it would give alone.
std::vector<AnswerScores> scoreAnswers(const LvrModel& model, const KvCache& cache,
                                       const std::vector<AnswerBranch>& branches,
                                       const std::vector<Ids>& candidates,
                                       const PassWatch& watch = {},
                                       BranchReading* record = nullptr);

// Positions that so many branches of one row take.
std::int64_t positionsOf(const AnswerBranch& branch, const std::vector<Ids>& candidates);

}  // namespace lvr
