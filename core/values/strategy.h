#pragma once

#include <string>
#include <vector>

#include "core/values/decoding_text.h"

namespace lvr {

// One way to decode, to be held against others.
struct Strategy {
    std::string name;  // empty: what its options say
    DecodeOptions options;
    std::string model;  // folder or repo id; empty: the model that is open
    // Which of the kStrategyColours is its own, for as long as it lives; -1: see colourOf.
    int colour = -1;
    bool operator==(const Strategy&) const = default;
};

std::string titleText(const Strategy& strategy);  // its name, else its words

constexpr int kStrategyColours = 8;  // that can be told apart
// Its own, else one that follows from its options and its model, whatever it stands beside.
int colourOf(const Strategy& strategy);
// Gives a colour to those that have none: the one of colourOf where no other of them has it, else
// one that is had by the fewest.
void giveColours(std::vector<Strategy>& strategies);

}  // namespace lvr
