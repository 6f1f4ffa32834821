#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "core/train/train_state.h"

namespace lvr {

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

}  // namespace lvr
