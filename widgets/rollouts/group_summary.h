#pragma once

#include <QString>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// What a group can teach: only one with different rewards has an advantage to learn from.
enum class GroupOutcome { Mixed, AllRight, AllWrong, Alike };

// The rollouts of one question of a step. They stay the caller's.
struct GroupSummary {
    int group = 0;
    std::vector<const Rollout*> rollouts;  // never empty
    const Rollout* best = nullptr;         // first of the highest reward
    double mean = 0, deviation = 0;        // of the rewards; the deviation as GRPO takes it (n - 1)
    GroupOutcome outcome = GroupOutcome::Alike;
};

// By group, in the order they come in.
std::vector<GroupSummary> groupsOf(const std::vector<Rollout>& rollouts);

// Right by its accuracy reward, or, where that was not used, by any reward above 0.
bool isRight(const Rollout& rollout);
// A thought was begun and no end token follows it.
bool isUnclosed(const Rollout& rollout);
int latentCount(const Rollout& rollout);

QString markOf(GroupOutcome outcome);          // one sign, for a narrow column
QString nameOf(GroupOutcome outcome);          // "mixed"
QString tipOf(GroupOutcome outcome);           // a sentence: what it means for the training
QString exitText(const std::string& stopped);  // of Rollout::stopped, for a person

// Which rollouts a person wants to see.
struct RolloutFilter {
    double lowest = -1e9, highest = 1e9;  // reward, both included
    bool mixedOnly = false;               // groups
    bool unclosedOnly = false;
    QString text;  // in question, known answer or completion; case does not matter
    bool operator==(const RolloutFilter&) const = default;
};
bool passes(const RolloutFilter& filter, const Rollout& rollout);
// Groups with the rollouts that pass; those with none are left out. Mean, deviation, outcome and
// best stay those of the whole group.
std::vector<GroupSummary> filtered(const std::vector<GroupSummary>& groups,
                                   const RolloutFilter& filter);

}  // namespace lvr
