#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/grpo/reward.h"
#include "core/grpo/reward_process.h"
#include "core/values/train_options.h"

namespace lvr {

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
