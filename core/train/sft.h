#pragma once

#include <stop_token>

#include "core/train/training_set.h"
#include "core/values/train_options.h"

namespace lvr {

struct SftResult {
    std::map<std::string, double> accuracy;  // per kind, running, on training questions
    bool reachedGoal = false;
};

// Supervised fine-tuning of the language model of `checkpoint` in place, vision tower frozen
// (lvr-spec 3; recipe for the losses and the own-latent pass). Throws Cancelled.
SftResult trainSft(LvrCheckpoint& checkpoint, const EncodedSet& set, const SftOptions& options,
                   const OnTrainReport& onReport, const std::stop_token& stop = {});

}  // namespace lvr
