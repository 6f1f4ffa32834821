#include "core/checkpoint/model_config.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/checkpoint/config_ids.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
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

void requireSilu(const JsonFields& fields) {
    const auto activation = fields.get<std::string>("hidden_act", "silu");
    if (activation != "silu")
        fields.fail("hidden_act", "is '" + activation + "'; only silu is supported");
}

// Names one by one what cannot be built from the sizes.
void requireDivides(const JsonFields& fields, const std::string& key, int whole, int part,
                    const std::string& partName) {
    if (whole % part != 0)
        fields.fail(key, "is " + std::to_string(whole) + ", which is not a multiple of " +
                             partName + " (" + std::to_string(part) + ")");
}

std::vector<int> readBlockIndexes(const JsonFields& fields, int depth) {
    std::vector<int> indexes;
    for (const auto index : fields.get<Ints>("fullatt_block_indexes")) {
        if (index < 0 || index >= depth)
            fields.fail("fullatt_block_indexes", "names block " + std::to_string(index) +
                                                     ", but there are " + std::to_string(depth));
        indexes.push_back(static_cast<int>(index));
    }
    return indexes;
}

// What is optional here has the same default in transformers.
VisionConfig readVision(const JsonFields& fields, int textHiddenSize) {
    requireSilu(fields);
    VisionConfig vision;
    vision.depth = extent(fields, "depth", kMaxLayers);
    vision.hiddenSize = extent(fields, "hidden_size");
    vision.numHeads = extent(fields, "num_heads");
    vision.intermediateSize = extent(fields, "intermediate_size");
    vision.outHiddenSize = extent(fields, "out_hidden_size");
    vision.patchSize = extentOr(fields, "patch_size", 14, 1024);
    vision.temporalPatchSize = extentOr(fields, "temporal_patch_size", 2, 64);
    vision.spatialMergeSize = extentOr(fields, "spatial_merge_size", 2, 64);
    vision.windowSize = extentOr(fields, "window_size", 112);
    vision.inChannels = extentOr(fields, "in_channels", 3);
    vision.fullattBlockIndexes = readBlockIndexes(fields, vision.depth);

    if (vision.inChannels != 3) fields.fail("in_channels", "must be 3, as pictures are RGB");
    if (vision.outHiddenSize != textHiddenSize)
        fields.fail("out_hidden_size", "must equal the language model's hidden_size, " +
                                           std::to_string(textHiddenSize));
    // 2-D rotary positions split each head into (height, width) x (cosine, sine).
    requireDivides(fields, "hidden_size", vision.hiddenSize, vision.numHeads, "num_heads");
    requireDivides(fields, "hidden_size", vision.hiddenSize, 4 * vision.numHeads, "4 * num_heads");
    requireDivides(fields, "window_size", vision.windowSize,
                   vision.patchSize * vision.spatialMergeSize, "patch_size * spatial_merge_size");
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

private:
    const JsonFields& top_;
    std::optional<JsonFields> nested_;
};

// What transformers 4.54 makes of it, with one exception: a flat file that says nothing is tied,
// because the versions that leave the field out of flat files do so when it is true.
bool readTied(const TextFields& text) {
    const char* key = "tie_word_embeddings";
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
void readRope(const TextFields& fields, TextConfig& text) {
    const char* key = "rope_parameters";
    auto rope = fields.holding(key).object(key);
    if (!rope) rope = fields.holding("rope_scaling").object("rope_scaling");
    if (!rope) fields.holding("rope_scaling").failMissing("rope_scaling");
    for (const char* spelling : {"type", "rope_type"}) {
        const auto type = rope->get<std::string>(spelling, "default");
        if (type != "default" && type != "mrope")
            rope->fail(spelling, "is '" + type + "'; only mrope without scaling is supported");
    }
    text.mropeSection = readMropeSection(*rope, text.headDim());
    const auto& thetaIn = rope->has("rope_theta") ? *rope : fields.holding("rope_theta");
    text.ropeTheta = positive(thetaIn, "rope_theta", thetaIn.get<double>("rope_theta", 1e6));
}

TextConfig readText(const TextFields& fields) {
    const auto size = [&](const char* key, std::int64_t max = kMaxExtent) {
        return extent(fields.holding(key), key, max);
    };
    requireSilu(fields.holding("hidden_act"));
    if (fields.holding("use_sliding_window").get<bool>("use_sliding_window", false))
        fields.holding("use_sliding_window").fail("use_sliding_window", "is not supported");
    TextConfig text;
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
    text.tieWordEmbeddings = readTied(fields);
    requireDivides(fields.holding("hidden_size"), "hidden_size", text.hiddenSize,
                   text.numAttentionHeads, "num_attention_heads");
    requireDivides(fields.holding("num_attention_heads"), "num_attention_heads",
                   text.numAttentionHeads, text.numKeyValueHeads, "num_key_value_heads");
    readRope(fields, text);
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

void requireQwen(const JsonFields& top) {
    const auto type = top.get<std::string>("model_type");
    if (type != "qwen2_5_vl")
        top.fail("model_type", "is '" + type + "'; only qwen2_5_vl models can be opened");
}

Json visionJson(const VisionConfig& vision) {
    return {{"model_type", "qwen2_5_vl"},
            {"depth", vision.depth},
            {"hidden_size", vision.hiddenSize},
            {"num_heads", vision.numHeads},
            {"intermediate_size", vision.intermediateSize},
            {"out_hidden_size", vision.outHiddenSize},
            {"patch_size", vision.patchSize},
            {"spatial_patch_size", vision.patchSize},
            {"temporal_patch_size", vision.temporalPatchSize},
            {"spatial_merge_size", vision.spatialMergeSize},
            {"window_size", vision.windowSize},
            {"in_channels", vision.inChannels},
            {"in_chans", vision.inChannels},
            {"fullatt_block_indexes", vision.fullattBlockIndexes},
            {"hidden_act", "silu"},
            {"tokens_per_second", 2}};
}

Json textJson(const TextConfig& text) {
    return {{"hidden_size", text.hiddenSize},
            {"num_hidden_layers", text.numHiddenLayers},
            {"num_attention_heads", text.numAttentionHeads},
            {"num_key_value_heads", text.numKeyValueHeads},
            {"intermediate_size", text.intermediateSize},
            {"vocab_size", text.vocabSize},
            {"rms_norm_eps", text.rmsNormEps},
            {"rope_theta", text.ropeTheta},
            {"rope_scaling", {{"type", "mrope"}, {"mrope_section", text.mropeSection}}},
            {"tie_word_embeddings", text.tieWordEmbeddings},
            {"hidden_act", "silu"},
            {"attention_dropout", 0.0},
            {"initializer_range", 0.02},
            {"max_position_embeddings", text.maxPositionEmbeddings},
            {"max_window_layers", text.numHiddenLayers},
            {"use_sliding_window", false},
            {"use_cache", true}};
}

// The published LVR code reads both `loss_*_fct` at inference too, where they do nothing.
Json lvrJson(const LvrConfig& lvr) {
    Json json{{"lvr_head", lvr.head != LvrHead::None},
              {"lvr_head_type", lvr.head == LvrHead::Glu ? "glu" : "simple"},
              {"latent_end_token", lvr.latentEndToken},
              {"loss_lvr_fct", lvr.loss}};
    if (lvr.latentEndToken) json["loss_mode_switch_fct"] = "mse";
    const auto put = [&](const char* key, const std::optional<std::int64_t>& id) {
        if (id) json[key] = *id;
    };
    put("lvr_id", lvr.lvrId);
    put("lvr_start_id", lvr.lvrStartId);
    put("lvr_end_id", lvr.lvrEndId);
    put("lvr_latent_end_id", lvr.lvrLatentEndId);
    return json;
}

ModelConfig configOf(const JsonFields& top) {
    requireQwen(top);
    ModelConfig config;
    config.text = readText(TextFields(top));
    const auto vision = top.object("vision_config");
    if (!vision) top.failMissing("vision_config");
    config.vision = readVision(*vision, config.text.hiddenSize);
    config.lvr = readLvr(top, config.text.vocabSize);
    readTokenIds(top, config);
    return config;
}

using OrderedJson = nlohmann::ordered_json;

// As transformers saves it; copies in text_config would otherwise be stale (lvr-spec C7).
void putLvr(const LvrConfig& lvr, OrderedJson& top) {
    const auto ours = lvrJson(lvr);
    for (const auto& [key, value] : ours.items()) {
        if (key == "loss_mode_switch_fct" && top.contains(key)) continue;
        top[key] = value;
        if (top.contains("text_config") && top["text_config"].contains(key))
            top["text_config"][key] = value;
    }
}

// Under the name it has there: `torch_dtype` until transformers 4.55, `dtype` since.
void putDtype(const std::string& dtype, OrderedJson& top) {
    bool isNew = false;
    for (const auto* part : {"", "text_config", "vision_config"}) {
        if (*part && !top.contains(part)) continue;
        auto& object = *part ? top[part] : top;
        isNew = isNew || object.contains("dtype");
        for (const auto* key : {"torch_dtype", "dtype"})
            if (object.contains(key)) object[key] = dtype;
    }
    if (!top.contains("torch_dtype") && !top.contains("dtype"))
        top[isNew ? "dtype" : "torch_dtype"] = dtype;
}

// The published LVR code looks for the text fields at the top level only (lvr-spec C7).
void putTextFieldsOnTop(const TextConfig& text, OrderedJson& top) {
    if (!top.contains("text_config")) return;
    const auto nested = top["text_config"], known = OrderedJson(textJson(text));
    for (const auto& [key, ignored] : known.items())
        if (!top.contains(key) && nested.contains(key)) top[key] = nested[key];
}

}  // namespace

ModelConfig readModelConfig(const fs::path& folder) {
    return configOf(JsonFields::read(folder / kModelConfig));
}

void writeModelConfig(const ModelConfig& config, const fs::path& folder) {
    Json json{{"architectures", Json::array({"Qwen2_5_VLForConditionalGeneration"})},
              {"model_type", "qwen2_5_vl"},
              {"image_token_id", config.imageTokenId},
              {"video_token_id", config.videoTokenId},
              {"vision_start_token_id", config.visionStartTokenId},
              {"vision_end_token_id", config.visionEndTokenId},
              {"eos_token_id", config.eosTokenId},
              {"bos_token_id", config.bosTokenId},
              {"vision_config", visionJson(config.vision)}};
    if (config.padTokenId) json["pad_token_id"] = *config.padTokenId;
    json.update(textJson(config.text));
    json.update(lvrJson(config.lvr));
    writeJson(json, folder / kModelConfig);
}

void writeModelConfig(const ModelConfig& config, const std::string& dtype, const fs::path& base,
                      const fs::path& folder, LvrFields lvrFields) {
    const auto file = folder / kModelConfig;
    if (fs::exists(base / kModelConfig)) {
        auto json = OrderedJson::parse(readTextFile(base / kModelConfig));
        json["architectures"] = OrderedJson::array({"Qwen2_5_VLForConditionalGeneration"});
        if (lvrFields == LvrFields::Written) putLvr(config.lvr, json);
        putTextFieldsOnTop(config.text, json);
        putDtype(dtype, json);
        const auto text = json.dump(2) + "\n";
        if (configOf(JsonFields(text, file.string())) == config)
            return writeFileAtomically(file, text);
    }
    writeModelConfig(config, folder);  // of another network: nothing to keep
    auto json = OrderedJson::parse(readTextFile(file));
    putDtype(dtype, json);
    writeFileAtomically(file, json.dump(2) + "\n");
}

}  // namespace lvr
