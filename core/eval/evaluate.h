#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/causal/intervention.h"
#include "core/model/lvr_checkpoint.h"
#include "core/values/sample.h"

namespace lvr {

struct EvalItem {
    Sample sample;
    std::optional<Sample> donor;  // another question on the same picture, for Transplant
    enum class Chain { No, Yes } chain = Chain::No;  // later latents follow from the first
};

struct EvalOutcome {
    std::string answer;
    std::string expected;  // the donor's answer under Transplant
    bool right = false;    // as isRightAnswer judges
    int latents = 0;       // fed
    bool saidEnd = false;  // the last of them was near the latent end
    int targets = 0;       // regions the question needs
    int hits = 0;          // latents whose nearest visual token lies in their own target's region
    bool stoppedExactly() const { return latents - saidEnd == targets; }
};

struct EvalProgress {
    int done = 0, total = 0;
};

// Asks every item, with all of its pictures, in batches; items should be of one kind. Swap asks
// each twice and gives it the latents of a question on another picture. Throws Cancelled, also
// between two tokens, and Error where an intervention has nothing to feed.
std::vector<EvalOutcome> evaluate(const LvrCheckpoint& checkpoint,
                                  const std::vector<EvalItem>& items, const DecodeOptions& options,
                                  Intervention intervention,
                                  const std::function<void(EvalProgress)>& onProgress = {},
                                  const std::stop_token& stop = {});

}  // namespace lvr
