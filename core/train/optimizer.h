#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "core/train/distributed.h"
#include "core/train/train_state.h"
#include "core/values/train_options.h"

namespace lvr {

// A running mean of an optimiser: float32, or 8 bits an element.
//
// 8 bits: blocks of 256 elements share a scale, their largest magnitude; a code is a logarithm, 8
// or 6 levels an octave (positive means, signed means). What lies between two levels is rounded to
// one of them at random, so that a change smaller than a level counts on average: rounded to the
// nearest, a mean that moves by a thousandth a step would never move. What lies below the lowest
// level is nothing in a signed mean, and the lowest level in a positive one: AdamW divides by its
// root, and where that were nothing a first mean that is still something would be a jump.
class Moment {
public:
    enum class Kind { Signed, Positive };
    enum class Bits { Float32, Eight };
    Moment() = default;
    // Zeros. Few elements are float32 whatever is asked for.
    Moment(const torch::Tensor& like, Kind kind, Bits bits);

    torch::Tensor read()
        const;  // float32; without 8 bits the tensor itself, to be updated in place
    // Keeps what read() gave and the optimiser has updated. random: on the same device.
    void write(const torch::Tensor& value, at::Generator& random);
    bool isEmpty() const { return !float_.defined() && !codes_.defined(); }
    // What a state holds of it: a suffix each.
    std::vector<std::pair<std::string, torch::Tensor>> parts() const;

private:
    int levels() const { return kind_ == Kind::Positive ? 8 : 6; }  // an octave
    int largest() const { return kind_ == Kind::Positive ? 255 : 127; }
    int lowest() const { return kind_ == Kind::Positive ? 1 : 0; }  // of what is not 0

    Kind kind_ = Kind::Signed;
    std::vector<std::int64_t> shape_;
    torch::Tensor float_;   // [shape], or undefined
    torch::Tensor codes_;   // [blocks, 256] uint8; signed: 128 + code or 128 - code
    torch::Tensor scales_;  // [blocks, 1] float32
};

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
