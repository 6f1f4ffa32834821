#pragma once

#include <stop_token>
#include <vector>

#include "core/grpo/policy_loss.h"
#include "core/grpo/replay.h"
#include "core/grpo/rollout.h"

namespace lvr {

// Groups that are learnt from in one pass, and what does not change meanwhile.
struct Lesson {
    std::vector<const RolloutGroup*> groups;
    Replay replay;           // of all of them, for the policy and the reference
    PolicyLossInputs fixed;  // of their rows in order: all but the policy's own log-probabilities
};

// What a step learns from, on this rank, and what its losses are averaged over, on all.
struct LessonPlan {
    std::vector<Lesson> lessons;
    LossScale scale;
    double tokens = 0;  // of all ranks' lessons
};

struct PolicyAndReference {
    const LvrModel& policy;
    const LvrModel& reference;
};

// A group whose rewards are all alike has nothing to tell but its KL. A lesson holds as many groups
// as GrpoOptions::microTokens positions allow, one where latents are recomputed. Collective. Throws
// Cancelled when one rank is asked to stop.
LessonPlan planLessons(const PolicyAndReference& models, const std::vector<RolloutGroup>& groups,
                       const GrpoOptions& options, const Ranks& ranks, const std::stop_token& stop);

}  // namespace lvr
