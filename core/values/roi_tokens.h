#pragma once

#include <string>
#include <vector>

namespace lvr {

// Which visual tokens of a region become targets, and so how many slots a thought has
// (`roi_tokens`). Training on hundreds of them and decoding a few is a mismatch; a fixed number
// avoids it.
struct RoiTokens {
    enum class Rule {
        All,       // each token a target
        Truncate,  // the first `count`, fewer when there are fewer
        Cycle,     // exactly `count`: the tokens again and again, or the first of them
        Pool,      // exactly `count`: means over runs of neighbours in target order
    } rule = Rule::All;
    int count = 0;
    bool operator==(const RoiTokens&) const = default;
};

// "all", "truncate:N", "cycle:N", "pool:N"; N from 1 to 4096. Throws Error that says what is valid.
RoiTokens parseRoiTokens(const std::string& text);

// Per target the visual tokens it is the mean of. tokens: of the region, in target order.
std::vector<std::vector<int>> roiTargets(const std::vector<int>& tokens, const RoiTokens& rule);

}  // namespace lvr
