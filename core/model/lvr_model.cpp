#include "core/model/lvr_model.h"

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/torch.h"

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

bool isTrainedBeside(const LoraOptions& lora, const std::string& name) {
    if (name == "model.embed_tokens.weight" || name == "lm_head.weight")
        return lora.embeddings == LoraEmbeddings::Trained;
    return name.starts_with("lvr_head.") || name == "lvr_latent_end_emb";
}

// Of the language model's Linears, by the last part of their names.
bool isTarget(const LoraOptions& lora, const std::string& module) {
    const auto name = module.substr(module.rfind('.') + 1);
    return module.starts_with("model.layers.") &&
           std::find(lora.targets.begin(), lora.targets.end(), name) != lora.targets.end();
}

// A is uniform within 1 / sqrt(in) as PEFT has it, B is zero.
Lora freshLora(const LoraOptions& options, std::int64_t in, std::int64_t out,
               at::Generator random) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    return {torch::rand({options.rank, in}, random) * (2 * bound) - bound,
            torch::zeros({out, options.rank}), options.alpha / options.rank};
}

// Hands the checkpoint's tensors to the layers that ask for them.
class Loader {
public:
    // adapter: the lora_A and lora_B among the weights that are not in the model itself.
    Loader(std::map<std::string, TensorView> weights, std::map<std::string, TensorView> adapter,
           double adapterScale, const LoadOptions& options)
        : weights_(std::move(weights)),
          adapter_(std::move(adapter)),
          adapterScale_(adapterScale),
          options_(options),
          random_(at::make_generator<at::CPUGeneratorImpl>(options.loraSeed)) {}

    torch::Tensor operator()(const std::string& name, at::IntArrayRef) {
        if (options_.stop.stop_requested()) throw Cancelled();
        if (options_.onProgress)
            options_.onProgress(static_cast<double>(done_++) / weights_.size());
        const auto tensor = tensorOf(weights_.at(name), name);
        if (!options_.lora && name.ends_with(".weight"))
            if (const auto lora = ofAdapter(name.substr(0, name.rfind('.'))))
                return merged(tensor, *lora).to(options_.device, options_.dtype);
        const bool copy = options_.use == LoadOptions::Use::Training &&
                          (!options_.lora || isTrainedBeside(*options_.lora, name));
        return tensor.to(options_.device, options_.dtype, false, copy);
    }

    std::optional<Lora> adapterOf(const std::string& module, std::int64_t in, std::int64_t out) {
        if (!options_.lora) return std::nullopt;
        auto lora = ofAdapter(module);
        if (adapter_.empty() && isTarget(*options_.lora, module))
            lora = freshLora(*options_.lora, in, out, random_);
        if (!lora) return std::nullopt;
        const auto own = [&](const torch::Tensor& tensor) {
            return tensor.to(options_.device, options_.dtype, false, /*copy=*/true);
        };
        return Lora{own(lora->a), own(lora->b), lora->scale};
    }

private:
    std::optional<Lora> ofAdapter(const std::string& module) const {
        const auto a = adapter_.find(module + ".lora_A.weight"),
                   b = adapter_.find(module + ".lora_B.weight");
        if (a == adapter_.end() || b == adapter_.end()) return std::nullopt;
        return Lora{tensorOf(a->second, a->first), tensorOf(b->second, b->first), adapterScale_};
    }
    static torch::Tensor merged(const torch::Tensor& weight, const Lora& lora) {
        const auto change = torch::matmul(lora.b.to(torch::kFloat32), lora.a.to(torch::kFloat32));
        return weight.to(torch::kFloat32) + lora.scale * change;
    }

    std::map<std::string, TensorView> weights_, adapter_;
    double adapterScale_;
    const LoadOptions& options_;
    at::Generator random_;
    std::size_t done_ = 0;
};

// What a folder's adapter says, if it is one. `weights` gets what was trained in full.
struct OpenedAdapter {
    std::map<std::string, TensorView> lora;
    double scale = 1;
};

// [rank, in] and [out, rank] for the weight [out, in] they adapt.
void checkFits(const std::map<std::string, TensorView>& lora, int rank,
               const std::map<std::string, TensorView>& weights,
               const std::filesystem::path& folder) {
    for (const auto& [name, view] : lora) {
        const auto module = name.substr(0, name.rfind(".lora_"));
        const auto weight = weights.find(module + ".weight");
        if (weight == weights.end() || weight->second.shape.size() != 2)
            throw Error(folder.string() + " adapts " + module +
                        ", which the model it was made for does not have");
        const bool isA = name.ends_with(".lora_A.weight");
        const auto& shape = weight->second.shape;
        const auto wanted = isA ? std::vector<std::int64_t>{rank, shape[1]}
                                : std::vector<std::int64_t>{shape[0], rank};
        if (view.shape != wanted || !lora.count(module + (isA ? ".lora_B" : ".lora_A") + ".weight"))
            throw Error(folder.string() + ": " + name + " does not fit r " + std::to_string(rank) +
                        " and the model it adapts, or has no counterpart");
    }
}

OpenedAdapter openAdapterInto(std::map<std::string, TensorView>& weights,
                              const std::filesystem::path& folder, const LoadOptions& options) {
    const auto config = readAdapterConfig(folder);
    if (!config) return {};
    if (options.lora && (options.lora->rank != config->rank ||
                         options.lora->alpha / options.lora->rank != config->scale()))
        throw Error(folder.string() + " is an adapter of rank " + std::to_string(config->rank) +
                    " and scale alpha / rank " + std::to_string(config->scale()).substr(0, 5) +
                    "; train it with the same, or merge it first");
    OpenedAdapter adapter{.scale = config->scale()};
    for (const auto& [name, view] : openAdapter(folder)) {
        if (name.ends_with(".lora_A.weight") || name.ends_with(".lora_B.weight"))
            adapter.lora[name] = view;
        else
            weights[name] = view;
    }
    checkFits(adapter.lora, config->rank, weights, folder);
    return adapter;
}

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
      parameters_(parameters.list()),
      adapter_(parameters.adapter()) {}

LvrModel LvrModel::open(const std::filesystem::path& folder, const LoadOptions& options) {
    const auto base = baseOf(folder);
    const auto config = readModelConfig(folderWith(folder, "config.json"));
    auto weights = openWeights(base);
    auto adapter = openAdapterInto(weights, folder, options);
    if (config.text.tieWordEmbeddings) weights.erase("lm_head.weight");
    checkWeights(weights, expectedTensors(config), folder);
    const auto loader = std::make_shared<Loader>(std::move(weights), std::move(adapter.lora),
                                                 adapter.scale, options);
    LvrModel model(
        config, Parameters([loader](const std::string& name,
                                    at::IntArrayRef shape) { return (*loader)(name, shape); },
                           [loader](const std::string& module, std::int64_t in, std::int64_t out) {
                               return loader->adapterOf(module, in, out);
                           }));
    model.lora_ = options.lora;
    model.base_ = referenceTo(base);
    model.recompute_ = options.recompute;
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

bool LvrModel::mayTrain(const std::string& name) const {
    return !lora_ || isTrainedBeside(*lora_, name);
}

LvrModel LvrModel::extended(const ModelConfig& config, const Parameters::Provider& fresh) const {
    std::map<std::string, torch::Tensor> known;
    for (const auto& [name, tensor] : parameters_) known[name] = tensor;
    for (const auto& [name, tensor] : adapter_) known[name] = tensor;
    const auto provide = [&](const std::string& name, at::IntArrayRef shape) {
        const auto found = known.find(name);
        return found != known.end() ? found->second : fresh(name, shape).to(device(), dtype());
    };
    const auto adapt = [&](const std::string& module, std::int64_t,
                           std::int64_t) -> std::optional<Lora> {
        const auto a = known.find(module + ".lora_A.weight");
        if (a == known.end()) return std::nullopt;
        return Lora{a->second, known.at(module + ".lora_B.weight"), lora_->alpha / lora_->rank};
    };
    LvrModel model(config, Parameters(provide, adapt));
    model.lora_ = lora_;
    model.base_ = base_;
    model.recompute_ = recompute_;
    return model;
}

void LvrModel::save(const std::filesystem::path& folder) const {
    auto saved = parameters_;
    if (lora_) {
        std::erase_if(saved, [&](const NamedTensor& one) { return !mayTrain(one.first); });
        saved.insert(saved.end(), adapter_.begin(), adapter_.end());
    }
    std::vector<torch::Tensor> held;  // contiguous CPU copies outlive the write
    std::vector<TensorBytes> bytes;
    for (const auto& [name, tensor] : saved) {
        held.push_back(tensor.detach().to(torch::kCPU).contiguous());
        const auto type = tensor.scalar_type() == torch::kBFloat16  ? DType::BF16
                          : tensor.scalar_type() == torch::kFloat16 ? DType::F16
                                                                    : DType::F32;
        bytes.push_back({name, type, tensor.sizes().vec(), held.back().data_ptr()});
    }
    std::filesystem::create_directories(folder);
    writeModelConfig(config_, folder);
    if (!lora_) {
        writeSafetensors(folder / "model.safetensors", bytes, {{"format", "pt"}});
        return;
    }
    AdapterConfig adapter{
        .base = base_, .rank = lora_->rank, .alpha = lora_->alpha, .targets = lora_->targets};
    if (config_.lvr.head != LvrHead::None) adapter.modulesToSave.push_back("lvr_head");
    if (lora_->embeddings == LoraEmbeddings::Trained) {
        adapter.modulesToSave.push_back("embed_tokens");
        if (!config_.text.tieWordEmbeddings) adapter.modulesToSave.push_back("lm_head");
    }
    writeAdapter(std::move(bytes), folder);
    writeAdapterConfig(adapter, folder);
}

}  // namespace lvr
