#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/grpo/reward_process.h"
#include "core/values/dialect.h"
#include "core/values/train_options.h"

namespace lvr {

struct GoldAnswer {
    std::string text;                  // with or without its tags
    std::string question = {};         // may list options
    const Dialect* dialect = nullptr;  // of the model that answers; none: LVR's
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

// Of a model that thinks as another method does: its end token, then an answer in its own mark. As
// released (lvr-spec 5.3): <|lvr_start|>...<|lvr_end|>, blanks, <answer>...</answer> and then at
// most one newline; no newline inside the two gaps.
double formatReward(const std::string& completion, const GoldAnswer& gold);

struct GrpoRecord;
struct RolloutGroup;

// Names of all rewards of a training in the order of their weights: options.rewards, then commands
// that are not among them. Throws Error: a name that there isn't or that comes twice, or weights
// that don't fit.
std::vector<std::string> rewardsOf(const GrpoOptions& options);

// What completions are worth: the built-in rewards and the commands that options name, each by its
// weight. Commands live as long as this does.
class Rewards {
public:
    // Starts the commands. Throws as rewardsOf.
    explicit Rewards(const GrpoOptions& options);

    // Fills in each group's rewards and their weighted sums. step: that it is to become;
    // firstGroup: number of the first group in it. Throws RewardFailed; Cancelled.
    void judge(std::vector<RolloutGroup>& groups, int step, int firstGroup,
               const std::stop_token& stop);
    // Whether the commands answer, before there is anything to lose: asks them about the record's
    // expected answer, as the completion of step 0. Throws as judge.
    void tryOn(const GrpoRecord& record, const std::stop_token& stop);

private:
    struct One {
        std::string name;
        double weight = 1;
        Reward builtIn = nullptr;  // else a command's
        std::unique_ptr<RewardProcess> command;
    };
    std::vector<One> all_;
};

}  // namespace lvr
