#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/lvr_checkpoint.h"
#include "core/train/distributed.h"
#include "core/train/train_state.h"
#include "core/values/run.h"
#include "core/values/train_options.h"

namespace lvr {

class Rewards;

// A question whose answer is known. Boxes are not looked at, but told to reward commands.
struct GrpoRecord {
    std::string name;  // for errors
    std::string kind;
    std::vector<std::filesystem::path> images;
    std::string question;
    std::string answer;
    int source = 0;               // of several data the one it is of
    std::vector<Box> boxes = {};  // told to reward commands
};

// GrpoOptions::epochs as a number of steps.
int stepsOfEpochs(double epochs, std::size_t records, const GrpoOptions& options);

struct GrpoHooks {
    std::function<void(const TrainReport&, const std::vector<Rollout>&)> onReport =
        [](const TrainReport&, const std::vector<Rollout>&) {};
    std::function<void(int step, const TrainState&)> onSave = {};
    int saveEvery = 0;                             // steps; 0: never
    std::function<bool(int step)> onMeasure = {};  // both as in SftHooks
    int measureEvery = 0;
    double measureSamples = 0;  // that it reads: how long it takes before the first was timed
    std::function<std::string(int step, const std::vector<int>& records)> onNotFinite = {};
    std::function<TrainState()> resume = {};  // as SftHooks::resume
    std::stop_token stop = {};                // a stop of one rank stops all
    std::filesystem::path featureCache = {};  // of the vision tower (FeatureCache); empty: none
    // Of each of several data, in the questions that are drawn; none: all records are alike.
    std::vector<double> shares = {};
    Ranks ranks = {};            // questions of a step are shared out among them, groups whole
    Rewards* rewards = nullptr;  // those of the options, with their commands; nullptr: made anew
};

// GRPO_latent (lvr-spec 5.1): rolls out a group of answers to each question with their latents,
// rewards them, and learns from log-probabilities of a replay with those latents put in. Trains the
// language model of `checkpoint` in place, vision tower frozen. reference: the model the training
// began with, for the KL; it reads the image too. Metrics: reward/*, loss/total, kl, clip_ratio/*,
// entropy, completions/*, span/*, latents/*, groups/zero_variance, replay/ratio_error (the largest
// |exp(replayed - rolled out) - 1| before the first update), time/*. A question whose image can't
// be read is left out of its step. Throws Cancelled; RewardFailed, after it has saved; Error for a
// reward that doesn't exist, five steps in a row nothing of which can be read, too many without
// finite gradients, or a state of other data.
void trainGrpo(LvrCheckpoint& checkpoint, const LvrModel& reference,
               const std::vector<GrpoRecord>& records, const GrpoOptions& options,
               const GrpoHooks& hooks);

// As core/sft/schedule's: the learning rate's cosine is planned anew.
std::string lengthen(GrpoOptions& options, int steps, int done);

}  // namespace lvr
