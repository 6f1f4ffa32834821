#pragma once

#include <stop_token>

#include "core/train/train_state.h"
#include "core/train/training_set.h"
#include "core/values/train_options.h"

namespace lvr {

struct SftResult {
    std::map<std::string, double> accuracy;  // per kind, running, on training questions
    bool reachedGoal = false;
};

struct SftHooks {
    OnTrainReport onReport = [](const TrainReport&) {};
    // Called every saveEvery steps (0: never) and when a stop is requested, with what is needed
    // beside the weights of `checkpoint` to go on from there.
    std::function<void(int step, const TrainState&)> onSave = {};
    int saveEvery = 0;
    std::optional<TrainState> resume = {};  // goes on from here, to the same numbers bit for bit
    std::stop_token stop = {};
};

// Supervised fine-tuning of the language model of `checkpoint` in place, vision tower frozen
// (lvr-spec 3; recipe for the losses and the own-latent pass). Throws Cancelled, and Error when the
// state to resume is of other data.
SftResult trainSft(LvrCheckpoint& checkpoint, const EncodedSet& set, const SftOptions& options,
                   const SftHooks& hooks);

}  // namespace lvr
