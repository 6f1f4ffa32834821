#include "core/train/optimizer.h"

#include <ATen/ops/_fused_adamw.h>
#include <torch/torch.h>

#include <cmath>
#include <numbers>

namespace lvr {

AdamW::AdamW(std::vector<torch::Tensor> parameters, double weightDecay, double beta2)
    : parameters_(std::move(parameters)), weightDecay_(weightDecay), beta2_(beta2) {
    for (const auto& p : parameters_) {
        averages_.push_back(torch::zeros_like(p));
        squares_.push_back(torch::zeros_like(p));
        steps_.push_back(torch::zeros({}, torch::kFloat32));
    }
}

void AdamW::zeroGrad() {
    for (auto& p : parameters_) p.mutable_grad() = torch::Tensor();
}

double AdamW::step(double learningRate, double maxNorm) {
    const torch::NoGradGuard off;
    std::vector<torch::Tensor> values, gradients, averages, squares, steps, norms;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        if (!parameters_[i].grad().defined()) continue;
        values.push_back(parameters_[i]);
        gradients.push_back(parameters_[i].grad());
        averages.push_back(averages_[i]);
        squares.push_back(squares_[i]);
        steps.push_back(steps_[i]);
        norms.push_back(gradients.back().norm());
    }
    if (norms.empty()) return 0;
    const double norm = torch::stack(norms).norm().item<double>();
    if (!std::isfinite(norm)) return norm;
    if (norm > maxNorm)
        for (auto& gradient : gradients) gradient.mul_(maxNorm / norm);
    torch::_foreach_add_(steps, 1.0);
    torch::_fused_adamw_(values, gradients, averages, squares, {}, steps, learningRate, 0.9, beta2_,
                         weightDecay_, 1e-8, /*amsgrad=*/false, /*maximize=*/false);
    return norm;
}

void AdamW::save(TrainState& state) const {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const auto name = "adamw/" + std::to_string(i) + "/";
        state.tensors[name + "exp_avg"] = averages_[i];
        state.tensors[name + "exp_avg_sq"] = squares_[i];
        state.tensors[name + "step"] = steps_[i];
    }
}

void AdamW::load(const TrainState& state) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const auto name = "adamw/" + std::to_string(i) + "/";
        averages_[i].copy_(state.tensor(name + "exp_avg"));
        squares_[i].copy_(state.tensor(name + "exp_avg_sq"));
        steps_[i].copy_(state.tensor(name + "step"));
    }
}

double cosineSchedule(int step, int total, int warmup, double peak, double floor) {
    if (step < warmup) return peak * (step + 1) / warmup;
    const double done = static_cast<double>(step - warmup) / std::max(1, total - warmup);
    return peak *
           (floor + (1 - floor) * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, done))));
}

}  // namespace lvr
