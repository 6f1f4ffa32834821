#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

namespace lvr {

using Tensors = std::vector<torch::Tensor>;

// What `work` makes of the inputs, of which nothing is kept for the backward pass but the inputs
// themselves: the work is done again there (activation checkpointing). Gradients are the same.
// parameters: what else has a gradient and is read by `work`. All are defined.
Tensors recomputed(std::function<Tensors(const Tensors& inputs)> work, const Tensors& inputs,
                   const Tensors& parameters);

}  // namespace lvr
