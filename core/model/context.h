#pragma once

#include <torch/types.h>

#include <vector>

#include "core/model/kv_cache.h"

namespace lvr {

class LoraDropout;
struct PassWatch;

// What one forward pass may look at besides the newest positions.
struct Context {
    KvCache* cache = nullptr;  // extended by the pass
    // [B, 1, T, S] or broadcastable, bool, true = may look; S counts the cached positions too.
    // Undefined: causal.
    torch::Tensor mask;
    // Where gradients are on: a layer's activations are not kept but computed again in the backward
    // pass. Needs a cache without a capacity, or none.
    bool recompute = false;
    LoraDropout* dropout = nullptr;                      // of the adapters, if any
    const PassWatch* watch = nullptr;                    // of what is asked and may be stopped
    std::vector<torch::Tensor>* layerOutputs = nullptr;  // filled for parity tests, [B, T, D] each
    // Filled with what each position attends to: [B, T, S] float32 a layer, averaged over heads.
    // Costs as much as the attention itself: for a few positions.
    std::vector<torch::Tensor>* attention = nullptr;
};

}  // namespace lvr
