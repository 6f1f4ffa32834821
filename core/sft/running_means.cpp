#include "core/sft/running_means.h"

#include "core/torch.h"

namespace lvr {
namespace {

constexpr double kMemory = 0.95;  // per step

}  // namespace

void RunningMeans::update(const torch::Tensor& sum, const torch::Tensor& count) {
    const auto* sums = sum.data_ptr<double>();
    const auto* counts = count.data_ptr<double>();
    for (std::size_t k = 0; k < value_.size(); ++k) {
        if (counts[k] == 0) continue;
        const double mean = sums[k] / counts[k];
        value_[k] = seen_[k] ? kMemory * value_[k] + (1 - kMemory) * mean : mean;
        ++seen_[k];
    }
}

void RunningMeans::save(const std::string& name, TrainState& state) const {
    state.tensors[name + "/value"] = torch::tensor(value_, torch::kFloat64);
    state.tensors[name + "/seen"] = torch::tensor(seen_, torch::kInt64);
}

void RunningMeans::load(const std::string& name, const TrainState& state) {
    const auto &value = state.tensor(name + "/value"), &seen = state.tensor(name + "/seen");
    value_.assign(value.data_ptr<double>(), value.data_ptr<double>() + value.numel());
    seen_.assign(seen.data_ptr<std::int64_t>(), seen.data_ptr<std::int64_t>() + seen.numel());
}

}  // namespace lvr
