#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "core/model/lvr_checkpoint.h"
#include "core/values/causal.h"
#include "core/values/options.h"

namespace lvr {

class RecentPrompts;

// Called on the caller's thread.
struct CausalHooks {
    std::function<void(const CausalPanel&)> onUntouched = {};        // when the own answer is known
    std::function<void(const InterventionOutcome&)> onOutcome = {};  // in the order asked
    std::stop_token stop = {};
    bool looks = true;                // also early answers, neighbours, influence, projection
    RecentPrompts* recent = nullptr;  // what is known of the question already
};

// Asks one question and then what each intervention makes of it. The prompt is read once; the
// interventions are rows of one batch that go on from there (PictureBlack and TargetOccluded read
// their own pictures). Throws Error as encodeQuestion does, and Cancelled.
CausalPanel causalPanel(const LvrCheckpoint& checkpoint, const CausalQuestion& question,
                        const DecodeOptions& options,
                        const std::vector<Intervention>& interventions,
                        const CausalHooks& hooks = {});

// What an answer lends to another question. Throws as causalPanel does, and where it did not think.
CausalDonor donorFrom(const LvrCheckpoint& checkpoint, const Question& question,
                      const DecodeOptions& options, const std::string& from,
                      std::stop_token stop = {}, RecentPrompts* recent = nullptr);

}  // namespace lvr
