#include "core/model/lvr_model.h"

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/checkpoint_weights.h"
#include "core/model/dtype.h"
#include "core/torch.h"

namespace lvr {
namespace {

torch::Tensor inPlace(const TensorView& view) {
    const auto keepMapped = [owner = view.owner](void*) {};
    return torch::from_blob(const_cast<std::byte*>(view.data), view.shape, keepMapped,
                            torch::dtype(memoryType(view.dtype)));
}

torch::Tensor tensorOf(const TensorView& view, const std::string& name) {
    if (!c10::isFloatingType(memoryType(view.dtype)))
        throw Error("tensor " + name + " is of type " + std::string(toText(view.dtype)) +
                    ", and config.json names no quantisation; use a float32, float16 or bfloat16 "
                    "checkpoint");
    return inPlace(view);
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
            torch::zeros({out, options.rank}), options.scale()};
}

std::shared_ptr<LoraDropout> dropoutOf(const std::optional<LoraOptions>& lora) {
    return lora && lora->dropout > 0 ? std::make_shared<LoraDropout>(lora->dropout) : nullptr;
}

// Hands the checkpoint's tensors to the layers that ask for them.
class Loader {
public:
    Loader(CheckpointWeights& opened, const LoadOptions& options)
        : weights_(std::move(opened.weights)),
          adapter_(std::move(opened.lora)),
          adapterScale_(opened.loraScale),
          quantised_(opened.quantised),
          options_(options),
          count_(static_cast<double>(weights_.size())),
          random_(at::make_generator<at::CPUGeneratorImpl>(options.loraSeed)),
          dropout_(dropoutOf(options.lora)) {
        if (!options.beside) return;
        for (const auto& [name, tensor] : options.beside->parameters())
            if (!options.beside->mayTrain(name)) besides_[name] = tensor;
    }

    const std::shared_ptr<LoraDropout>& dropout() const { return dropout_; }

    torch::Tensor operator()(const std::string& name, at::IntArrayRef) {
        const auto view = next(name);
        if (const auto known = besides_.find(name); known != besides_.end()) return known->second;
        const auto stored = tensorOf(view, name);
        auto tensor = asAsked(name, stored);
        if (!tensor.is_alias_of(stored)) dropFromMemory(view);
        return tensor;
    }

    std::optional<Weight> integersOf(const std::string& name, std::int64_t in) {
        const int bits = quantised_ ? bitsOf(*quantised_, name, in) : 0;
        if (bits == 0) return std::nullopt;
        const auto values = typed(name, bits == 8 ? DType::I8 : DType::U8);
        return Weight{values, typed(name + "_scale", DType::BF16)};
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
        return Lora{own(lora->a), own(lora->b), lora->scale, dropout_};
    }

private:
    TensorView next(const std::string& name) {
        if (options_.stop.stop_requested()) throw Cancelled();
        if (options_.onProgress) options_.onProgress(done_++ / count_);
        return weights_.extract(name).mapped();
    }
    torch::Tensor typed(const std::string& name, DType type) {
        const auto view = next(name);
        if (view.dtype != type)
            throw Error("tensor " + name + " is of type " + std::string(toText(view.dtype)) +
                        ", and " + toText(*quantised_) + " asks for " + std::string(toText(type)) +
                        "; quantise the checkpoint again: lvr model quantize");
        return inPlace(view);
    }
    // In the type, on the device and with the adapter that the options ask for.
    torch::Tensor asAsked(const std::string& name, const torch::Tensor& stored) {
        if (!options_.lora && name.ends_with(".weight"))
            if (const auto lora = ofAdapter(name.substr(0, name.rfind('.'))))
                return merged(stored, *lora);
        const bool copy = options_.use == LoadOptions::Use::Training &&
                          (!options_.lora || isTrainedBeside(*options_.lora, name));
        return stored.to(options_.device, options_.dtype, false, copy);
    }
    std::optional<Lora> ofAdapter(const std::string& module) const {
        const auto a = adapter_.find(module + ".lora_A.weight"),
                   b = adapter_.find(module + ".lora_B.weight");
        if (a == adapter_.end() || b == adapter_.end()) return std::nullopt;
        return Lora{tensorOf(a->second, a->first), tensorOf(b->second, b->first), adapterScale_};
    }
    // Summed in float32, in one buffer for all: one that comes and goes would leave holes in
    // memory.
    torch::Tensor merged(const torch::Tensor& weight, const Lora& lora) {
        wide_.resize_(weight.sizes()).copy_(weight);
        wide_.addmm_(lora.b.to(torch::kFloat32), lora.a.to(torch::kFloat32), 1, lora.scale);
        return wide_.to(options_.device, options_.dtype, false, /*copy=*/true);
    }

    std::map<std::string, torch::Tensor> besides_;  // of the model beside it, what it shares
    std::map<std::string, TensorView> weights_, adapter_;
    double adapterScale_;
    std::optional<Quantisation> quantised_;
    const LoadOptions& options_;
    double count_, done_ = 0;
    torch::Tensor wide_ = torch::empty({0});
    at::Generator random_;
    std::shared_ptr<LoraDropout> dropout_;
};

// bfloat16 weights on the CPU are widened as they are read, so that answers are those of float32 at
// the price of reading bfloat16; training needs gradients, which have the weights' own type.
std::optional<torch::Dtype> activationsFor(const LoadOptions& options, bool quantised) {
    if (quantised) return torch::kFloat32;
    const bool widens = options.device.is_cpu() && options.use == LoadOptions::Use::Inference &&
                        options.dtype == torch::kBFloat16 && !options.lora;
    return widens ? std::optional(torch::kFloat32) : std::nullopt;
}

// Integers have no gradients, and are for our own kernels.
void checkIntegersServe(const std::filesystem::path& folder, const Quantisation& quantised,
                        const LoadOptions& options) {
    const auto refuse = [&](const std::string& what) {
        throw Error(folder.string() + " has its weights as integers (" + toText(quantised) +
                    "), which " + what + "; use the checkpoint it was made from");
    };
    if (options.use == LoadOptions::Use::Training || options.lora) refuse("can't be trained");
    if (!options.device.is_cpu()) refuse("are for the CPU");
}

std::vector<TensorHeader> headersOf(const std::vector<NamedTensor>& tensors) {
    std::vector<TensorHeader> headers;
    for (const auto& one : tensors)
        headers.push_back(
            {one.first, storedType(one.second.scalar_type()), one.second.sizes().vec()});
    return headers;
}

// One tensor's bytes at a time: what is not contiguous on the CPU is copied there and let go.
GiveTensor bytesOf(const std::vector<NamedTensor>& tensors) {
    return [byName = std::map(tensors.begin(), tensors.end())](const TensorHeader& wanted,
                                                               const WriteBytes& write) {
        const auto tensor = byName.at(wanted.name).detach().to(torch::kCPU).contiguous();
        write({static_cast<const std::byte*>(tensor.data_ptr()), tensor.nbytes()});
    };
}

// PEFT's name of what was trained in full: by module; a tensor that is no module's has none.
std::set<std::string> modulesOf(const std::vector<NamedTensor>& saved) {
    std::set<std::string> modules;
    for (const auto& [name, tensor] : saved) {
        if (name.ends_with(".lora_A.weight") || name.ends_with(".lora_B.weight")) continue;
        if (name.starts_with("lvr_head."))
            modules.insert("lvr_head");
        else if (name == "model.embed_tokens.weight")  // wherever a version of transformers has it
            modules.insert("embed_tokens");
        else if (const auto dot = name.rfind('.'); dot != std::string::npos)
            modules.insert(peftModule(name.substr(0, dot)));
    }
    return modules;
}

}  // namespace

std::vector<std::pair<std::string, std::vector<std::int64_t>>> tensorShapes(
    const ModelConfig& config, const std::optional<Quantisation>& quantised) {
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> shapes;
    const auto listed = [&](const std::string& name, at::IntArrayRef shape) {
        shapes.emplace_back(name, shape.vec());
        return torch::empty(shape, torch::device(torch::kMeta));
    };
    const auto integers = [&](const std::string& name, std::int64_t out,
                              std::int64_t in) -> std::optional<Weight> {
        const int bits = quantised ? bitsOf(*quantised, name, in) : 0;
        if (bits == 0) return std::nullopt;
        const auto values = listed(name, {out, in * bits / 8});
        return Weight{values, listed(name + "_scale", {out, in / quantised->group})};
    };
    const LvrModel model(config, Parameters(listed, {}, integers));
    return shapes;
}

LvrModel::LvrModel(const ModelConfig& config, const Parameters& parameters)
    : config_(config),
      vision_(parameters.at("visual"), config.vision),
      text_(parameters.at("model"), parameters, config.text),
      head_(parameters.at("lvr_head"), config.lvr.head, config.text),
      latentEnd_(config.lvr.latentEndToken
                     ? parameters.computed("lvr_latent_end_emb", {config.text.hiddenSize})
                     : torch::Tensor()),
      parameters_(parameters.list()),
      adapter_(parameters.adapter()),
      activations_(parameters.activations()) {}

LvrModel LvrModel::open(const std::filesystem::path& folder, const LoadOptions& options) {
    auto opened = openCheckpointWeights(folder, options.lora);
    if (opened.quantised) checkIntegersServe(folder, *opened.quantised, options);
    const auto loader = std::make_shared<Loader>(opened, options);
    LvrModel model(
        opened.config,
        Parameters([loader](const std::string& name,
                            at::IntArrayRef shape) { return (*loader)(name, shape); },
                   [loader](const std::string& module, std::int64_t in, std::int64_t out) {
                       return loader->adapterOf(module, in, out);
                   },
                   [loader](const std::string& name, std::int64_t, std::int64_t in) {
                       return loader->integersOf(name, in);
                   },
                   activationsFor(options, opened.quantised.has_value())));
    model.lora_ = options.lora;
    model.dropout_ = loader->dropout();
    model.base_ = std::move(opened.base);
    model.fromAdapter_ = std::move(opened.fromAdapter);
    model.warnings_ = std::move(opened.warnings);
    model.recompute_ = options.recompute;
    if (options.onProgress) options.onProgress(1.0);
    return model;
}

VisualTokens LvrModel::visualTokens(const Pixels& pixels, VisionProbe* probe,
                                    const PassWatch* watch) const {
    const auto width = config_.vision.inChannels * config_.vision.temporalPatchSize *
                       config_.vision.patchSize * config_.vision.patchSize;
    auto values =
        torch::from_blob(const_cast<float*>(pixels.values.data()),
                         {static_cast<std::int64_t>(pixels.values.size()) / width, width});
    if (torch::GradMode::is_enabled()) values = values.clone();  // the graph may outlive the pixels
    auto visual = vision_(values, pixels.gridThw, probe, watch);
    visual.grids = pixels.grids;
    return visual;
}

Sequence LvrModel::sequence(const std::vector<std::int64_t>& ids, const VisualTokens& images,
                            const torch::Tensor& positions) const {
    const auto all = torch::tensor(ids);
    Sequence sequence{embed(all).unsqueeze(0), positions.unsqueeze(1)};
    const auto places = torch::nonzero(all == config_.imageTokenId).flatten();
    const auto count = images.tokens.defined() ? images.tokens.size(0) : 0;
    TORCH_CHECK(places.size(0) == count, places.size(0), " image tokens in the prompt, ", count,
                " encoded");
    if (count == 0) return sequence;
    auto& embeddings = sequence.embeddings;
    embeddings = embeddings.index_copy(1, places.to(embeddings.device()),
                                       images.tokens.to(embeddings.options()).unsqueeze(0));
    if (images.deepstack.defined()) sequence.deepstack = {places, images.deepstack};
    return sequence;
}

std::int64_t LvrModel::parameterCount() const {
    std::int64_t count = 0;
    for (const auto& [name, shape] : tensorShapes(config_)) count += c10::multiply_integers(shape);
    return count;
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
        return Lora{a->second, known.at(module + ".lora_B.weight"), lora_->scale(), dropout_};
    };
    LvrModel model(config, Parameters(provide, adapt, {}, activations_));
    model.lora_ = lora_;
    model.dropout_ = dropout_;
    model.base_ = base_;
    model.fromAdapter_ = fromAdapter_;
    model.warnings_ = warnings_;
    model.recompute_ = recompute_;
    return model;
}

void LvrModel::save(const std::filesystem::path& folder) const {
    for (const auto& [name, tensor] : parameters_)
        TORCH_CHECK(tensor.is_floating_point(), name, " is kept as integers, which are not saved");
    std::filesystem::create_directories(folder);
    writeModelConfig(config_, folder);
    if (lora_) return saveAdapter(folder);
    streamWeights(*config_.backbone, headersOf(parameters_), bytesOf(parameters_), folder);
}

// Every adapted module by PEFT's name when some are not among the targets: an adapter that was
// opened may have put its pairs elsewhere.
std::vector<std::string> LvrModel::adaptedModules() const {
    std::vector<std::string> modules;
    bool elsewhere = false;
    for (const auto& [name, tensor] : adapter_) {
        if (!name.ends_with(".lora_A.weight")) continue;
        const auto module = name.substr(0, name.rfind(".lora_A"));
        elsewhere |= !isTarget(*lora_, module);
        modules.push_back(peftModule(module));
    }
    return elsewhere ? modules : std::vector<std::string>();
}

// PEFT takes a tied model's embeddings apart from its head when it wraps them, so both are written;
// ensure_weight_tying says that they are to stay one when they are trained further.
void LvrModel::saveAdapter(const std::filesystem::path& folder) const {
    auto saved = adapter_;
    bool tiesHead = false;
    for (const auto& one : parameters_) {
        if (!mayTrain(one.first) && !fromAdapter_.count(one.first)) continue;
        saved.push_back(one);
        if (one.first != "model.embed_tokens.weight" || !config_.text.tieWordEmbeddings) continue;
        saved.emplace_back("lm_head.weight", one.second);
        tiesHead = true;
    }
    const auto modules = modulesOf(saved);
    writeAdapter(headersOf(saved), bytesOf(saved), folder);
    writeAdapterConfig({.base = base_,
                        .rank = lora_->rank,
                        .alpha = lora_->alpha,
                        .dropout = lora_->dropout,
                        .rsLora = lora_->scaling == LoraScaling::RsLora,
                        .targets = lora_->targets,
                        .modules = adaptedModules(),
                        .modulesToSave = {modules.begin(), modules.end()},
                        .tiesHead = tiesHead},
                       folder);
}

}  // namespace lvr
