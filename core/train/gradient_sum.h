#pragma once

#include <memory>
#include <vector>

#include "core/train/distributed.h"

namespace lvr {

// Sums the gradients of `parameters` over all ranks, in buckets that are sent as soon as the
// backward pass has filled them. Where Ranks::sumsAtOwners(), only the owner of a parameter (a
// rank) has its gradient then, the others none.
class GradientSum {
public:
    GradientSum(const Ranks& ranks, std::vector<torch::Tensor> parameters, std::vector<int> owners);
    ~GradientSum();
    GradientSum(const GradientSum&) = delete;
    GradientSum& operator=(const GradientSum&) = delete;
    // Before the last backward pass of a step: gradients are whole when it is through with them.
    void expectLast();
    // After it. A parameter without a gradient on this rank has zeros.
    void finish();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace lvr
