#pragma once

#include <stop_token>

#include "core/sft/training_set.h"
#include "core/train/distributed.h"
#include "core/train/train_state.h"
#include "core/train/vision_features.h"
#include "core/values/train_options.h"

namespace lvr {

struct SftResult {
    std::map<std::string, double>
        accuracy;  // per kind that was asked, running, on training questions;
                   // with a goal of all kinds, 0 where not asked
    bool reachedGoal = false;
    int skippedQuestions = 0;  // that could not be read, counted each time they were drawn
    int skippedSteps = 0;      // without a finite gradient
};

struct SftHooks {
    OnTrainReport onReport = [](const TrainReport&) {};  // on the first rank
    // Called after every saveEvery-th step (0: never), after the last one, and when a stop is
    // requested, after the last step that was whole, with what is needed beside the weights of
    // `checkpoint` to go on from there. On every rank.
    std::function<void(int step, const TrainState&)> onSave = {};
    int saveEvery = 0;
    // Called on every rank before the first step (as step 0), after every measureEvery-th (0:
    // never) and after the last one, when that step was reported and, if it is to be, saved; also
    // for the step that a resumed training goes on from, which it may have been called for before.
    // False ends the training. Cancelled, the training is saved and goes on with it.
    std::function<bool(int step)> onMeasure = {};
    int measureEvery = 0;
    double measureSamples = 0;  // that it reads: how long it takes before the first was timed
    // Told which records of the set gave a step without a finite gradient, on the rank that read
    // them; what it returns is said in the step's alert.
    std::function<std::string(int step, const std::vector<int>& records)> onNotFinite = {};
    // Reads what to go on from, to the same numbers bit for bit; empty: from the start. Called
    // once, and what it gives is let go when it is loaded.
    std::function<TrainState()> resume = {};
    std::filesystem::path featureCache =
        {};                     // of a frozen vision tower (FeatureCache); empty: none
    std::stop_token stop = {};  // a stop of one rank stops all
    Ranks ranks = {};           // pictures of a step are shared out among them
};

// Supervised fine-tuning of `checkpoint` in place (lvr-spec 3; recipe for the own-latent pass). A
// question that cannot be read is left out of its step and counted. Throws Cancelled, and Error:
// the state to resume is of other data; nothing can be read; too many steps without finite
// gradients.
SftResult trainSft(LvrCheckpoint& checkpoint, const TrainingSet& set, const SftOptions& options,
                   const SftHooks& hooks);

}  // namespace lvr
