#pragma once

#include <string>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// Generated positions as one line for a terminal: latents as their number, line breaks as "\n".
//     <|lvr_start|>[4 latents]<|lvr_end|><answer>red</answer>
std::string saidText(const std::vector<RolloutToken>& tokens);
// A rollout in three lines: what was asked, what was said, what it was worth.
std::string rolloutText(const Rollout& rollout);
// A probe question in three lines likewise.
std::string sampleText(const SampleRow& sample);
// Of a step's rollouts, `most` that are evenly apart, one after the other.
std::string someRollouts(const std::vector<Rollout>& rollouts, int most);

}  // namespace lvr
