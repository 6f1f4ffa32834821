#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/causal/spoken_answer.h"
#include "core/decode/answer_scores.h"
#include "core/decode/decoder.h"
#include "core/values/causal.h"

namespace lvr {

// A question as it is answered when nothing is done to it, ready to be gone on from.
struct Untouched {
    EncodedQuestion encoded;  // its prompt was read
    DecodeOptions options;    // greedy, with its own latents
    RowResult row;
    RowsEnd end;
    std::optional<SpokenAnswer> spoken;
    std::vector<std::string> candidates;  // its own answer first
    std::vector<Ids> candidateIds;
    AnswerScores scores;
    BranchReading record;  // of the pass that scored it, with its attention
    // That go through vision encoder and language model in all where nothing is known before.
    std::int64_t positions = 0;
    std::int64_t decode = 0;  // that one answer takes: patches, the prompt, what was generated

    torch::Tensor latents() const { return row.latents; }  // [n, D] float32, CPU
    std::int64_t prompt() const { return std::ssize(encoded.prompt.ids); }
    // Generated positions that are latents, in order.
    std::vector<std::int64_t> latentPlaces() const;
};

// Throws Error as encodeQuestion does, and Cancelled.
Untouched askUntouched(const LvrCheckpoint& checkpoint, const CausalQuestion& question,
                       const DecodeOptions& options, std::stop_token stop,
                       RecentPrompts* recent = nullptr);

// Where the words stand that lead to the answer of a row, after what it sees of its past. rows: of
// which `row` is one.
AnswerBranch branchOf(const Untouched& untouched, const RowsEnd& rows, std::int64_t row,
                      const RowResult& said, const RowPlan& plan, const LvrTokens& tokens);

// A branch of the untouched row that sees its first `latents` latents only.
AnswerBranch branchAfter(const Untouched& untouched, std::int64_t latents);

// Which candidate says an answer; nothing when none does.
std::optional<std::size_t> candidateOf(const Untouched& untouched, const std::string& question,
                                       const std::string& answer);

// Logarithms of several answers as shares that sum to 1.
std::vector<double> sharesOf(const std::vector<double>& logProbabilities);
// log p(first) - log p(best other); 0 without others.
double marginOf(const std::vector<double>& logProbabilities);

}  // namespace lvr
