#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/decode/answer_scores.h"
#include "core/decode/decode_rows.h"
#include "core/model/lvr_checkpoint.h"

namespace lvr {

// Where a row says its answer.
struct SpokenAnswer {
    std::size_t from = 0;  // generated positions before the words: to after the last latent
    Ids before;            // the words after the last latent, up to the answer; not empty
    Ids ids;               // the answer's
    std::string lead;      // what the first of them says before the answer: mostly a space
    std::string answer;    // as answerOf
};
// Nothing when it gives no answer, or one right after a latent, with no word that could be fixed.
std::optional<SpokenAnswer> spokenAnswer(const LvrCheckpoint& checkpoint, const RowResult& row);

// How another answer would be spelled in its place; not empty.
Ids idsInstead(const LvrCheckpoint& checkpoint, const SpokenAnswer& spoken,
               const std::string& answer);

// Answers to hold against each other, in the form in which it spoke (letters of options or their
// texts): its own first, then `wanted`, then `others` as far as there is room. At most `most`, no
// two alike.
std::vector<std::string> candidatesFor(const std::string& question, const std::string& own,
                                       const std::vector<std::string>& wanted,
                                       const std::vector<std::string>& others, std::size_t most);

}  // namespace lvr
