#pragma once

#include <torch/types.h>

#include <functional>
#include <utility>
#include <vector>

#include "core/checkpoint/model_config.h"
#include "core/model/layers.h"

namespace lvr {

// Keys and values of the positions already read, per layer [B, KV heads, S, head_dim].
class KvCache {
public:
    // Room for `capacity` positions is reserved once and written in place. Without a capacity the
    // cache grows by concatenation, through which gradients flow.
    explicit KvCache(std::int64_t capacity = 0) : capacity_(capacity) {}

    std::int64_t length() const { return length_; }
    // Called by layer `layer` with this pass' [B, KV, T, d]; returns all positions including them.
    std::pair<torch::Tensor, torch::Tensor> extend(std::size_t layer, const torch::Tensor& keys,
                                                   const torch::Tensor& values);
    // What layer `layer` holds, [B, KV, S, d] each; undefined before it was read.
    std::pair<torch::Tensor, torch::Tensor> of(std::size_t layer) const {
        return layer < keys_.size() ? std::pair(keys_[layer], values_[layer])
                                    : std::pair<torch::Tensor, torch::Tensor>();
    }
    void advance(std::int64_t positions) { length_ += positions; }  // after the last layer

    // Row i of the new cache is row rows[i] of this one. rows: [B'] int64. For forking a prefix and
    // for dropping finished rows.
    KvCache select(const torch::Tensor& rows) const;
    // The same with room for `capacity` positions; what was read is copied, nothing is shared.
    KvCache fork(const torch::Tensor& rows, std::int64_t capacity) const;
    // The same for a look ahead by at most `positions`: what is read is forgotten with the returned
    // cache. Nothing is copied where the rows are all of this one and it has room.
    KvCache ahead(const torch::Tensor& rows, std::int64_t positions) const;

private:
    std::pair<torch::Tensor, torch::Tensor> grow(std::size_t layer, const torch::Tensor& keys,
                                                 const torch::Tensor& values);
    std::int64_t capacity_;
    std::int64_t length_ = 0;
    std::vector<torch::Tensor> keys_, values_;
};

using Tensors = std::vector<torch::Tensor>;

// What `work` makes of the inputs, of which nothing is kept for the backward pass but the inputs
// themselves: the work is done again there (activation checkpointing). Gradients are the same.
// parameters: what else has a gradient and is read by `work`. All are defined.
Tensors recomputed(std::function<Tensors(const Tensors& inputs)> work, const Tensors& inputs,
                   const Tensors& parameters);

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

struct TextAttention {
    TextAttention(const Parameters& parameters, const TextConfig& config);
    torch::Tensor operator()(const torch::Tensor& x, const Rotary& rotary, std::size_t layer,
                             const Context& context) const;
    Linear q, k, v, o;
    std::int64_t heads, kvHeads, headDim;
};

struct DecoderLayer {
    DecoderLayer(const Parameters& parameters, const TextConfig& config);
    torch::Tensor operator()(torch::Tensor x, const Rotary& rotary, std::size_t layer,
                             const Context& context) const;
    RmsNorm inputNorm, postAttentionNorm;
    TextAttention attention;
    GatedMlp mlp;
};

// Qwen2.5's decoder: GQA, multimodal RoPE, pre-norm.
class LanguageModel {
public:
    LanguageModel(const Parameters& model, const Parameters& root, const TextConfig& config);

    torch::Tensor embed(const torch::Tensor& ids) const;  // [...] int64 -> [..., D]
    // embeddings: [B, T, D]; positions: [3, B, T] (t, h, w) -> [B, T, D] after the final norm
    torch::Tensor hidden(const torch::Tensor& embeddings, const torch::Tensor& positions,
                         const Context& context) const;
    torch::Tensor logits(const torch::Tensor& hidden) const;  // [..., D] -> [..., V]
    const torch::Tensor& lmHead() const { return lmHead_; }   // [V, D]

private:
    Rotary rotaryOf(const torch::Tensor& positions) const;
    torch::Tensor recomputedLayer(std::size_t layer, const torch::Tensor& x, const Rotary& rotary,
                                  const Context& context,
                                  std::optional<std::uint64_t> number) const;

    TextConfig config_;
    torch::Tensor embedTokens_;                                // [V, D]
    std::vector<std::vector<torch::Tensor>> layerParameters_;  // adapters included
    std::vector<DecoderLayer> layers_;
    RmsNorm norm_;
    torch::Tensor lmHead_;  // [V, D]; the embedding itself when tied
};

}  // namespace lvr
