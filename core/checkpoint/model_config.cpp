#include "core/checkpoint/model_config.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/checkpoint/config_ids.h"
#include "core/error.h"
#include "core/files/json_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr const char* kModelConfig = "config.json";
// Far above any real model and low enough that products of a few of them fit 64 bits.
constexpr std::int64_t kMaxExtent = 1 << 24;
constexpr std::int64_t kMaxLayers = 10'000;

using Ints = std::vector<std::int64_t>;

int checkedInt(const JsonFields& fields, const std::string& key, std::int64_t value,
               std::int64_t max) {
    if (value < 1 || value > max)
        fields.fail(
            key, "is " + std::to_string(value) + " and must be from 1 to " + std::to_string(max));
    return static_cast<int>(value);
}

int extent(const JsonFields& fields, const std::string& key, std::int64_t max = kMaxExtent) {
    return checkedInt(fields, key, fields.get<std::int64_t>(key), max);
}

int extentOr(const JsonFields& fields, const std::string& key, int fallback,
             std::int64_t max = kMaxExtent) {
    return checkedInt(fields, key, fields.get<std::int64_t>(key, fallback), max);
}

double positive(const JsonFields& fields, const std::string& key, double value) {
    if (!(value > 0)) fields.fail(key, "must be positive");
    return value;
}

void requireActivation(const JsonFields& fields, const std::string& built) {
    const auto activation = fields.get<std::string>("hidden_act", built);
    if (activation != built)
        fields.fail("hidden_act", "is '" + activation + "'; only " + built + " is supported");
}

// For what a backbone has one way only.
void requireIs(const JsonFields& fields, const std::string& key, bool built) {
    if (fields.get<bool>(key, built) != built)
        fields.fail(key,
                    std::string("is ") + (built ? "false" : "true") + ", which is not supported");
}

// Names one by one what cannot be built from the sizes.
void requireDivides(const JsonFields& fields, const std::string& key, int whole, int part,
                    const std::string& partName) {
    if (whole % part != 0)
        fields.fail(key, "is " + std::to_string(whole) + ", which is not a multiple of " +
                             partName + " (" + std::to_string(part) + ")");
}

std::vector<int> blockIndexes(const JsonFields& fields, const std::string& key, const Ints& said,
                              int depth) {
    std::vector<int> indexes;
    for (const auto index : said) {
        if (index < 0 || index >= depth)
            fields.fail(key, "names block " + std::to_string(index) + ", but there are " +
                                 std::to_string(depth));
        indexes.push_back(static_cast<int>(index));
    }
    return indexes;
}

void readWindows(const JsonFields& fields, VisionConfig& vision) {
    const char* full = "fullatt_block_indexes";
    vision.windowSize = extentOr(fields, "window_size", 112);
    vision.fullattBlockIndexes = blockIndexes(fields, full, fields.get<Ints>(full), vision.depth);
    requireDivides(fields, "window_size", vision.windowSize,
                   vision.patchSize * vision.spatialMergeSize, "patch_size * spatial_merge_size");
}

// Its places lie in a square.
int readPositionTable(const JsonFields& fields, int usual) {
    const char* key = "num_position_embeddings";
    const int count = extentOr(fields, key, usual);
    const auto side = static_cast<int>(std::lround(std::sqrt(count)));
    if (side * side != count)
        fields.fail(key, "is " + std::to_string(count) + ", which is no square number");
    return count;
}

// Each feature is for a decoder layer of its own, in order.
std::vector<int> readDeepstack(const JsonFields& fields, const std::vector<int>& usual, int depth,
                               int layers) {
    const char* key = "deepstack_visual_indexes";
    const auto said = fields.get<Ints>(key, Ints(usual.begin(), usual.end()));
    const auto indexes = blockIndexes(fields, key, said, depth);
    if (std::adjacent_find(indexes.begin(), indexes.end(), std::greater_equal<>()) != indexes.end())
        fields.fail(key, "must be in ascending order");
    if (std::ssize(indexes) > layers)
        fields.fail(key, "holds " + std::to_string(indexes.size()) + " blocks for " +
                             std::to_string(layers) + " decoder layers");
    return indexes;
}

// What is optional here has the same default in transformers.
VisionConfig readVision(const JsonFields& fields, const Backbone& backbone,
                        const TextConfig& text) {
    requireActivation(fields, backbone.visionActivation);
    VisionConfig vision{.traits = backbone.vision};
    vision.depth = extent(fields, "depth", kMaxLayers);
    vision.hiddenSize = extent(fields, "hidden_size");
    vision.numHeads = extent(fields, "num_heads");
    vision.intermediateSize = extent(fields, "intermediate_size");
    vision.outHiddenSize = extent(fields, "out_hidden_size");
    vision.patchSize = extentOr(fields, "patch_size", backbone.patchSize, 1024);
    vision.temporalPatchSize = extentOr(fields, "temporal_patch_size", 2, 64);
    vision.spatialMergeSize = extentOr(fields, "spatial_merge_size", 2, 64);
    vision.inChannels = extentOr(fields, "in_channels", 3);

    if (vision.inChannels != 3) fields.fail("in_channels", "must be 3, as pictures are RGB");
    if (vision.outHiddenSize != text.hiddenSize)
        fields.fail("out_hidden_size", "must equal the language model's hidden_size, " +
                                           std::to_string(text.hiddenSize));
    // 2-D rotary positions split each head into (height, width) x (cosine, sine).
    requireDivides(fields, "hidden_size", vision.hiddenSize, vision.numHeads, "num_heads");
    requireDivides(fields, "hidden_size", vision.hiddenSize, 4 * vision.numHeads, "4 * num_heads");
    if (backbone.vision.windows) readWindows(fields, vision);
    if (!backbone.vision.windows) vision.fullattBlockIndexes.clear(), vision.windowSize = 0;
    if (backbone.vision.positionTable)
        vision.numPositionEmbeddings = readPositionTable(fields, backbone.numPositionEmbeddings);
    if (backbone.vision.deepstack)
        vision.deepstackVisualIndexes = readDeepstack(fields, backbone.deepstackVisualIndexes,
                                                      vision.depth, text.numHiddenLayers);
    return vision;
}

// The text fields lie in `text_config`, at the top level, or at both; the former wins.
class TextFields {
public:
    explicit TextFields(const JsonFields& top) : top_(top), nested_(top.object("text_config")) {}
    const JsonFields& holding(const std::string& key) const {
        return nested_ && nested_->has(key) ? *nested_ : top_;
    }
    bool isNested() const { return nested_.has_value(); }
    const JsonFields& top() const { return top_; }

private:
    const JsonFields& top_;
    std::optional<JsonFields> nested_;
};

// What transformers 4.54 makes of it, with one exception: a flat file that says nothing is tied,
// because the versions that leave the field out of flat files do so when it is true. Where weights
// have the last word, the top level has the first.
bool readTied(const TextFields& text, const Backbone& backbone) {
    const char* key = "tie_word_embeddings";
    if (backbone.weightsSayTied && text.top().has(key)) return text.top().get<bool>(key);
    return text.holding(key).get<bool>(key, !text.isNested());
}

std::array<int, 3> readMropeSection(const JsonFields& rope, int headDim) {
    const auto section = rope.get<Ints>("mrope_section");
    const bool positive = std::all_of(section.begin(), section.end(), [&](std::int64_t part) {
        return part > 0 && part <= headDim;
    });
    if (section.size() != 3 || !positive ||
        2 * std::accumulate(section.begin(), section.end(), std::int64_t{0}) != headDim)
        rope.fail("mrope_section",
                  "must be 3 positive numbers whose sum is half of the head size, " +
                      std::to_string(headDim));
    return {static_cast<int>(section[0]), static_cast<int>(section[1]),
            static_cast<int>(section[2])};
}

// `rope_scaling` with "type" and/or "rope_type" until transformers 5, then `rope_parameters`, which
// also holds rope_theta. "mrope" and "default" mean the same.
void readRope(const TextFields& fields, double usualTheta, TextConfig& text) {
    const char* key = "rope_parameters";
    auto rope = fields.holding(key).object(key);
    if (!rope) rope = fields.holding("rope_scaling").object("rope_scaling");
    if (!rope) fields.holding("rope_scaling").failMissing("rope_scaling");
    for (const char* spelling : {"type", "rope_type"}) {
        const auto type = rope->get<std::string>(spelling, "default");
        if (type != "default" && type != "mrope")
            rope->fail(spelling, "is '" + type + "'; only mrope without scaling is supported");
    }
    if (text.traits.interleavedMrope) requireIs(*rope, "mrope_interleaved", true);
    text.mropeSection = readMropeSection(*rope, text.headSize());
    const auto& thetaIn = rope->has("rope_theta") ? *rope : fields.holding("rope_theta");
    text.ropeTheta = positive(thetaIn, "rope_theta", thetaIn.get<double>("rope_theta", usualTheta));
}

TextConfig readText(const TextFields& fields, const Backbone& backbone) {
    const auto size = [&](const char* key, std::int64_t max = kMaxExtent) {
        return extent(fields.holding(key), key, max);
    };
    requireActivation(fields.holding("hidden_act"), "silu");
    if (fields.holding("use_sliding_window").get<bool>("use_sliding_window", false))
        fields.holding("use_sliding_window").fail("use_sliding_window", "is not supported");
    TextConfig text{.traits = backbone.text};
    text.hiddenSize = size("hidden_size");
    text.numHiddenLayers = size("num_hidden_layers", kMaxLayers);
    text.numAttentionHeads = size("num_attention_heads");
    text.numKeyValueHeads = size("num_key_value_heads");
    text.intermediateSize = size("intermediate_size");
    text.vocabSize = size("vocab_size");
    const char* longest = "max_position_embeddings";
    text.maxPositionEmbeddings = extentOr(fields.holding(longest), longest, 128000);
    const auto& eps = fields.holding("rms_norm_eps");
    text.rmsNormEps = positive(eps, "rms_norm_eps", eps.get<double>("rms_norm_eps"));
    text.tieWordEmbeddings = readTied(fields, backbone);
    if (!text.traits.qkvBias) requireIs(fields.holding("attention_bias"), "attention_bias", false);
    if (text.traits.ownHeadDim)
        text.headDim = extentOr(fields.holding("head_dim"), "head_dim", backbone.headDim);
    else
        requireDivides(fields.holding("hidden_size"), "hidden_size", text.hiddenSize,
                       text.numAttentionHeads, "num_attention_heads");
    requireDivides(fields.holding("num_attention_heads"), "num_attention_heads",
                   text.numAttentionHeads, text.numKeyValueHeads, "num_key_value_heads");
    readRope(fields, backbone.ropeTheta, text);
    return text;
}

std::optional<std::int64_t> findTokenId(const JsonFields& fields, const std::string& key,
                                        int vocabSize) {
    const auto id = fields.find<std::int64_t>(key);
    if (id && (*id < 0 || *id >= vocabSize))
        fields.fail(key, "is " + std::to_string(*id) + ", outside the vocabulary of " +
                             std::to_string(vocabSize));
    return id;
}

// Always at the top level: copies in text_config may be stale (lvr-spec C7).
LvrConfig readLvr(const JsonFields& top, int vocabSize) {
    LvrConfig lvr;
    const auto type = top.get<std::string>("lvr_head_type", "simple");
    if (type != "simple" && type != "glu")
        top.fail("lvr_head_type", "is '" + type + "' and must be simple or glu");
    if (top.get<bool>("lvr_head", false)) lvr.head = type == "glu" ? LvrHead::Glu : LvrHead::Mlp;
    lvr.latentEndToken = top.get<bool>("latent_end_token", false);
    lvr.loss = top.get<std::string>("loss_lvr_fct", lvr.loss);
    lvr.lvrId = findTokenId(top, "lvr_id", vocabSize);
    lvr.lvrStartId = findTokenId(top, "lvr_start_id", vocabSize);
    lvr.lvrEndId = findTokenId(top, "lvr_end_id", vocabSize);
    lvr.lvrLatentEndId = findTokenId(top, "lvr_latent_end_id", vocabSize);
    return lvr;
}

void readTokenIds(const JsonFields& top, ModelConfig& config) {
    const auto vocabSize = config.text.vocabSize;
    const auto id = [&](const char* key, std::int64_t usual) {
        return findTokenId(top, key, vocabSize).value_or(usual);
    };
    config.imageTokenId = id("image_token_id", config.imageTokenId);
    config.videoTokenId = id("video_token_id", config.videoTokenId);
    config.visionStartTokenId = id("vision_start_token_id", config.visionStartTokenId);
    config.visionEndTokenId = id("vision_end_token_id", config.visionEndTokenId);
    if (config.imageTokenId >= vocabSize)
        top.fail("image_token_id", "is missing, and the usual " +
                                       std::to_string(config.imageTokenId) +
                                       " is outside the vocabulary");
    const auto first = [&](const char* key) {
        const auto ids = idsAnywhere(top, key);
        return ids.empty() ? std::nullopt : std::optional(ids.front());
    };
    config.eosTokenId = first("eos_token_id").value_or(config.eosTokenId);
    config.bosTokenId = first("bos_token_id").value_or(config.bosTokenId);
    config.padTokenId = first("pad_token_id");
}

const Backbone& readBackbone(const JsonFields& top) {
    const auto type = top.get<std::string>("model_type");
    const auto* known = findBackbone(type);
    if (!known)
        top.fail("model_type",
                 "is '" + type + "'; only " + knownModelTypes() + " models can be opened");
    return *known;
}

ModelConfig configOf(const JsonFields& top) {
    ModelConfig config{.backbone = &readBackbone(top)};
    config.text = readText(TextFields(top), *config.backbone);
    const auto vision = top.object("vision_config");
    if (!vision) top.failMissing("vision_config");
    config.vision = readVision(*vision, *config.backbone, config.text);
    config.lvr = readLvr(top, config.text.vocabSize);
    readTokenIds(top, config);
    return config;
}

}  // namespace

ModelConfig readModelConfig(const fs::path& folder) {
    return configOf(JsonFields::read(folder / kModelConfig));
}

ModelConfig parseModelConfig(const std::string& json, const std::string& file) {
    return configOf(JsonFields(json, file));
}

}  // namespace lvr
