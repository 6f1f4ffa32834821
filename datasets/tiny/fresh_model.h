#pragma once

#include "core/model/lvr_checkpoint.h"

namespace lvr {

// A model of this configuration with fresh weights, on the CPU in float32. Linears have
// N(0, 1/fan_in), what is added to the residual stream 1/sqrt(2 layers) of that, embeddings
// std .25, the language model's final norm .6. Query weights start near their group's key weights
// and output weights near the transposed value weights, so that attention can copy from the start.
LvrModel initialise(const ModelConfig& config, std::uint64_t seed);

// A genuine model of that backbone with LVR tokens, small enough to train on a CPU in minutes, with
// fresh weights. The tokenizer has the LVR tokens. A scene of 224x224 pixels has 8x8 visual tokens
// whatever the patches: where they are larger, the backbone's least picture is 256x256.
LvrCheckpoint freshCheckpoint(const Backbone& backbone, const Tokenizer& tokenizer,
                              std::uint64_t seed);

}  // namespace lvr
