#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lvr {

// Stage 0: the vision tower learns to say what is in each cell, in the language model's words.
struct AlignOptions {
    int steps = 300;
    int picturesPerStep = 16;
    double learningRate = 3e-3;
    int warmupSteps = 20;
    std::uint64_t seed = 0;
};

// What stands in the latent slots. Lvr: the method. Filler: the same slots and targets, but the
// <|lvr|> embedding is fed instead of the latent. Plain: no slots at all.
enum class Twin { Lvr, Filler, Plain };
// Ramp: once teacher-forced latents hit, a second pass is fed with the model's own outputs of the
// first, gradient through both. Off: teacher forcing alone, as published.
enum class OwnLatents { Off, Ramp };
// How far a latent is from its target (lvr-spec 3.3).
enum class LatentLoss { Mse, Mae, Cosine };

struct SftOptions {
    Twin twin = Twin::Lvr;
    OwnLatents ownLatents = OwnLatents::Ramp;
    LatentLoss latentLoss = LatentLoss::Mse;
    // The learning rate is held until the running accuracy of every kind reaches `goal`, or for
    // `steps`; then it falls to 5 % along a cosine of `coolDownSteps`. A kind is drawn by its
    // weight * (.5 + 3 (1 - accuracy)): what is learnt makes room for what lags.
    int steps = 1600;
    int coolDownSteps = 250;
    double goal = 0.95;
    double learningRate = 2e-3;
    int warmupSteps = 30;
    int picturesPerStep = 8;
    int questionsPerPicture = 8;
    // lambda on the mean over slots and channels. The paper sums the squared error over channels:
    // its lambda is this one / hidden_size.
    double latentWeight = 10;
    double markerWeight = 1;   // cross-entropy of everything but the answer
    double stopWeight = 0.3;   // binary cross-entropy of the raw lvr_end logit at every slot
    double extraSlots = 0.25;  // share of records with more slots than targets
    int positionGap = 6;       // largest random gap in the positions before the first slot
    std::map<std::string, double> kindWeights;  // how often a kind is drawn; absent = 1
    std::uint64_t seed = 0;
};

// What a field may be. A number: lowest and highest. An enum: the names of its values in order.
struct NumberRange {
    double lowest = 0, highest = 0;
};
using EnumNames = std::vector<std::string>;

// Every option once: visit(name, field, NumberRange | EnumNames, help). The command line and the
// JSON that runs keep walk this list.
template <class Visit>
void forEachField(SftOptions& o, const Visit& visit) {
    constexpr double kMany = 1e9;
    visit("twin", o.twin, EnumNames{"lvr", "filler", "plain"},
          "lvr, or a control: filler (a constant in the slots), plain (no slots)");
    visit("own-latents", o.ownLatents, EnumNames{"off", "ramp"},
          "ramp: also train on the model's own latents; off: teacher forcing alone");
    visit("loss", o.latentLoss, EnumNames{"mse", "mae", "cosine"},
          "Between a latent and the visual token it should be");
    visit("steps", o.steps, NumberRange{1, kMany},
          "Most steps at the full learning rate; fewer when the goal is reached");
    visit("cool-down", o.coolDownSteps, NumberRange{0, kMany},
          "Steps along which the learning rate then falls");
    visit("goal", o.goal, NumberRange{0, 1}, "Running accuracy every kind must reach");
    visit("lr", o.learningRate, NumberRange{1e-12, 1}, "Full learning rate");
    visit("warm-up", o.warmupSteps, NumberRange{1, kMany}, "Steps to the full learning rate");
    visit("pictures", o.picturesPerStep, NumberRange{1, 1e6}, "Pictures a step");
    visit("questions", o.questionsPerPicture, NumberRange{1, 1e6}, "Questions a picture");
    visit("latent-weight", o.latentWeight, NumberRange{0, 1e6},
          "Of the reconstruction loss, a mean over slots and channels; the paper's lambda times "
          "hidden_size");
    visit("marker-weight", o.markerWeight, NumberRange{0, 1e6},
          "Of the cross-entropy of what is not the answer");
    visit("stop-weight", o.stopWeight, NumberRange{0, 1e6}, "Of the loss on the lvr_end logit");
    visit("extra-slots", o.extraSlots, NumberRange{0, 1},
          "Share of records with more slots than targets");
    visit("position-gap", o.positionGap, NumberRange{0, 1e6},
          "Largest random gap in the positions before the first slot");
    visit("seed", o.seed, NumberRange{0, 9007199254740992}, "Of the data order");
}

struct TrainReport {
    int step = 0, steps = 0;
    double learningRate = 0;
    double samplesPerSecond = 0;
    double secondsLeft = 0;
    std::map<std::string, double> metrics;  // "loss/latent", "accuracy/chain", ...
};
using OnTrainReport = std::function<void(const TrainReport&)>;  // after every step

}  // namespace lvr
