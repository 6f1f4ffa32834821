#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/lvr_checkpoint.h"
#include "core/values/intervention.h"
#include "core/values/options.h"
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
    int encoded = 0, read = 0;  // questions whose pictures, whose prompts went through the model
};

// Whether a whole set can be asked with it: own, other-picture, zero, noise, oracle, snap,
// transplant. The others need a panel of one question.
bool isEvaluated(InterventionKind intervention);

// Asks every item, with all of its pictures, in batches; items should be of one kind. OtherPicture
// asks each twice, and Transplant another question before each: as far as there is room, pictures
// go through the vision tower once, and a prompt is read once (roomForRecentPrompts). Throws
// Cancelled, also between two tokens, and Error where an intervention has nothing to feed, and for
// one that isEvaluated refuses.
std::vector<EvalOutcome> evaluate(const LvrCheckpoint& checkpoint,
                                  const std::vector<EvalItem>& items, const DecodeOptions& options,
                                  InterventionKind intervention,
                                  const std::function<void(EvalProgress)>& onProgress = {},
                                  const std::stop_token& stop = {});

}  // namespace lvr
