#include "core/train/optimizer.h"

#include <ATen/ops/_fused_adamw.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace lvr {
namespace {

double progress(int step, int total, int warmup) {
    return std::min(1.0, static_cast<double>(step - warmup) / std::max(1, total - warmup));
}

}  // namespace

std::vector<Trained> trainAt(const std::vector<torch::Tensor>& parameters, double rate) {
    std::vector<Trained> all;
    for (const auto& parameter : parameters) all.push_back({parameter, rate});
    return all;
}

AdamW::AdamW(std::vector<Trained> parameters, double weightDecay, double beta2, const Ranks& ranks)
    : weightDecay_(weightDecay), beta2_(beta2), ranks_(ranks) {
    std::vector<std::int64_t> load(ranks.count(), 0);
    for (auto& trained : parameters) {
        const auto least = std::min_element(load.begin(), load.end());
        *least += trained.tensor.numel();
        Slot slot{.trained = trained, .owner = static_cast<int>(least - load.begin())};
        if (slot.owner == ranks.rank()) {
            const torch::NoGradGuard off;
            const auto floats =
                trained.tensor.options().dtype(torch::kFloat32).requires_grad(false);
            slot.average = torch::zeros(trained.tensor.sizes(), floats);
            slot.square = torch::zeros(trained.tensor.sizes(), floats);
            slot.steps = torch::zeros({}, floats);
            if (trained.tensor.scalar_type() != torch::kFloat32)
                slot.master = trained.tensor.detach().to(torch::kFloat32);
        }
        slots_.push_back(std::move(slot));
    }
}

void AdamW::zeroGrad() {
    for (auto& slot : slots_) slot.trained.tensor.mutable_grad() = torch::Tensor();
}

double AdamW::step(double learningRate, double maxNorm) {
    const torch::NoGradGuard off;
    std::vector<torch::Tensor> gradients, norms;
    for (const auto& slot : slots_) {
        if (!slot.trained.tensor.grad().defined()) continue;
        gradients.push_back(slot.trained.tensor.grad());
        norms.push_back(gradients.back().norm().to(torch::kFloat32));
    }
    if (norms.empty()) return 0;
    const double norm = torch::stack(norms).norm().item<double>();
    if (!std::isfinite(norm)) return norm;
    if (norm > maxNorm)
        for (auto& gradient : gradients) gradient.mul_(maxNorm / norm);
    update(learningRate);
    shareValues();
    return norm;
}

void AdamW::update(double learningRate) {
    struct Lists {
        std::vector<torch::Tensor> values, gradients, averages, squares, steps;
    };
    std::map<double, Lists> byRate;
    for (const auto& slot : slots_) {
        const auto& gradient = slot.trained.tensor.grad();
        if (!gradient.defined() || slot.owner != ranks_.rank()) continue;
        auto& lists = byRate[slot.trained.rate];
        lists.values.push_back(slot.master.defined() ? slot.master : slot.trained.tensor);
        lists.gradients.push_back(gradient.to(torch::kFloat32));
        lists.averages.push_back(slot.average);
        lists.squares.push_back(slot.square);
        lists.steps.push_back(slot.steps);
    }
    for (auto& [rate, lists] : byRate) {
        torch::_foreach_add_(lists.steps, 1.0);
        torch::_fused_adamw_(lists.values, lists.gradients, lists.averages, lists.squares, {},
                             lists.steps, rate * learningRate, 0.9, beta2_, weightDecay_, 1e-8,
                             /*amsgrad=*/false, /*maximize=*/false);
    }
    for (auto& slot : slots_)
        if (slot.master.defined()) slot.trained.tensor.copy_(slot.master);
}

// Every rank's share goes to all the others, as one message.
void AdamW::shareValues() {
    if (ranks_.count() == 1) return;
    for (int owner = 0; owner < ranks_.count(); ++owner) {
        std::map<torch::ScalarType, std::vector<torch::Tensor>> byType;
        for (const auto& slot : slots_)
            if (slot.owner == owner)
                byType[slot.trained.tensor.scalar_type()].push_back(slot.trained.tensor);
        for (auto& [type, tensors] : byType) {
            std::vector<torch::Tensor> flat;
            for (const auto& tensor : tensors) flat.push_back(tensor.detach().flatten());
            const auto message = torch::cat(flat);
            ranks_.broadcast(message, owner);
            std::int64_t at = 0;
            for (auto& tensor : tensors) {
                if (owner != ranks_.rank())
                    tensor.copy_(message.narrow(0, at, tensor.numel()).view(tensor.sizes()));
                at += tensor.numel();
            }
        }
    }
}

void AdamW::save(TrainState& state) const {
    const auto fromOwner = [&](const Slot& slot, const torch::Tensor& kept, bool scalar) {
        const auto shape = scalar ? std::vector<std::int64_t>{} : slot.trained.tensor.sizes().vec();
        auto copy =
            kept.defined() ? kept.to(torch::kCPU).clone() : torch::zeros(shape, torch::kFloat32);
        ranks_.broadcast(copy, slot.owner);
        return copy;
    };
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const auto& slot = slots_[i];
        const auto name = "adamw/" + std::to_string(i) + "/";
        state.tensors[name + "exp_avg"] = fromOwner(slot, slot.average, false);
        state.tensors[name + "exp_avg_sq"] = fromOwner(slot, slot.square, false);
        state.tensors[name + "step"] = fromOwner(slot, slot.steps, true);
        if (slot.trained.tensor.scalar_type() != torch::kFloat32)
            state.tensors[name + "master"] = fromOwner(slot, slot.master, false);
    }
}

void AdamW::load(const TrainState& state) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        auto& slot = slots_[i];
        if (slot.owner != ranks_.rank()) continue;
        const auto name = "adamw/" + std::to_string(i) + "/";
        slot.average.copy_(state.tensor(name + "exp_avg"));
        slot.square.copy_(state.tensor(name + "exp_avg_sq"));
        slot.steps.copy_(state.tensor(name + "step"));
        if (slot.master.defined()) slot.master.copy_(state.tensor(name + "master"));
    }
}

double cosineSchedule(int step, int total, int warmup, double peak, double floor) {
    if (step < warmup) return peak * (step + 1) / warmup;
    return peak * (floor + (1 - floor) * 0.5 *
                               (1 + std::cos(std::numbers::pi * progress(step, total, warmup))));
}

double linearSchedule(int step, int total, int warmup, double peak, double floor) {
    if (step < warmup) return peak * (step + 1) / warmup;
    return peak * (1 - (1 - floor) * progress(step, total, warmup));
}

}  // namespace lvr
