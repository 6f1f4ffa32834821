#pragma once

#include <torch/types.h>

#include <map>
#include <string>

#include "core/sft/pass.h"

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

}  // namespace lvr
