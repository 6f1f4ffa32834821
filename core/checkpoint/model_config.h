#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint/backbone.h"

namespace lvr {

struct VisionConfig {  // config.json `vision_config`
    int depth = 32;
    int hiddenSize = 1280;
    int numHeads = 16;
    int intermediateSize = 3420;
    int outHiddenSize = 2048;
    int patchSize = 14;
    int temporalPatchSize = 2;
    int spatialMergeSize = 2;
    int windowSize = 112;
    int inChannels = 3;
    std::vector<int> fullattBlockIndexes{7, 15, 23, 31};
    int numPositionEmbeddings = 0;                 // a square; 0: there is no table
    std::vector<int> deepstackVisualIndexes = {};  // ascending
    VisionTraits traits = {};
    bool operator==(const VisionConfig&) const = default;
};

struct TextConfig {  // config.json top level, or `text_config`
    int hiddenSize = 2048;
    int numHiddenLayers = 36;
    int numAttentionHeads = 16;
    int numKeyValueHeads = 2;
    int intermediateSize = 11008;
    int vocabSize = 151936;
    int maxPositionEmbeddings = 128000;
    double rmsNormEps = 1e-6;
    double ropeTheta = 1e6;
    std::array<int, 3> mropeSection{16, 24, 24};
    bool tieWordEmbeddings = true;
    std::optional<int> headDim = {};  // `head_dim`; nothing: hidden_size / num_attention_heads
    TextTraits traits = {};
    int headSize() const { return headDim.value_or(hiddenSize / numAttentionHeads); }
    bool operator==(const TextConfig&) const = default;
};

enum class LvrHead { None, Mlp, Glu };

struct LvrConfig {  // lvr-spec 1.3; ids are absent in a plain folder
    LvrHead head = LvrHead::None;
    bool latentEndToken = false;
    std::optional<std::int64_t> lvrId, lvrStartId, lvrEndId, lvrLatentEndId;
    std::string loss = "mse";  // `loss_lvr_fct`: mse, mae or cosine
    bool operator==(const LvrConfig&) const = default;
};

struct ModelConfig {
    const Backbone* backbone = &qwen25Vl();
    VisionConfig vision;
    TextConfig text;
    LvrConfig lvr;
    std::int64_t imageTokenId = 151655;
    std::int64_t videoTokenId = 151656;
    std::int64_t visionStartTokenId = 151652;
    std::int64_t visionEndTokenId = 151653;
    std::int64_t bosTokenId = 151643;
    std::int64_t eosTokenId = 151645;  // the first one when the file lists several
    std::optional<std::int64_t> padTokenId;
    bool operator==(const ModelConfig&) const = default;
};

// Reads config.json: text fields from text_config, then the top level; lvr_* from the top level
// only (lvr-spec 1.3, 9 C7). Throws Error naming the file and the field: missing, of the wrong
// type, out of range, sizes that do not fit each other, or not a model_type of backbones().
ModelConfig readModelConfig(const std::filesystem::path& folder);
// The same of a text. file: for errors.
ModelConfig parseModelConfig(const std::string& json, const std::string& file);
// Writes config.json so that transformers opens the folder as a model of its backbone.
void writeModelConfig(const ModelConfig& config, const std::filesystem::path& folder);
// The same for what was made from the checkpoint in `base`: each field of its config.json that is
// not ours stays, wherever it stands. dtype: of the saved weights, "float32" or "bfloat16".
// LeftAlone: `base` is another method's, and no lvr_* field is written into it.
enum class LvrFields { Written, LeftAlone };
void writeModelConfig(const ModelConfig& config, const std::string& dtype,
                      const std::filesystem::path& base, const std::filesystem::path& folder,
                      LvrFields lvrFields = LvrFields::Written);

}  // namespace lvr
