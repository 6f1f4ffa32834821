#pragma once

#include <torch/types.h>

#include <vector>

#include "core/train/distributed.h"
#include "core/train/moment.h"
#include "core/train/train_state.h"
#include "core/values/train_options.h"

namespace lvr {

// A parameter that is trained, at `rate` times the step's learning rate.
struct Trained {
    torch::Tensor tensor;  // requires grad
    double rate = 1;
    bool decays = true;  // by AdamW's weight decay
};

std::vector<Trained> trainAt(const std::vector<torch::Tensor>& parameters, double rate = 1);

inline Moment::Bits bitsOf(AdamStates states) {
    return states == AdamStates::EightBit ? Moment::Bits::Eight : Moment::Bits::Float32;
}

// AdamW (eps 1e-8) through LibTorch's fused kernel. What is not float32 has a float32 master copy.
// With several ranks each keeps the moments of a share of the parameters only (ZeRO stage 1), those
// that it owns; gradients must be the same on all, or where Ranks::sumsAtOwners() on owners only
// (stage 2).
class AdamW {
public:
    AdamW(std::vector<Trained> parameters, double weightDecay, double beta2 = 0.98,
          const Ranks& ranks = {}, Moment::Bits bits = Moment::Bits::Float32);
    std::vector<int> owners() const;  // a rank for each parameter
    void zeroGrad();
    // Scales the gradients to at most `maxNorm` together (0: not), then updates. Returns the norm
    // before. A step whose norm is not finite changes nothing.
    double step(double learningRate, double maxNorm);
    // The moments of all parameters, wherever they are: a state fits any number of ranks. Every
    // rank must call it; the first has all of them then, its own uncopied.
    void save(TrainState& state) const;
    void load(const TrainState& state);

private:
    struct Slot {
        Trained trained;
        int owner = 0;                // rank
        Moment average, square;       // on the owner
        torch::Tensor steps, master;  // likewise; master: float32, or undefined
    };
    struct Lists;
    void update(double learningRate);
    void update(Lists& lists, double learningRate, double weightDecay) const;
    void shareValues();
    std::vector<std::pair<std::string, torch::Tensor>> kept(const Slot& slot) const;

    std::vector<Slot> slots_;
    double weightDecay_, beta2_;
    Ranks ranks_;
    Moment::Bits bits_;
};

// Of `total` steps: warmup itself, or where it is below 1 that share, rounded up.
int warmupSteps(double warmup, int total);
// Linear warm-up to `peak`, then a cosine to `floor` * peak at `total`.
double cosineSchedule(int step, int total, int warmup, double peak, double floor);
// Linear warm-up to `peak`, then a line to `floor` * peak at `total`.
double linearSchedule(int step, int total, int warmup, double peak, double floor);
// Of a training that goes on to more `steps` than were planned, after `done`: one sentence.
std::string replannedRate(double rate, int steps, int done);

}  // namespace lvr
