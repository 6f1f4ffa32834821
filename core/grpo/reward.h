#pragma once

#include <string>
#include <vector>

namespace lvr {

// How good a completion is, 0..1. completion: what was said, LVR tokens spelled out, nothing of
// what was only sampled inside a thought. gold: the answer, with or without its tags.
using Reward = double (*)(const std::string& completion, const std::string& gold);

// "accuracy", "format". Throws Error that names the nearest one.
Reward findReward(const std::string& name);
std::vector<std::string> rewardNames();

// The first answer between tags on one line is the gold text, the same number (12.0, 1/2 and
// \frac{1}{2} too) or its option letter ("(B)", "B. red"). Without tags only the same text counts.
// The release asks math-verify instead, which does not see through its own answer tags (lvr-spec
// 5.3): there 12.0 is not 12.
double accuracyReward(const std::string& completion, const std::string& gold);

// The same for an answer that has lost its tags, as Trace::answer has.
bool isRightAnswer(const std::string& answer, const std::string& gold);

// As released (lvr-spec 5.3): <|lvr_start|>...<|lvr_end|>, blanks, <answer>...</answer> and then at
// most one newline; no newline inside the two gaps.
double formatReward(const std::string& completion, const std::string& gold);

}  // namespace lvr
