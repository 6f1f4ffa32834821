#pragma once

#include <cstdint>
#include <string>

#include "core/kernels/machine.h"
#include "core/model/lvr_model.h"

namespace lvr {

// What the passes of a model take at best, counted from its matrices as they are kept.
class PassCosts {
public:
    enum class Step { Token, Latent };  // Latent: without the head
    PassCosts(const LvrModel& model, const Ceilings& ceilings)
        : model_(model), ceilings_(ceilings) {}

    // Operations: a multiply-add counts as two.
    double ofPrompt(std::int64_t positions) const;
    double ofVision(double patches) const;
    // Forward and backward of a training's pass over so many positions, logits of `said` of them.
    double ofTraining(std::int64_t positions, std::int64_t said) const;
    // Bytes that a step reads.
    double bytesOf(Step step) const;

    // Seconds at the ceilings.
    double bestOfPrompt(std::int64_t positions) const;
    double bestOfVision(double patches) const;
    double bestOf(Step step, int rows) const;

private:
    double bytesUnder(const std::string& prefix) const;
    double operationsUnder(const std::string& prefix, double rows) const;
    double ofHead(double rows) const;
    double slower(double bytes, double operations) const;

    const LvrModel& model_;
    const Ceilings& ceilings_;
};

}  // namespace lvr
