#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/sft/running_means.h"
#include "core/sft/step_tally.h"
#include "core/values/train_options.h"

namespace lvr {

// What training has seen of each kind of question so far, and what that means for the next step:
// which kinds are asked more often, how much their answers weigh, whether the model's own latents
// are tried, and whether the goal is reached.
class Curriculum {
public:
    Curriculum(const std::vector<std::string>& kinds, const SftOptions& options);

    std::vector<double> focus() const;  // [kinds] multiplies how often a kind is drawn
    // Each kind's weight of its answers, [kinds]: when targets are fed, and when own latents are.
    std::vector<double> answerWeights() const { return gates(hit_, 0.1); }
    std::vector<double> ownAnswerWeights() const { return gates(ownHit_, 0.0); }
    // One decision for all parts and ranks of a step, given a number drawn from 0..1.
    bool triesOwnLatents(double drawn) const;
    bool reachedGoal() const;
    std::map<std::string, double> accuracy() const;  // by kind, running, on training questions
    std::map<std::string, double> metrics() const;   // "accuracy/KIND", "hit/KIND", "own-hit/KIND"

    void remember(const StepTally& step);
    void save(TrainState& state) const;
    void load(const TrainState& state);

private:
    bool feedsOwnLatents() const;  // at some time
    std::vector<double> gates(const RunningMeans& hit, double least) const;
    std::size_t longestKind() const;
    double hitRate() const;

    const std::vector<std::string>& kinds_;
    const SftOptions& options_;
    RunningMeans hit_, ownHit_, accuracy_;
    RunningMeans targets_;  // a question
};

}  // namespace lvr
