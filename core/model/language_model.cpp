#include "core/model/language_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/model/pass_watch.h"
#include "core/torch.h"

namespace lvr {
namespace {

torch::Tensor reserve(const torch::Tensor& like, std::int64_t capacity) {
    auto shape = like.sizes().vec();
    shape[2] = capacity;
    return torch::empty(shape, like.options());
}

using torch::autograd::AutogradContext;

struct Work : torch::CustomClassHolder {
    explicit Work(std::function<Tensors(const Tensors&)> given) : work(std::move(given)) {}
    std::function<Tensors(const Tensors&)> work;
};

struct Recomputed : torch::autograd::Function<Recomputed> {
    static Tensors forward(AutogradContext* context, const c10::intrusive_ptr<Work>& work,
                           std::int64_t inputs, at::TensorList inputsAndParameters) {
        const auto all = inputsAndParameters.vec();
        context->save_for_backward(all);
        context->saved_data["inputs"] = inputs;
        context->saved_data["work"] = c10::IValue::make_capsule(work);
        return work->work({all.begin(), all.begin() + inputs});
    }

    static Tensors backward(AutogradContext* context, Tensors gradients) {
        const auto work =
            c10::static_intrusive_pointer_cast<Work>(context->saved_data["work"].toCapsule());
        const auto count = context->saved_data["inputs"].toInt();
        auto all = context->get_saved_variables();
        for (std::int64_t i = 0; i < count; ++i)
            all[i] = all[i].detach().requires_grad_(all[i].requires_grad());
        const torch::AutoGradMode on(true);
        const auto outputs = work->work({all.begin(), all.begin() + count});
        Tensors wanted, reached, given;
        for (const auto& tensor : all)
            if (tensor.requires_grad()) wanted.push_back(tensor);
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            if (!outputs[i].requires_grad()) continue;
            reached.push_back(outputs[i]);
            given.push_back(gradients[i]);
        }
        auto found = torch::autograd::grad(reached, wanted, given, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
        Tensors back(2);  // of the work itself and the number: none
        std::size_t next = 0;
        for (const auto& tensor : all)
            back.push_back(tensor.requires_grad() ? found[next++] : torch::Tensor());
        return back;
    }
};

// [B, KV, S, d] -> [B, KV * groups, S, d]
torch::Tensor repeatHeads(const torch::Tensor& x, std::int64_t groups) {
    if (groups == 1) return x;
    const auto s = x.sizes();
    return x.unsqueeze(2)
        .expand({s[0], s[1], groups, s[2], s[3]})
        .reshape({s[0], s[1] * groups, s[2], s[3]});
}

// The newest T of S positions, each seeing all before it and itself. [T, S]
torch::Tensor causalMask(std::int64_t newest, std::int64_t all, torch::Device device) {
    return torch::ones({newest, all}, torch::dtype(torch::kBool).device(device)).tril(all - newest);
}

// Many positions after a past, some at a time: a mask of them all would be [T, S] numbers in each
// layer, kept for the backward pass, and half of what it covers is not seen by anybody. One of
// [block, S] is a view for each block. q: [B, H, T, d]; k, v: [B, H, S, d] -> [B, H, T, d]
torch::Tensor attendInBlocks(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                             std::int64_t block) {
    const auto newest = q.size(2), all = k.size(2), past = all - newest;
    const auto mask = torch::zeros({block, all}, q.options().requires_grad(false))
                          .masked_fill_(causalMask(block, all, q.device()).logical_not(),
                                        -std::numeric_limits<double>::infinity());
    std::vector<torch::Tensor> parts;
    for (std::int64_t at = 0; at < newest; at += block) {
        const auto rows = std::min(block, newest - at), seen = past + at + rows;
        parts.push_back(torch::scaled_dot_product_attention(
            q.narrow(2, at, rows), k.narrow(2, 0, seen), v.narrow(2, 0, seen),
            mask.narrow(0, block - rows, rows).narrow(1, all - seen, seen)));
    }
    return torch::cat(parts, 2);
}

// q: [B, H, T, d]; k, v: [B, KV, S, d] -> [B, H, T, d]
torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                     const torch::Tensor& mask) {
    const auto groups = q.size(1) / k.size(1), newest = q.size(2), all = k.size(2);
    if (newest == 1) {  // the query heads of a group read the same keys: no need to repeat those
        const auto grouped = q.view({q.size(0), k.size(1), groups, q.size(3)});
        const auto seen = mask.defined() ? std::optional(mask) : std::nullopt;
        return torch::scaled_dot_product_attention(grouped, k, v, seen).reshape(q.sizes());
    }
    const auto keys = repeatHeads(k, groups), values = repeatHeads(v, groups);
    if (mask.defined()) return torch::scaled_dot_product_attention(q, keys, values, mask);
    if (newest == all)
        return torch::scaled_dot_product_attention(q, keys, values, {}, 0.0, /*is_causal=*/true);
    constexpr std::int64_t kBlock = 512;
    if (newest > kBlock) return attendInBlocks(q, keys, values, kBlock);
    return torch::scaled_dot_product_attention(q, keys, values,
                                               causalMask(newest, all, q.device()));
}

// What attend() weighs the values by, the mean over heads. q: [B, H, T, d]; k: [B, KV, S, d];
// mask as in Context -> [B, T, S]
torch::Tensor attentionOf(const torch::Tensor& q, const torch::Tensor& k,
                          const torch::Tensor& mask) {
    const auto groups = q.size(1) / k.size(1), newest = q.size(2), all = k.size(2);
    const auto keys = repeatHeads(k, groups).to(torch::kFloat32);
    const auto scores = torch::matmul(q.to(torch::kFloat32), keys.transpose(2, 3)) /
                        std::sqrt(static_cast<double>(q.size(3)));  // [B, H, T, S]
    const auto seen = mask.defined() ? mask : causalMask(newest, all, q.device());
    return scores.masked_fill(seen.logical_not(), -std::numeric_limits<double>::infinity())
        .softmax(-1)
        .mean(1);
}

std::vector<torch::Tensor> tensorsFrom(const std::vector<NamedTensor>& list, std::size_t first) {
    std::vector<torch::Tensor> tensors;
    for (auto i = first; i < list.size(); ++i) tensors.push_back(list[i].second);
    return tensors;
}

}  // namespace

std::pair<torch::Tensor, torch::Tensor> KvCache::grow(std::size_t layer, const torch::Tensor& keys,
                                                      const torch::Tensor& values) {
    if (layer == keys_.size()) {
        keys_.push_back(keys);
        values_.push_back(values);
    } else {
        keys_[layer] = torch::cat({keys_[layer], keys}, 2);
        values_[layer] = torch::cat({values_[layer], values}, 2);
    }
    return {keys_[layer], values_[layer]};
}

std::pair<torch::Tensor, torch::Tensor> KvCache::extend(std::size_t layer,
                                                        const torch::Tensor& keys,
                                                        const torch::Tensor& values) {
    TORCH_CHECK(layer <= keys_.size(), "layer ", layer, " skips layer ", keys_.size());
    if (capacity_ == 0) return grow(layer, keys, values);
    const auto added = keys.size(2), end = length_ + added;
    TORCH_CHECK(end <= capacity_, "cache of ", capacity_, " positions asked for ", end);
    if (layer == keys_.size()) {
        keys_.push_back(reserve(keys, capacity_));
        values_.push_back(reserve(values, capacity_));
    }
    keys_[layer].narrow(2, length_, added).copy_(keys);
    values_[layer].narrow(2, length_, added).copy_(values);
    return {keys_[layer].narrow(2, 0, end), values_[layer].narrow(2, 0, end)};
}

KvCache KvCache::select(const torch::Tensor& rows) const {
    KvCache chosen = *this;
    for (auto* tensors : {&chosen.keys_, &chosen.values_})
        for (auto& tensor : *tensors) tensor = tensor.index_select(0, rows);
    return chosen;
}

KvCache KvCache::fork(const torch::Tensor& rows, std::int64_t capacity) const {
    TORCH_CHECK(capacity >= length_, "cache of ", capacity, " positions for ", length_);
    KvCache forked(capacity);
    forked.length_ = length_;
    for (std::size_t layer = 0; layer < keys_.size(); ++layer)
        for (const auto& [from, to] :
             {std::pair(&keys_, &forked.keys_), std::pair(&values_, &forked.values_)}) {
            const auto read = (*from)[layer].narrow(2, 0, length_).index_select(0, rows);
            to->push_back(reserve(read, capacity));
            to->back().narrow(2, 0, length_).copy_(read);
        }
    return forked;
}

KvCache KvCache::ahead(const torch::Tensor& rows, std::int64_t positions) const {
    const auto count = keys_.empty() ? 0 : keys_.front().size(0);
    const bool isAll = torch::equal(rows.to(torch::kCPU), torch::arange(count));
    return isAll && length_ + positions <= capacity_ ? *this : fork(rows, length_ + positions);
}

Tensors recomputed(std::function<Tensors(const Tensors& inputs)> work, const Tensors& inputs,
                   const Tensors& parameters) {
    auto all = inputs;
    all.insert(all.end(), parameters.begin(), parameters.end());
    return Recomputed::apply(c10::make_intrusive<Work>(std::move(work)), std::ssize(inputs),
                             at::TensorList(all));
}

TextAttention::TextAttention(const Parameters& parameters, const TextConfig& config)
    : q(parameters.at("q_proj"), config.hiddenSize, config.numAttentionHeads * config.headDim(),
        Bias::Yes),
      k(parameters.at("k_proj"), config.hiddenSize, config.numKeyValueHeads * config.headDim(),
        Bias::Yes),
      v(parameters.at("v_proj"), config.hiddenSize, config.numKeyValueHeads * config.headDim(),
        Bias::Yes),
      o(parameters.at("o_proj"), config.numAttentionHeads * config.headDim(), config.hiddenSize,
        Bias::No),
      heads(config.numAttentionHeads),
      kvHeads(config.numKeyValueHeads),
      headDim(config.headDim()) {}

torch::Tensor TextAttention::operator()(const torch::Tensor& x, const Rotary& rotary,
                                        std::size_t layer, const Context& context) const {
    const auto rows = x.size(0), newest = x.size(1);
    const auto split = [&](const torch::Tensor& y, std::int64_t count) {
        return y.view({rows, newest, count, headDim}).transpose(1, 2);  // [B, count, T, d]
    };
    const auto queries = rotate(split(q(x), heads), rotary).contiguous();
    auto keys = rotate(split(k(x), kvHeads), rotary);
    auto values = split(v(x), kvHeads);
    if (context.cache) std::tie(keys, values) = context.cache->extend(layer, keys, values);
    if (context.attention) context.attention->push_back(attentionOf(queries, keys, context.mask));
    const auto out = attend(queries, keys, values, context.mask);  // [B, H, T, d]
    return o(out.transpose(1, 2).reshape({rows, newest, heads * headDim}));
}

DecoderLayer::DecoderLayer(const Parameters& parameters, const TextConfig& config)
    : inputNorm(parameters.at("input_layernorm"), config.hiddenSize, config.rmsNormEps),
      postAttentionNorm(parameters.at("post_attention_layernorm"), config.hiddenSize,
                        config.rmsNormEps),
      attention(parameters.at("self_attn"), config),
      mlp(parameters.at("mlp"), config.hiddenSize, config.intermediateSize, Bias::No) {}

torch::Tensor DecoderLayer::operator()(torch::Tensor x, const Rotary& rotary, std::size_t layer,
                                       const Context& context) const {
    x = x + attention(inputNorm(x), rotary, layer, context);
    return x + mlp(postAttentionNorm(x));
}

LanguageModel::LanguageModel(const Parameters& model, const Parameters& root,
                             const TextConfig& config)
    : config_(config),
      embedTokens_(model.at("embed_tokens")("weight", {config.vocabSize, config.hiddenSize})),
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
      lmHead_(config.tieWordEmbeddings
                  ? embedTokens_
                  : root.at("lm_head")("weight", {config.vocabSize, config.hiddenSize})) {}

torch::Tensor LanguageModel::embed(const torch::Tensor& ids) const {
    return torch::embedding(embedTokens_, ids.to(embedTokens_.device()));
}

// Each rotary frequency turns with one of the three position axes, by mrope_section.
Rotary LanguageModel::rotaryOf(const torch::Tensor& positions) const {
    const auto dim = config_.headDim();
    const auto exponents =
        torch::arange(0, dim, 2, torch::dtype(torch::kFloat32).device(embedTokens_.device())) /
        static_cast<double>(dim);
    const auto frequencies = 1.0 / torch::pow(config_.ropeTheta, exponents);  // [d / 2]
    const auto axes = positions.to(embedTokens_.device(), torch::kFloat32);
    std::vector<torch::Tensor> angles;
    std::int64_t start = 0;
    for (int axis = 0; axis < 3; ++axis) {
        const auto width = config_.mropeSection[axis];
        angles.push_back(axes[axis].unsqueeze(-1) * frequencies.narrow(0, start, width));
        start += width;
    }
    const auto half = torch::cat(angles, -1);                     // [B, T, d / 2]
    const auto full = torch::cat({half, half}, -1).unsqueeze(1);  // [B, 1, T, d]
    return {full.cos(), full.sin()};
}

torch::Tensor LanguageModel::hidden(const torch::Tensor& embeddings, const torch::Tensor& positions,
                                    const Context& context) const {
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
        if (context.recompute && torch::GradMode::is_enabled()) {
            x = recomputedLayer(i, x, rotary, context, number);
        } else {
            const LoraDropout::Layer leaving(context.dropout, number);
            x = layers_[i](x, rotary, i, context);
        }
        if (context.layerOutputs) context.layerOutputs->push_back(x);
    }
    if (context.cache) context.cache->advance(x.size(1));
    return norm_(x);
}

// The layer reads and extends a cache of its own, whose past is an input and whose newest positions
// are outputs, so that gradients reach the pass that made the past.
torch::Tensor LanguageModel::recomputedLayer(std::size_t layer, const torch::Tensor& x,
                                             const Rotary& rotary, const Context& context,
                                             std::optional<std::uint64_t> number) const {
    const auto newest = x.size(1);
    const auto work = [&decoder = layers_[layer], rotary, mask = context.mask, newest,
                       dropout = context.dropout, number](const Tensors& inputs) -> Tensors {
        const LoraDropout::Layer leaving(dropout, number);
        KvCache cache;
        if (inputs.size() > 1) cache.extend(0, inputs[1], inputs[2]);
        const auto out = decoder(inputs[0], rotary, 0, {.cache = &cache, .mask = mask});
        const auto [keys, values] = cache.of(0);
        return {out, keys.narrow(2, keys.size(2) - newest, newest),
                values.narrow(2, values.size(2) - newest, newest)};
    };
    Tensors inputs{x};
    if (context.cache)
        if (const auto [keys, values] = context.cache->of(layer); keys.defined())
            inputs.insert(inputs.end(), {keys, values});
    const auto outputs = recomputed(work, inputs, layerParameters_[layer]);
    if (context.cache) context.cache->extend(layer, outputs[1], outputs[2]);
    return outputs[0];
}

torch::Tensor LanguageModel::logits(const torch::Tensor& hidden) const {
    return torch::linear(hidden, lmHead_);
}

}  // namespace lvr
