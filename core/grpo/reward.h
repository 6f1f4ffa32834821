#pragma once

#include <string>
#include <vector>

namespace lvr {

struct GoldAnswer {
    std::string text;      // with or without its tags
    std::string question;  // may list options
};

// How good a completion is, 0..1. completion: what was said, LVR tokens spelled out, nothing of
// what was only sampled inside a thought.
using Reward = double (*)(const std::string& completion, const GoldAnswer& gold);

// "accuracy", "format". Throws Error that names the nearest one.
Reward findReward(const std::string& name);
std::vector<std::string> rewardNames();

// Whether the answer is right, as everywhere (core/eval/answer.h). The release asks math-verify
// first, which does not see through its own answer tags, then compares the text in the first tags
// exactly (lvr-spec 5.3): there 12.0 is not 12, and b is not B.
double accuracyReward(const std::string& completion, const GoldAnswer& gold);

// As released (lvr-spec 5.3): <|lvr_start|>...<|lvr_end|>, blanks, <answer>...</answer> and then at
// most one newline; no newline inside the two gaps.
double formatReward(const std::string& completion, const GoldAnswer& gold);

}  // namespace lvr
