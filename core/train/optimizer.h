#pragma once

#include <torch/types.h>

#include <vector>

#include "core/train/train_state.h"

namespace lvr {

// AdamW (eps 1e-8) through LibTorch's fused kernel. Parameters must require grad.
class AdamW {
public:
    AdamW(std::vector<torch::Tensor> parameters, double weightDecay, double beta2 = 0.98);
    void zeroGrad();
    // Scales the gradients to at most `maxNorm` together, then updates. Returns the norm before.
    // A step whose norm is not finite changes nothing.
    double step(double learningRate, double maxNorm);
    void save(TrainState& state) const;
    void load(const TrainState& state);

private:
    std::vector<torch::Tensor> parameters_, averages_, squares_, steps_;
    double weightDecay_, beta2_;
};

// Linear warm-up to `peak`, then a cosine to `floor` * peak at `total`.
double cosineSchedule(int step, int total, int warmup, double peak, double floor);

}  // namespace lvr
