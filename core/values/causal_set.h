#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/values/causal.h"

namespace lvr {

// Of each target of a question, what it is: {"colour", "red"}, ...
using LookedAt = std::vector<std::vector<std::pair<std::string, std::string>>>;

// One question of a set.
struct CausalSetItem {
    std::string cluster;  // as CausalItem
    Sample sample;        // with its id; answer empty: not known
    // Another question on the same picture, whose latents may be lent.
    std::optional<std::string> otherQuestion;
    bool chain = false;                   // as CausalQuestion
    std::vector<std::string> candidates;  // as CausalQuestion
    LookedAt looked;
};

// A set of questions; each is made when it is its turn, and twice: pictures are not kept. Throws
// Error for a question that can't be read, which is then passed over and named.
struct CausalSet {
    std::size_t count = 0;
    std::function<CausalSetItem(std::size_t)> item;
};

// What is known of a question of a set when it was asked once.
struct SetLook {
    std::string cluster;
    CausalDonor thought;               // what it lends, with its answer; no latents: nothing
    std::vector<float> state;          // [width], of the answer; empty: none was spoken
    std::optional<CausalDonor> other;  // the other question's on its picture
    std::uint64_t picture = 0;         // equal for equal pictures
    LookedAt looked;
};
using SetLooks = std::vector<std::optional<SetLook>>;  // by index; nothing: it can't be asked

}  // namespace lvr
