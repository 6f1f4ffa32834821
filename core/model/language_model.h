#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "core/checkpoint/model_config.h"
#include "core/model/context.h"
#include "core/model/layers.h"
#include "core/model/sequence.h"

namespace lvr {

struct TextAttention {
    TextAttention(const Parameters& parameters, const TextConfig& config);
    torch::Tensor operator()(const torch::Tensor& x, const Rotary& rotary, std::size_t layer,
                             const Context& context) const;
    // Leaves keys and values in the cache and computes nothing else.
    void remember(const torch::Tensor& x, const Rotary& rotary, std::size_t layer,
                  const Context& context) const;
    torch::Tensor split(const torch::Tensor& y, std::int64_t count) const;
    // Queries or keys, [B, T, count * d] -> [B, count, T, d], normalised if at all and rotated.
    torch::Tensor turned(const torch::Tensor& y, const std::optional<RmsNorm>& norm,
                         const Rotary& rotary) const;
    Linear q, k, v, o;
    std::optional<RmsNorm> qNorm, kNorm;  // of each head
    std::int64_t heads, kvHeads, headSize;
};

struct DecoderLayer {
    DecoderLayer(const Parameters& parameters, const TextConfig& config);
    torch::Tensor operator()(torch::Tensor x, const Rotary& rotary, std::size_t layer,
                             const Context& context) const;
    void remember(const torch::Tensor& x, const Rotary& rotary, std::size_t layer,
                  const Context& context) const;
    RmsNorm inputNorm, postAttentionNorm;
    TextAttention attention;
    GatedMlp mlp;
};

// The decoder of a backbone: GQA, multimodal RoPE, pre-norm.
class LanguageModel {
public:
    LanguageModel(const Parameters& model, const Parameters& root, const TextConfig& config);

    torch::Tensor embed(const torch::Tensor& ids) const;  // [...] int64 -> [..., D]
    // [B, T, D] after the final norm
    torch::Tensor hidden(const Sequence& sequence, const Context& context) const;
    torch::Tensor logits(const torch::Tensor& hidden) const;  // [..., D] -> [..., V]
    // [V, D], what logits multiply; a float32 copy where it is kept as integers
    torch::Tensor lmHead() const;

private:
    Rotary rotaryOf(const torch::Tensor& positions) const;
    torch::Tensor recomputedLayer(std::size_t layer, const torch::Tensor& x, const Rotary& rotary,
                                  const Context& context,
                                  std::optional<std::uint64_t> number) const;

    TextConfig config_;
    Weight embedTokens_;                                       // [V, D]
    std::vector<std::vector<torch::Tensor>> layerParameters_;  // adapters included
    std::vector<DecoderLayer> layers_;
    RmsNorm norm_;
    Weight lmHead_;  // [V, D]; the embedding itself when tied
    std::optional<torch::Dtype> activations_;
    // Of the rotary embedding: [d / 2] float32, and which of the axes t, h, w turns each.
    torch::Tensor frequencies_, axisOf_;
};

}  // namespace lvr
