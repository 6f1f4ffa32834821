#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace lvr {

// What is built differently in the decoders of the family.
struct TextTraits {
    bool qkvBias = true;
    bool qkNorm = false;            // RMSNorm of each query and key over its head, before it turns
    bool ownHeadDim = false;        // config.json's head_dim counts; else hidden_size / heads
    bool interleavedMrope = false;  // axes take turns among the frequencies; else one after another
    bool operator==(const TextTraits&) const = default;
};

// How a merger's parts are named.
struct MergerNames {
    std::string norm = "ln_q", in = "mlp.0", out = "mlp.2";
    bool operator==(const MergerNames&) const = default;
};

// What is built differently in the vision towers of the family.
struct VisionTraits {
    bool windows = true;         // blocks outside fullatt_block_indexes see windows only
    bool patchBias = false;      // of the patch embedding
    bool positionTable = false;  // a learned vector for each place, besides rotary positions
    bool layerNorm = false;      // with bias; else RMSNorm
    bool gatedMlp = true;        // SiLU, three Linears; else GELU (tanh), two
    bool deepstack = false;      // blocks of deepstack_visual_indexes feed decoder layers
    MergerNames merger = {};
    bool operator==(const VisionTraits&) const = default;
};

// One of the families of networks that checkpoints here can be of. All that differs between them is
// said here; code asks for what differs and never which one it is.
struct Backbone {
    std::string name;   // on the command line: "qwen3-vl"
    std::string title;  // for people: "Qwen3-VL"

    // config.json
    std::string modelType, textModelType, architecture;
    bool nestedText = false;       // text fields are written into text_config only
    bool weightsSayTied = false;   // lm_head.weight is there or not, whatever config.json says
    std::string visionActivation;  // `hidden_act`
    double ropeTheta = 1e6;        // where config.json is silent, as the next ones
    int headDim = 0;
    int patchSize = 14;
    int numPositionEmbeddings = 0;
    std::vector<int> deepstackVisualIndexes = {};

    TextTraits text;
    VisionTraits vision;

    // How saved tensors begin, in place of "visual." and "model.".
    std::string visualPrefix, textPrefix;

    // Of a folder that doesn't say how pictures are prepared.
    std::string processorClass;
    std::array<double, 3> imageMean{}, imageStd{};
    std::int64_t minPixels = 0, maxPixels = 0;

    // The system turn that its own chat template writes where none is given; empty: none.
    std::string defaultSystem;
};

const Backbone& qwen25Vl();
const Backbone& qwen3Vl();
const std::vector<const Backbone*>& backbones();

// Nothing for a model_type of others.
const Backbone* findBackbone(const std::string& modelType);
// By its name on the command line. Throws Error that names those there are.
const Backbone& backboneNamed(const std::string& name);
// "qwen2_5_vl and qwen3_vl": what config.json may say.
std::string knownModelTypes();

// The name of a tensor in the files of a checkpoint of that family. canonical: as openWeights has
// it.
std::string storedName(const Backbone& backbone, const std::string& canonical);

}  // namespace lvr
