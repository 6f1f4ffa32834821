#include "core/model/lvr_model.h"

#include <torch/torch.h>

#include "core/checkpoint/hf_folder.h"
#include "core/error.h"

namespace lvr {
namespace {

torch::Dtype torchType(DType dtype, const std::string& name) {
    switch (dtype) {
        case DType::F32:
            return torch::kFloat32;
        case DType::F16:
            return torch::kFloat16;
        case DType::BF16:
            return torch::kBFloat16;
        case DType::F64:
            return torch::kFloat64;
        case DType::Bool:
        case DType::U8:
        case DType::I8:
        case DType::I16:
        case DType::I32:
        case DType::I64:
            break;
    }
    throw Error(
        "tensor " + name + " is of type " + std::string(toText(dtype)) +
        "; quantised checkpoints are not supported, use a float32, float16 or bfloat16 one");
}

torch::Tensor tensorOf(const TensorView& view, const std::string& name) {
    const auto keepMapped = [owner = view.owner](void*) {};
    return torch::from_blob(const_cast<std::byte*>(view.data), view.shape, keepMapped,
                            torch::dtype(torchType(view.dtype, name)));
}

// Hands the checkpoint's tensors to the layers that ask for them.
class Loader {
public:
    Loader(std::map<std::string, TensorView> weights, const LoadOptions& options)
        : weights_(std::move(weights)), options_(options) {}

    torch::Tensor operator()(const std::string& name, at::IntArrayRef) {
        if (options_.stop.stop_requested()) throw Cancelled();
        if (options_.onProgress)
            options_.onProgress(static_cast<double>(done_++) / weights_.size());
        const bool copy = options_.use == LoadOptions::Use::Training;
        return tensorOf(weights_.at(name), name).to(options_.device, options_.dtype, false, copy);
    }

private:
    std::map<std::string, TensorView> weights_;
    const LoadOptions& options_;
    std::size_t done_ = 0;
};

ExpectedTensors expectedTensors(const ModelConfig& config) {
    ExpectedTensors expected;
    for (const auto& [name, shape] : tensorShapes(config)) expected[name] = shape;
    return expected;
}

}  // namespace

std::vector<std::pair<std::string, std::vector<std::int64_t>>> tensorShapes(
    const ModelConfig& config) {
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> shapes;
    const LvrModel model(config, Parameters([&](const std::string& name, at::IntArrayRef shape) {
                             shapes.emplace_back(name, shape.vec());
                             return torch::empty(shape, torch::device(torch::kMeta));
                         }));
    return shapes;
}

LvrModel::LvrModel(const ModelConfig& config, const Parameters& parameters)
    : config_(config),
      vision_(parameters.at("visual"), config.vision),
      text_(parameters.at("model"), parameters, config.text),
      head_(parameters.at("lvr_head"), config.lvr.head, config.text),
      latentEnd_(config.lvr.latentEndToken
                     ? parameters("lvr_latent_end_emb", {config.text.hiddenSize})
                     : torch::Tensor()),
      parameters_(parameters.list()) {}

LvrModel LvrModel::open(const std::filesystem::path& folder, const LoadOptions& options) {
    const auto config = readModelConfig(folder);
    auto weights = openWeights(folder);
    if (config.text.tieWordEmbeddings) weights.erase("lm_head.weight");
    checkWeights(weights, expectedTensors(config), folder);
    LvrModel model(config, Parameters(Loader(std::move(weights), options)));
    if (options.onProgress) options.onProgress(1.0);
    return model;
}

torch::Tensor LvrModel::imageTokens(const Pixels& pixels, VisionProbe* probe) const {
    const auto width = config_.vision.inChannels * config_.vision.temporalPatchSize *
                       config_.vision.patchSize * config_.vision.patchSize;
    auto values =
        torch::from_blob(const_cast<float*>(pixels.values.data()),
                         {static_cast<std::int64_t>(pixels.values.size()) / width, width});
    if (torch::GradMode::is_enabled()) values = values.clone();  // the graph may outlive the pixels
    return vision_(values, pixels.gridThw, probe);
}

torch::Tensor LvrModel::embedPrompt(const std::vector<std::int64_t>& ids,
                                    const torch::Tensor& imageTokens) const {
    const auto all = torch::tensor(ids);
    auto embeddings = embed(all).unsqueeze(0);
    const auto places = torch::nonzero(all == config_.imageTokenId).flatten();
    const auto images = imageTokens.defined() ? imageTokens.size(0) : 0;
    TORCH_CHECK(places.size(0) == images, places.size(0), " image tokens in the prompt, ", images,
                " encoded");
    if (images == 0) return embeddings;
    return embeddings.index_copy(1, places.to(embeddings.device()),
                                 imageTokens.to(embeddings.options()).unsqueeze(0));
}

void LvrModel::save(const std::filesystem::path& folder) const {
    std::vector<torch::Tensor> held;  // contiguous CPU copies outlive the write
    std::vector<TensorBytes> bytes;
    for (const auto& [name, tensor] : parameters_) {
        held.push_back(tensor.detach().to(torch::kCPU).contiguous());
        const auto type = tensor.scalar_type() == torch::kBFloat16  ? DType::BF16
                          : tensor.scalar_type() == torch::kFloat16 ? DType::F16
                                                                    : DType::F32;
        bytes.push_back({name, type, tensor.sizes().vec(), held.back().data_ptr()});
    }
    std::filesystem::create_directories(folder);
    writeModelConfig(config_, folder);
    writeSafetensors(folder / "model.safetensors", bytes, {{"format", "pt"}});
}

}  // namespace lvr
