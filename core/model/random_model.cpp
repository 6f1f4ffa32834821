#include "core/model/random_model.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/model/dtype.h"
#include "core/model/lvr_model.h"
#include "core/torch.h"

namespace lvr {
namespace {

struct Shape {
    std::string name;
    const Backbone* backbone;
    VisionConfig vision;
    TextConfig text;
};

// What all released sizes share.
VisionConfig qwen3Vision(VisionConfig vision, int outHiddenSize) {
    const auto& backbone = qwen3Vl();
    vision.outHiddenSize = outHiddenSize;
    vision.patchSize = backbone.patchSize;
    vision.windowSize = 0;
    vision.fullattBlockIndexes.clear();
    vision.numPositionEmbeddings = backbone.numPositionEmbeddings;
    vision.deepstackVisualIndexes =
        vision.depth == 24 ? std::vector{5, 11, 17} : backbone.deepstackVisualIndexes;
    vision.traits = backbone.vision;
    return vision;
}
TextConfig qwen3Text(TextConfig text) {
    const auto& backbone = qwen3Vl();
    text.numKeyValueHeads = 8;
    text.maxPositionEmbeddings = 262144;
    text.ropeTheta = backbone.ropeTheta;
    text.mropeSection = {24, 20, 20};
    text.headDim = backbone.headDim;
    text.traits = backbone.text;
    return text;
}

std::vector<Shape> shapes() {
    return {{"qwen2.5-vl-0.5b",
             &qwen25Vl(),
             {.depth = 8,
              .hiddenSize = 512,
              .numHeads = 8,
              .intermediateSize = 1408,
              .outHiddenSize = 896,
              .fullattBlockIndexes = {3, 7}},
             {.hiddenSize = 896,
              .numHiddenLayers = 24,
              .numAttentionHeads = 14,
              .numKeyValueHeads = 2,
              .intermediateSize = 4864,
              .mropeSection = {8, 12, 12}}},
            {"qwen2.5-vl-3b", &qwen25Vl(), {}, {}},
            {"qwen2.5-vl-7b",
             &qwen25Vl(),
             {.outHiddenSize = 3584},
             {.hiddenSize = 3584,
              .numHiddenLayers = 28,
              .numAttentionHeads = 28,
              .numKeyValueHeads = 4,
              .intermediateSize = 18944,
              .vocabSize = 152064,
              .tieWordEmbeddings = false}},
            {"qwen3-vl-2b", &qwen3Vl(),
             qwen3Vision({.depth = 24, .hiddenSize = 1024, .intermediateSize = 4096}, 2048),
             qwen3Text({.hiddenSize = 2048,
                        .numHiddenLayers = 28,
                        .numAttentionHeads = 16,
                        .intermediateSize = 6144})},
            {"qwen3-vl-4b", &qwen3Vl(),
             qwen3Vision({.depth = 24, .hiddenSize = 1024, .intermediateSize = 4096}, 2560),
             qwen3Text({.hiddenSize = 2560, .numAttentionHeads = 32, .intermediateSize = 9728})},
            {"qwen3-vl-8b", &qwen3Vl(),
             qwen3Vision({.depth = 27, .hiddenSize = 1152, .intermediateSize = 4304}, 4096),
             qwen3Text({.hiddenSize = 4096,
                        .numAttentionHeads = 32,
                        .intermediateSize = 12288,
                        .tieWordEmbeddings = false})}};
}

// The next values of a tensor of that name, in float32.
torch::Tensor randomPart(const TensorHeader& tensor, std::int64_t count, at::Generator& random) {
    if (tensor.name.ends_with(".bias")) return torch::zeros(count);
    if (tensor.shape.size() == 1) return torch::ones(count);
    return torch::randn(count, random).mul_(0.02);
}

}  // namespace

std::vector<std::string> knownShapes() {
    std::vector<std::string> names;
    for (const auto& shape : shapes()) names.push_back(shape.name);
    return names;
}

ModelConfig inShape(ModelConfig base, const std::string& name) {
    std::string known;
    for (const auto& shape : shapes()) {
        known += " " + shape.name;
        if (shape.name != name) continue;
        base.backbone = shape.backbone;
        base.vision = shape.vision;
        base.text = shape.text;
        return base;
    }
    throw Error("there is no shape \"" + name + "\"; these are known:" + known);
}

void writeRandomModel(const ModelConfig& config, torch::Dtype dtype, std::uint64_t seed,
                      const std::filesystem::path& folder) {
    constexpr std::int64_t kPiece = 1 << 20;  // elements at a time
    auto random = at::detail::createCPUGenerator(seed);
    std::vector<TensorHeader> tensors;
    for (const auto& [name, shape] : tensorShapes(config))
        tensors.push_back({name, storedType(dtype), shape});
    const auto give = [&](const TensorHeader& tensor, const WriteBytes& write) {
        const auto count = c10::multiply_integers(tensor.shape);
        for (std::int64_t done = 0; done < count; done += kPiece) {
            const auto piece = randomPart(tensor, std::min(kPiece, count - done), random).to(dtype);
            write({static_cast<const std::byte*>(piece.data_ptr()), piece.nbytes()});
        }
    };
    std::filesystem::create_directories(folder);
    writeModelConfig(config, folder);
    streamWeights(*config.backbone, std::move(tensors), give, folder);
}

}  // namespace lvr
