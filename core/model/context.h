#pragma once

#include <torch/types.h>

#include <vector>

#include "core/model/kv_cache.h"

namespace lvr {

class LoraDropout;
class Segments;
struct PassWatch;

// What one forward pass may look at besides the newest positions.
struct Context {
    KvCache* cache = nullptr;  // extended by the pass
    // [B, 1, T, S] or broadcastable, bool, true = may look; S counts the cached positions too.
    // Undefined: causal.
    torch::Tensor mask;
    // Several texts in one pass of one row, in the place of a mask: none sees another. With a cache
    // that holds nothing yet, or with `past`: what an earlier pass left and this one only reads.
    const KvCache* past = nullptr;
    const Segments* segments = nullptr;
    // Nothing is asked but what the cache holds then: the last layer stops after its keys and
    // values, and nothing is returned.
    bool onlyCache = false;
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
