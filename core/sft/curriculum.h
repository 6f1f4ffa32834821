#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "core/sft/pass.h"
#include "core/train/train_state.h"
#include "core/values/train_options.h"

namespace lvr {

// What a step counts per kind of question, and what it adds up. All ranks' together once sumOver
// was called.
class StepTally {
public:
    enum Count { Hits, Slots, OwnHits, OwnSlots, Right, Rows, Targets, kCounts };
    enum Sum {
        Total,
        Nats,
        Labels,
        Answer,
        Marker,
        Latent,
        OwnLatent,
        Stop,
        LatentEndDistance,
        Stopping,  // ranks that are asked to stop
        Tokens,    // of prefixes, each once, and of rows
        kSums
    };
    explicit StepTally(std::size_t kinds);

    void add(Sum what, double value) { sums_.data_ptr<double>()[what] += value; }
    double sum(Sum what) const { return sums_.data_ptr<double>()[what]; }
    torch::Tensor count(Count what) const { return counts_[what]; }  // [kinds] float64
    // One pass: its hits among `slots`, and which of its rows were right.
    void countPass(const SftBatch& batch, const SftPass& pass, Count hits, Count slots);
    // What a part of the step learns from; share: of this pass in the loss.
    void addLosses(const SftPass& pass, double share);
    // What was read and, by the last pass over a part, said.
    void countTokens(const SftBatch& batch, const SftPass& last);
    void sumOver(const Ranks& ranks) const;
    // loss/total is the sum of loss/answer, loss/marker, and by their weights loss/latent (with
    // own: its mean with loss/own-latent), loss/mode_switch and loss/latent_end. Beside it
    // loss/ce: the cross-entropy of all supervised tokens in the last pass, nothing weighted. own:
    // the step had a pass with the model's own latents.
    std::map<std::string, double> losses(bool own, const SftOptions& options) const;

private:
    void count(Count what, int kind, double value) {
        counts_.data_ptr<double>()[what * counts_.size(1) + kind] += value;
    }
    torch::Tensor counts_, sums_;
};

// Running means per kind of question.
class RunningMeans {
public:
    explicit RunningMeans(std::size_t kinds) : value_(kinds, 0.0), seen_(kinds, 0) {}
    double value(std::size_t kind) const { return value_[kind]; }
    std::int64_t seen(std::size_t kind) const { return seen_[kind]; }  // how often it was updated
    // sum, count: [kinds] float64. A kind of count 0 stays.
    void update(const torch::Tensor& sum, const torch::Tensor& count);
    void save(const std::string& name, TrainState& state) const;
    void load(const std::string& name, const TrainState& state);

private:
    std::vector<double> value_;
    std::vector<std::int64_t> seen_;
};

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
