#pragma once

#include "core/model/lvr_model.h"

namespace lvr {

// A model of this configuration with fresh weights, on the CPU in float32. Linears have
// N(0, 1/fan_in), what is added to the residual stream 1/sqrt(2 layers) of that, embeddings
// std .25, the language model's final norm .6. Query weights start near their group's key weights
// and output weights near the transposed value weights, so that attention can copy from the start.
LvrModel initialise(const ModelConfig& config, std::uint64_t seed);

// One tensor of an lvr_head (PyTorch's own initialisation of a linear layer), or
// lvr_latent_end_emb.
torch::Tensor freshPart(const std::string& name, at::IntArrayRef shape, std::uint64_t seed);

}  // namespace lvr
