#include "core/model/language_model.h"

#include "core/model/attention.h"
#include "core/model/pass_watch.h"
#include "core/model/quantised_weight.h"
#include "core/model/recomputed.h"
#include "core/model/segments.h"
#include "core/torch.h"

namespace lvr {
namespace {

std::vector<torch::Tensor> tensorsFrom(const std::vector<NamedTensor>& list, std::size_t first) {
    std::vector<torch::Tensor> tensors;
    for (auto i = first; i < list.size(); ++i) tensors.push_back(list[i].second);
    return tensors;
}

PastKeys pastOf(const Context& context, std::size_t layer) {
    if (!context.past) return {};
    const auto [keys, values] = context.past->of(layer);
    return {keys, values};
}

// Those of a tied model are what the head multiplies with, too, and may be integers then.
Weight embeddingsOf(const Parameters& model, const TextConfig& config) {
    const auto embeddings = model.at("embed_tokens");
    if (config.tieWordEmbeddings)
        return embeddings.weight("weight", config.vocabSize, config.hiddenSize);
    return {embeddings("weight", {config.vocabSize, config.hiddenSize}), {}};
}

Weight lmHeadOf(const Parameters& root, const Weight& embeddings, const TextConfig& config) {
    if (config.tieWordEmbeddings) return embeddings;
    return root.at("lm_head").weight("weight", config.vocabSize, config.hiddenSize);
}

Bias biasOf(const TextConfig& config) { return config.traits.qkvBias ? Bias::Yes : Bias::No; }

std::optional<RmsNorm> headNorm(const Parameters& parameters, const TextConfig& config) {
    if (!config.traits.qkNorm) return std::nullopt;
    return RmsNorm(parameters, config.headSize(), config.rmsNormEps);
}

// Which of the axes t, h, w turns each rotary frequency. [d / 2]
std::vector<std::int64_t> rotaryAxes(const TextConfig& config) {
    const auto& section = config.mropeSection;
    std::vector<std::int64_t> axes;
    for (int axis = 0; axis < 3; ++axis) axes.insert(axes.end(), section[axis], axis);
    if (!config.traits.interleavedMrope) return axes;
    for (int i = 0; i < std::ssize(axes); ++i) {
        const int axis = i % 3;
        axes[i] = i < 3 * section[axis] ? axis : 0;
    }
    return axes;
}

}  // namespace

TextAttention::TextAttention(const Parameters& parameters, const TextConfig& config)
    : q(parameters.at("q_proj"), config.hiddenSize, config.numAttentionHeads * config.headSize(),
        biasOf(config)),
      k(parameters.at("k_proj"), config.hiddenSize, config.numKeyValueHeads * config.headSize(),
        biasOf(config)),
      v(parameters.at("v_proj"), config.hiddenSize, config.numKeyValueHeads * config.headSize(),
        biasOf(config)),
      o(parameters.at("o_proj"), config.numAttentionHeads * config.headSize(), config.hiddenSize,
        Bias::No),
      qNorm(headNorm(parameters.at("q_norm"), config)),
      kNorm(headNorm(parameters.at("k_norm"), config)),
      heads(config.numAttentionHeads),
      kvHeads(config.numKeyValueHeads),
      headSize(config.headSize()) {}

// [B, T, count * d] -> [B, count, T, d]
torch::Tensor TextAttention::split(const torch::Tensor& y, std::int64_t count) const {
    return y.view({y.size(0), y.size(1), count, headSize}).transpose(1, 2);
}

torch::Tensor TextAttention::turned(const torch::Tensor& y, const std::optional<RmsNorm>& norm,
                                    const Rotary& rotary) const {
    const auto each = y.view({y.size(0), y.size(1), -1, headSize});  // [B, T, count, d]
    return rotate((norm ? (*norm)(each) : each).transpose(1, 2), rotary);
}

torch::Tensor TextAttention::operator()(const torch::Tensor& x, const Rotary& rotary,
                                        std::size_t layer, const Context& context) const {
    const auto rows = x.size(0), newest = x.size(1);
    const auto all = products(x, {&q, &k, &v});
    const auto queries = turned(all[0], qNorm, rotary);
    auto keys = turned(all[1], kNorm, rotary);
    auto values = split(all[2], kvHeads);
    if (context.cache) std::tie(keys, values) = context.cache->extend(layer, keys, values);
    if (context.attention) context.attention->push_back(attentionOf(queries, keys, context.mask));
    const auto out = context.segments  // [B, H, T, d]
                         ? attend(queries, keys, values, pastOf(context, layer), *context.segments)
                         : attend(queries, keys, values, context.mask);
    return o(out.transpose(1, 2).reshape({rows, newest, heads * headSize}));
}

void TextAttention::remember(const torch::Tensor& x, const Rotary& rotary, std::size_t layer,
                             const Context& context) const {
    const auto both = products(x, {&k, &v});
    context.cache->extend(layer, turned(both[0], kNorm, rotary), split(both[1], kvHeads));
}

DecoderLayer::DecoderLayer(const Parameters& parameters, const TextConfig& config)
    : inputNorm(parameters.at("input_layernorm"), config.hiddenSize, config.rmsNormEps),
      postAttentionNorm(parameters.at("post_attention_layernorm"), config.hiddenSize,
                        config.rmsNormEps),
      attention(parameters.at("self_attn"), config),
      mlp(parameters.at("mlp"), config.hiddenSize, config.intermediateSize, Bias::No) {}

torch::Tensor DecoderLayer::operator()(torch::Tensor x, const Rotary& rotary, std::size_t layer,
                                       const Context& context) const {
    x = added(x, attention(inputNorm(x), rotary, layer, context));
    return added(x, mlp(postAttentionNorm(x)));
}

void DecoderLayer::remember(const torch::Tensor& x, const Rotary& rotary, std::size_t layer,
                            const Context& context) const {
    attention.remember(inputNorm(x), rotary, layer, context);
}

LanguageModel::LanguageModel(const Parameters& model, const Parameters& root,
                             const TextConfig& config)
    : config_(config),
      embedTokens_(embeddingsOf(model, config)),
      layers_([&] {
          std::vector<DecoderLayer> layers;
          for (int i = 0; i < config.numHiddenLayers; ++i) {
              const auto before = model.list().size(), adapted = model.adapter().size();
              layers.emplace_back(model.at("layers").at(std::to_string(i)), config);
              layerParameters_.push_back(tensorsFrom(model.list(), before));
              for (auto& tensor : tensorsFrom(model.adapter(), adapted))
                  layerParameters_.back().push_back(std::move(tensor));
          }
          return layers;
      }()),
      norm_(model.at("norm"), config.hiddenSize, config.rmsNormEps),
      lmHead_(lmHeadOf(root, embedTokens_, config)),
      activations_(root.activations()) {
    const auto dim = config.headSize();
    const auto exponents = torch::arange(0, dim, 2, torch::kFloat32) / static_cast<double>(dim);
    frequencies_ = (1.0 / torch::pow(config.ropeTheta, exponents)).to(embedTokens_.values.device());
    axisOf_ = torch::tensor(rotaryAxes(config)).to(embedTokens_.values.device());
}

torch::Tensor LanguageModel::embed(const torch::Tensor& ids) const {
    if (embedTokens_.isQuantised()) return dequantisedRows(embedTokens_, ids);
    const auto& all = embedTokens_.values;
    const auto rows = torch::embedding(all, ids.to(all.device()));
    return activations_ ? rows.to(*activations_) : rows;
}

// Each rotary frequency turns with one of the three position axes, by mrope_section.
Rotary LanguageModel::rotaryOf(const torch::Tensor& positions) const {
    const auto axes = positions.to(frequencies_.device(), torch::kFloat32);  // [3, B, T]
    const auto half = axes.index_select(0, axisOf_).permute({1, 2, 0}) * frequencies_;
    const auto full = torch::cat({half, half}, -1).unsqueeze(1);  // [B, 1, T, d]
    return {full.cos(), full.sin()};
}

torch::Tensor LanguageModel::hidden(const Sequence& sequence, const Context& context) const {
    const auto &embeddings = sequence.embeddings, &positions = sequence.positions;
    TORCH_CHECK(embeddings.dim() == 3 && embeddings.size(2) == config_.hiddenSize, "embeddings ",
                embeddings.sizes(), ", hidden_size ", config_.hiddenSize);
    TORCH_CHECK(positions.dim() == 3 && positions.size(0) == 3 &&
                    positions.size(1) == embeddings.size(0) &&
                    positions.size(2) == embeddings.size(1),
                "positions ", positions.sizes(), " for embeddings ", embeddings.sizes());
    const auto rotary = rotaryOf(positions);
    auto x = embeddings;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        if (context.watch && !context.watch->goesOn(i, layers_.size())) break;
        const auto number = context.dropout ? context.dropout->next() : std::nullopt;
        if (context.onlyCache && i + 1 == layers_.size()) {
            const LoraDropout::Layer leaving(context.dropout, number);
            layers_[i].remember(x, rotary, i, context);
            context.cache->advance(x.size(1));
            return {};
        }
        if (context.recompute && torch::GradMode::is_enabled()) {
            x = recomputedLayer(i, x, rotary, context, number);
        } else {
            const LoraDropout::Layer leaving(context.dropout, number);
            x = layers_[i](x, rotary, i, context);
        }
        x = sequence.deepstack.addedTo(x, i);
        if (context.layerOutputs) context.layerOutputs->push_back(x);
    }
    if (context.cache) context.cache->advance(x.size(1));
    return norm_(x);
}

// The layer reads and extends a cache of its own, whose past is an input and whose newest positions
// are outputs, so that gradients reach the pass that made the past. What a pass of segments only
// reads is an input, too.
torch::Tensor LanguageModel::recomputedLayer(std::size_t layer, const torch::Tensor& x,
                                             const Rotary& rotary, const Context& context,
                                             std::optional<std::uint64_t> number) const {
    const auto newest = x.size(1);
    const auto work = [&decoder = layers_[layer], rotary, mask = context.mask, newest,
                       segments =
                           context.segments ? std::optional(*context.segments) : std::nullopt,
                       reads = context.past != nullptr, dropout = context.dropout,
                       number](const Tensors& inputs) -> Tensors {
        const LoraDropout::Layer leaving(dropout, number);
        KvCache cache, past;
        if (inputs.size() > 1) (reads ? past : cache).extend(0, inputs[1], inputs[2]);
        const auto out = decoder(inputs[0], rotary, 0,
                                 {.cache = &cache,
                                  .mask = mask,
                                  .past = reads ? &past : nullptr,
                                  .segments = segments ? &*segments : nullptr});
        const auto [keys, values] = cache.of(0);
        return {out, keys.narrow(2, keys.size(2) - newest, newest),
                values.narrow(2, values.size(2) - newest, newest)};
    };
    Tensors inputs{x};
    if (const auto* before = context.past ? context.past : context.cache)
        if (const auto [keys, values] = before->of(layer); keys.defined())
            inputs.insert(inputs.end(), {keys, values});
    const auto outputs = recomputed(work, inputs, layerParameters_[layer]);
    if (context.cache) context.cache->extend(layer, outputs[1], outputs[2]);
    return outputs[0];
}

torch::Tensor LanguageModel::logits(const torch::Tensor& hidden) const {
    return product(hidden, lmHead_);
}

torch::Tensor LanguageModel::lmHead() const {
    return lmHead_.isQuantised() ? dequantised(lmHead_) : lmHead_.values;
}

}  // namespace lvr
