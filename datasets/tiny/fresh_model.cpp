#include "datasets/tiny/fresh_model.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "core/torch.h"

namespace lvr {
namespace {

bool addsToResidual(const std::string& name) {
    return name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight") ||
           name.ends_with("attn.proj.weight") || name.ends_with(".mlp.linear_fc2.weight");
}

torch::Tensor fresh(const std::string& name, at::IntArrayRef shape, const ModelConfig& config,
                    at::Generator& random) {
    if (name.ends_with(".bias")) return torch::zeros(shape);
    if (name == "model.norm.weight") return torch::full(shape, 0.6);
    if (shape.size() == 1) return torch::ones(shape);
    if (name == "model.embed_tokens.weight") return torch::randn(shape, random) * 0.25;
    const auto fanIn = c10::multiply_integers(shape.begin() + 1, shape.end());
    const int layers =
        name.starts_with("visual.") ? config.vision.depth : config.text.numHiddenLayers;
    const double residual = addsToResidual(name) ? 1.0 / std::sqrt(2.0 * layers) : 1.0;
    return torch::randn(shape, random) * (residual / std::sqrt(static_cast<double>(fanIn)));
}

void coupleAttention(std::map<std::string, torch::Tensor>& tensors, const std::string& prefix,
                     const TextConfig& config) {
    auto &q = tensors.at(prefix + "q_proj.weight"), &o = tensors.at(prefix + "o_proj.weight");
    const auto &k = tensors.at(prefix + "k_proj.weight"), &v = tensors.at(prefix + "v_proj.weight");
    const auto groups = config.numAttentionHeads / config.numKeyValueHeads;
    const auto perHead = [&](const torch::Tensor& x) {  // [KV * d, D] -> [H * d, D]
        return x.view({config.numKeyValueHeads, config.headSize(), -1})
            .repeat_interleave(groups, 0)
            .reshape({config.numAttentionHeads * config.headSize(), config.hiddenSize});
    };
    q.copy_(0.8 * perHead(k) + 0.6 * q);
    o.add_(0.25 * perHead(v).t());
}

std::int64_t idOf(const Tokenizer& tokenizer, const std::string& token) {
    return tokenizer.id(token).value();
}

constexpr int kTinyHidden = 128;

VisionConfig tinyVision(const Backbone& backbone) {
    VisionConfig vision{.depth = 2,
                        .hiddenSize = 96,
                        .numHeads = 3,
                        .intermediateSize = 256,
                        .outHiddenSize = kTinyHidden,
                        .patchSize = backbone.patchSize,
                        .fullattBlockIndexes = {1},
                        .traits = backbone.vision};
    if (!backbone.vision.windows) vision.windowSize = 0, vision.fullattBlockIndexes.clear();
    if (backbone.vision.positionTable) vision.numPositionEmbeddings = 256;  // 8x8 visual tokens
    // A second merger is as large as the first, so the rest is smaller.
    if (backbone.vision.deepstack) {
        vision.hiddenSize = 80;
        vision.numHeads = 2;
        vision.deepstackVisualIndexes = {0};
    }
    return vision;
}

TextConfig tinyText(const Backbone& backbone, const Tokenizer& tokenizer) {
    TextConfig text{.hiddenSize = kTinyHidden,
                    .numHiddenLayers = 4,
                    .numAttentionHeads = 4,
                    .numKeyValueHeads = 2,
                    .intermediateSize = 344,
                    .vocabSize = static_cast<int>(tokenizer.size()),
                    .maxPositionEmbeddings = 2048,
                    .mropeSection = {4, 6, 6},
                    .traits = backbone.text};
    if (backbone.text.interleavedMrope) text.mropeSection = {6, 5, 5};
    if (backbone.text.ownHeadDim) text.headDim = text.headSize();
    return text;
}

// A genuine configuration of that backbone, small enough to train on a CPU in minutes.
ModelConfig tinyConfig(const Backbone& backbone, const Tokenizer& tokenizer) {
    ModelConfig config{.backbone = &backbone,
                       .vision = tinyVision(backbone),
                       .text = tinyText(backbone, tokenizer)};
    config.lvr = {.lvrId = idOf(tokenizer, "<|lvr|>"),
                  .lvrStartId = idOf(tokenizer, "<|lvr_start|>"),
                  .lvrEndId = idOf(tokenizer, "<|lvr_end|>"),
                  .lvrLatentEndId = idOf(tokenizer, "<|lvr_latent_end|>")};
    config.imageTokenId = idOf(tokenizer, "<|image_pad|>");
    config.videoTokenId = idOf(tokenizer, "<|video_pad|>");
    config.visionStartTokenId = idOf(tokenizer, "<|vision_start|>");
    config.visionEndTokenId = idOf(tokenizer, "<|vision_end|>");
    config.bosTokenId = idOf(tokenizer, "<|endoftext|>");
    config.eosTokenId = idOf(tokenizer, "<|im_end|>");
    config.padTokenId = idOf(tokenizer, "<|endoftext|>");
    return config;
}

}  // namespace

LvrModel initialise(const ModelConfig& config, std::uint64_t seed) {
    auto random = at::detail::createCPUGenerator(seed);
    std::map<std::string, torch::Tensor> tensors;
    LvrModel model(config, Parameters([&](const std::string& name, at::IntArrayRef shape) {
                       return tensors[name] = fresh(name, shape, config, random);
                   }));
    for (int i = 0; i < config.text.numHiddenLayers; ++i)
        coupleAttention(tensors, "model.layers." + std::to_string(i) + ".self_attn.", config.text);
    return model;
}

LvrCheckpoint freshCheckpoint(const Backbone& backbone, const Tokenizer& tokenizer,
                              std::uint64_t seed) {
    const auto config = tinyConfig(backbone, tokenizer);
    auto pictures = PreprocessConfig::of(backbone);
    pictures.maxPixels = 12845056;
    const LvrTokens tokens{*config.lvr.lvrStartId, *config.lvr.lvrId, *config.lvr.lvrEndId,
                           config.lvr.lvrLatentEndId};
    return {"fresh",
            initialise(config, seed),
            tokenizer,
            pictures,
            {tokens, {config.eosTokenId, config.bosTokenId}, *config.padTokenId},
            {},
            {},
            {},
            {backbone.defaultSystem}};
}

}  // namespace lvr
