#include "core/checkpoint/backbone.h"

#include <algorithm>

#include "core/error.h"

namespace lvr {

const Backbone& qwen25Vl() {
    static const Backbone kBackbone{.name = "qwen2.5-vl",
                                    .title = "Qwen2.5-VL",
                                    .modelType = "qwen2_5_vl",
                                    .textModelType = "qwen2_5_vl_text",
                                    .architecture = "Qwen2_5_VLForConditionalGeneration",
                                    .visionActivation = "silu",
                                    .text = {},
                                    .vision = {},
                                    .visualPrefix = "visual.",
                                    .textPrefix = "model.",
                                    .processorClass = "Qwen2_5_VLProcessor",
                                    .imageMean = {0.48145466, 0.4578275, 0.40821073},
                                    .imageStd = {0.26862954, 0.26130258, 0.27577711},
                                    .minPixels = 3136,
                                    .maxPixels = 1003520,
                                    .defaultSystem = "You are a helpful assistant."};
    return kBackbone;
}

const Backbone& qwen3Vl() {
    static const Backbone kBackbone{
        .name = "qwen3-vl",
        .title = "Qwen3-VL",
        .modelType = "qwen3_vl",
        .textModelType = "qwen3_vl_text",
        .architecture = "Qwen3VLForConditionalGeneration",
        .nestedText = true,
        .weightsSayTied = true,
        .visionActivation = "gelu_pytorch_tanh",
        .ropeTheta = 5e6,
        .headDim = 128,
        .patchSize = 16,
        .numPositionEmbeddings = 2304,
        .deepstackVisualIndexes = {8, 16, 24},
        .text = {.qkvBias = false, .qkNorm = true, .ownHeadDim = true, .interleavedMrope = true},
        .vision = {.windows = false,
                   .patchBias = true,
                   .positionTable = true,
                   .layerNorm = true,
                   .gatedMlp = false,
                   .deepstack = true,
                   .merger = {.norm = "norm", .in = "linear_fc1", .out = "linear_fc2"}},
        .visualPrefix = "model.visual.",
        .textPrefix = "model.language_model.",
        .processorClass = "Qwen3VLProcessor",
        .imageMean = {0.5, 0.5, 0.5},
        .imageStd = {0.5, 0.5, 0.5},
        .minPixels = 65536,
        .maxPixels = 16777216,
        .defaultSystem = ""};
    return kBackbone;
}

const std::vector<const Backbone*>& backbones() {
    static const std::vector<const Backbone*> kAll{&qwen25Vl(), &qwen3Vl()};
    return kAll;
}

const Backbone* findBackbone(const std::string& modelType) {
    const auto& all = backbones();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const auto* one) { return one->modelType == modelType; });
    return found == all.end() ? nullptr : *found;
}

const Backbone& backboneNamed(const std::string& name) {
    std::string known;
    for (const auto* one : backbones()) {
        if (one->name == name) return *one;
        known += " " + one->name;
    }
    throw Error("there is no backbone \"" + name + "\"; these are known:" + known);
}

std::string knownModelTypes() {
    std::string text;
    for (const auto* one : backbones()) text += (text.empty() ? "" : " and ") + one->modelType;
    return text;
}

std::string storedName(const Backbone& backbone, const std::string& canonical) {
    for (const auto& [begins, stored] :
         {std::pair<std::string, const std::string&>("visual.", backbone.visualPrefix),
          {"model.", backbone.textPrefix}})
        if (canonical.starts_with(begins)) return stored + canonical.substr(begins.size());
    return canonical;
}

}  // namespace lvr
