#include "core/checkpoint/model_config.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kWrittenConfig = "config.json";

Json visionJson(const VisionConfig& vision, const Backbone& backbone) {
    Json json{{"model_type", backbone.modelType},
              {"depth", vision.depth},
              {"hidden_size", vision.hiddenSize},
              {"num_heads", vision.numHeads},
              {"intermediate_size", vision.intermediateSize},
              {"out_hidden_size", vision.outHiddenSize},
              {"patch_size", vision.patchSize},
              {"temporal_patch_size", vision.temporalPatchSize},
              {"spatial_merge_size", vision.spatialMergeSize},
              {"in_channels", vision.inChannels},
              {"hidden_act", backbone.visionActivation}};
    if (vision.traits.windows)
        json.update({{"spatial_patch_size", vision.patchSize},
                     {"in_chans", vision.inChannels},
                     {"window_size", vision.windowSize},
                     {"fullatt_block_indexes", vision.fullattBlockIndexes},
                     {"tokens_per_second", 2}});
    if (vision.traits.positionTable) json["num_position_embeddings"] = vision.numPositionEmbeddings;
    if (vision.traits.deepstack) json["deepstack_visual_indexes"] = vision.deepstackVisualIndexes;
    return json;
}

Json ropeJson(const TextConfig& text) {
    if (!text.traits.interleavedMrope)
        return {{"type", "mrope"}, {"mrope_section", text.mropeSection}};
    return {{"rope_type", "default"},
            {"mrope_section", text.mropeSection},
            {"mrope_interleaved", true}};
}

Json textJson(const TextConfig& text) {
    Json json{{"hidden_size", text.hiddenSize},
              {"num_hidden_layers", text.numHiddenLayers},
              {"num_attention_heads", text.numAttentionHeads},
              {"num_key_value_heads", text.numKeyValueHeads},
              {"intermediate_size", text.intermediateSize},
              {"vocab_size", text.vocabSize},
              {"rms_norm_eps", text.rmsNormEps},
              {"rope_theta", text.ropeTheta},
              {"rope_scaling", ropeJson(text)},
              {"tie_word_embeddings", text.tieWordEmbeddings},
              {"max_position_embeddings", text.maxPositionEmbeddings},
              {"hidden_act", "silu"},
              {"attention_dropout", 0.0},
              {"initializer_range", 0.02},
              {"use_cache", true}};
    if (text.traits.ownHeadDim) json["head_dim"] = text.headSize();
    if (text.traits.qkvBias)
        json.update({{"use_sliding_window", false}, {"max_window_layers", text.numHiddenLayers}});
    else
        json["attention_bias"] = false;
    return json;
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
void putTextFieldsOnTop(const ModelConfig& config, OrderedJson& top) {
    if (config.backbone->nestedText || !top.contains("text_config")) return;
    const auto nested = top["text_config"], known = OrderedJson(textJson(config.text));
    for (const auto& [key, ignored] : known.items())
        if (!top.contains(key) && nested.contains(key)) top[key] = nested[key];
}

// What the weights said, where they have the last word.
void putTied(const ModelConfig& config, OrderedJson& top) {
    if (!config.backbone->weightsSayTied) return;
    const char* key = "tie_word_embeddings";
    top[key] = config.text.tieWordEmbeddings;
    if (top.contains("text_config") && top["text_config"].contains(key))
        top["text_config"][key] = config.text.tieWordEmbeddings;
}

// Of the text, wherever its fields lie.
void putTextIds(const ModelConfig& config, Json& text) {
    text["eos_token_id"] = config.eosTokenId;
    text["bos_token_id"] = config.bosTokenId;
    if (config.padTokenId) text["pad_token_id"] = *config.padTokenId;
}

}  // namespace

void writeModelConfig(const ModelConfig& config, const fs::path& folder) {
    const auto& backbone = *config.backbone;
    Json json{{"architectures", Json::array({backbone.architecture})},
              {"model_type", backbone.modelType},
              {"image_token_id", config.imageTokenId},
              {"video_token_id", config.videoTokenId},
              {"vision_start_token_id", config.visionStartTokenId},
              {"vision_end_token_id", config.visionEndTokenId},
              {"vision_config", visionJson(config.vision, backbone)}};
    auto text = textJson(config.text);
    putTextIds(config, text);
    if (backbone.nestedText) {
        text["model_type"] = backbone.textModelType;
        json["tie_word_embeddings"] = config.text.tieWordEmbeddings;
        json["text_config"] = std::move(text);
    } else {
        json.update(text);
    }
    json.update(lvrJson(config.lvr));
    writeJson(json, folder / kWrittenConfig);
}

void writeModelConfig(const ModelConfig& config, const std::string& dtype, const fs::path& base,
                      const fs::path& folder, LvrFields lvrFields) {
    const auto file = folder / kWrittenConfig;
    if (fs::exists(base / kWrittenConfig)) {
        auto json = OrderedJson::parse(readTextFile(base / kWrittenConfig));
        // Another method's code finds its own class by the name that is there.
        if (lvrFields == LvrFields::Written) {
            json["architectures"] = OrderedJson::array({config.backbone->architecture});
            putLvr(config.lvr, json);
        }
        putTied(config, json);
        putTextFieldsOnTop(config, json);
        putDtype(dtype, json);
        const auto text = json.dump(2) + "\n";
        if (parseModelConfig(text, file.string()) == config) return writeFileAtomically(file, text);
    }
    writeModelConfig(config, folder);  // of another network: nothing to keep
    auto json = OrderedJson::parse(readTextFile(file));
    putDtype(dtype, json);
    writeFileAtomically(file, json.dump(2) + "\n");
}

}  // namespace lvr
