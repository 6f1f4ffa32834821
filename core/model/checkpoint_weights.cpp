#include "core/model/checkpoint_weights.h"

#include <algorithm>
#include <cstring>

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/lvr_model.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEmbeddings = "model.embed_tokens.weight";
constexpr const char* kHead = "lm_head.weight";

using Tensors = std::map<std::string, TensorView>;

ExpectedTensors expectedTensors(const ModelConfig& config,
                                const std::optional<Quantisation>& quantised = {}) {
    ExpectedTensors expected;
    for (const auto& [name, shape] : tensorShapes(config, quantised)) expected[name] = shape;
    return expected;
}

// Also where the weights look plain: whoever reads them as transformers does gets others.
Tensors openKnownWeights(const fs::path& folder) {
    if (const auto method = quantisationOf(folder); method && !readQuantisation(folder))
        throw Error(folder.string() + " is quantised with " + *method +
                    ", which is not supported; open the float checkpoint it was made from, or, if "
                    "its weights are plain, take what says so out of its config.json");
    return openWeights(folder);
}

bool areEqual(const TensorView& a, const TensorView& b) {
    const bool equal = a.dtype == b.dtype && a.shape == b.shape &&
                       (a.data == b.data || std::memcmp(a.data, b.data, a.size) == 0);
    dropFromMemory(a);
    dropFromMemory(b);
    return equal;
}

void append(const std::vector<std::string>& more, std::vector<std::string>& sentences) {
    sentences.insert(sentences.end(), more.begin(), more.end());
}

// A tied model may hold an lm_head.weight all the same. Another one than the embeddings is used
// where weights have the last word, and left out elsewhere.
void settleTying(const fs::path& folder, CheckpointWeights& opened) {
    const bool weightsSay = opened.config.backbone->weightsSayTied;
    auto& tied = opened.config.text.tieWordEmbeddings;
    const auto embeddings = opened.weights.find(kEmbeddings), head = opened.weights.find(kHead);
    if (head == opened.weights.end()) {
        if (!tied && weightsSay)
            opened.warnings.push_back(
                folder.string() +
                " has no lm_head.weight, and its config.json doesn't say that the head is tied "
                "(tie_word_embeddings): the embeddings are taken for it");
        tied |= weightsSay;
        return;
    }
    if (!tied) return;
    const bool differs =
        embeddings != opened.weights.end() && !areEqual(embeddings->second, head->second);
    const auto says = folder.string() +
                      " ties lm_head to the embeddings (tie_word_embeddings) and holds another "
                      "lm_head.weight, which is ";
    if (differs && weightsSay) {
        opened.warnings.push_back(says + "used");
        tied = false;
        return;
    }
    if (differs)
        opened.warnings.push_back(
            says + "left out; set tie_word_embeddings to false in config.json to use it");
    opened.weights.erase(head);
}

void openBase(const fs::path& folder, CheckpointWeights& opened) {
    opened.weights = openKnownWeights(folder);
    opened.quantised = readQuantisation(folder);
    settleTying(folder, opened);
}

// ---- Adapters

bool isLora(const std::string& name) {
    return name.ends_with(".lora_A.weight") || name.ends_with(".lora_B.weight");
}

class AdapterOpener {
public:
    AdapterOpener(const fs::path& folder, AdapterConfig config, CheckpointWeights& opened)
        : folder_(folder.string()), config_(std::move(config)), opened_(opened) {}

    // `expected`: of the model with the adapter's own config, which may have a head the base lacks.
    void open(const Tensors& tensors, const ExpectedTensors& expected) {
        for (const auto& [name, view] : tensors) {
            checkSupported(name);
            if (!isLora(name)) checkWhole(name, view, expected);
        }
        settleHead(tensors);
        for (const auto& [name, view] : tensors) {
            if (isLora(name)) {
                checkLora(name, view, tensors);
                opened_.lora[name] = view;
            } else {
                putWhole(name, view, tensors);
            }
        }
        opened_.loraScale = config_.scale();
    }

private:
    bool& tied() { return opened_.config.text.tieWordEmbeddings; }

    // A head that stays tied is the embeddings, which the adapter holds too, or only as the head.
    void putWhole(std::string name, const TensorView& view, const Tensors& tensors) {
        if (name == kHead && tied()) {
            if (tensors.count(kEmbeddings)) return;
            name = kEmbeddings;
        }
        opened_.weights[name] = view;
        opened_.fromAdapter.insert(name);
    }

    void settleHead(const Tensors& tensors) {
        const bool holds = tensors.count(kEmbeddings) || tensors.count(kHead);
        if (!tied() || !holds || config_.tiesHead) return;
        tied() = false;
        if (const auto embeddings = opened_.weights.find(kEmbeddings);
            embeddings != opened_.weights.end())
            opened_.weights[kHead] = embeddings->second;
    }

    void checkSupported(const std::string& name) {
        const auto refuse = [&](const std::string& what) {
            throw Error(folder_ + " holds " + name + ": " + what +
                        " is not supported; merge the adapter with PEFT first");
        };
        if (name.find(".lora_embedding_") != std::string::npos)
            refuse("a low-rank adapter of the embeddings (target_modules)");
        if (name.find(".token_adapter.") != std::string::npos)
            refuse("training single tokens (trainable_token_indices)");
        if (name.starts_with("lm_head.lora_") && tied())
            refuse(
                "a low-rank adapter of a head that is tied to the embeddings "
                "(tie_word_embeddings)");
    }

    void checkWhole(const std::string& name, const TensorView& view,
                    const ExpectedTensors& expected) const {
        const auto found =
            expected.find(name == kHead && !expected.count(kHead) ? kEmbeddings : name);
        if (found == expected.end())
            throw Error(folder_ + " holds " + name +
                        ", which is neither a low-rank pair (lora_A, lora_B) nor a part of the "
                        "model; merge the adapter with PEFT first");
        if (view.shape != found->second)
            throw Error(folder_ + ": " + name +
                        " has not the shape that the model it adapts asks for");
    }

    // [rank, in] and [out, rank] for the weight [out, in] they adapt.
    void checkLora(const std::string& name, const TensorView& view, const Tensors& tensors) {
        const auto module = name.substr(0, name.rfind(".lora_"));
        const auto weight = opened_.weights.find(module + ".weight");
        if (weight == opened_.weights.end())
            throw Error(folder_ + " adapts " + module +
                        ", which the model it was made for does not have");
        if (weight->second.shape.size() != 2)
            throw Error(folder_ + " adapts " + module +
                        ", which is no Linear; merge the adapter with PEFT first");
        const bool isA = name.ends_with(".lora_A.weight");
        const auto& shape = weight->second.shape;
        const auto wanted = isA ? std::vector<std::int64_t>{config_.rank, shape[1]}
                                : std::vector<std::int64_t>{shape[0], config_.rank};
        if (view.shape != wanted ||
            !tensors.count(module + (isA ? ".lora_B" : ".lora_A") + ".weight"))
            throw Error(folder_ + ": " + name + " does not fit r " + std::to_string(config_.rank) +
                        " and the model it adapts, or has no counterpart");
    }

    std::string folder_;
    AdapterConfig config_;
    CheckpointWeights& opened_;
};

void checkTrainsAs(const AdapterConfig& config, const LoraOptions& lora, const Tensors& tensors,
                   const fs::path& folder) {
    if (lora.rank != config.rank || lora.scale() != config.scale())
        throw Error(folder.string() + " is an adapter of rank " + std::to_string(config.rank) +
                    " and scale " + std::to_string(config.scale()).substr(0, 5) + " (alpha / " +
                    (config.rsLora ? "sqrt(rank), --lora-scaling rslora" : "rank") +
                    "); train it with the same, or merge it first");
    for (const auto& [name, view] : tensors)
        if (isLora(name) && name.starts_with("lm_head."))
            throw Error(folder.string() +
                        " adapts lm_head, which can't be trained further as an adapter; merge it "
                        "first: lvr model merge");
}

void openAdapterInto(CheckpointWeights& opened, const fs::path& folder, const AdapterConfig& config,
                     const std::optional<LoraOptions>& lora) {
    const auto tensors = openAdapter(folder);
    if (lora) checkTrainsAs(config, *lora, tensors, folder);
    const bool tied = opened.config.text.tieWordEmbeddings;
    if (fs::exists(folder / "config.json")) opened.config = readModelConfig(folder);
    opened.config.text.tieWordEmbeddings = tied;
    AdapterOpener(folder, config, opened).open(tensors, expectedTensors(opened.config));
}

}  // namespace

CheckpointWeights openCheckpointWeights(const fs::path& folder,
                                        const std::optional<LoraOptions>& lora) {
    const auto base = baseOf(folder);
    const auto adapter = readAdapterConfig(folder);
    if (adapter && readAdapterConfig(base))
        throw Error(folder.string() + " adapts " + base.string() +
                    ", which is an adapter itself; merge that first: lvr model merge");
    CheckpointWeights opened{.config = readModelConfig(base),
                             .base = referenceTo(base),
                             .warnings = unusedParts(folder)};
    if (adapter) append(unusedParts(base), opened.warnings);
    openBase(base, opened);
    if (adapter && opened.quantised)
        throw Error(folder.string() + " adapts " + base.string() +
                    ", whose weights are integers (" + toText(*opened.quantised) +
                    "), which nothing can be added to; let it adapt the checkpoint that was made "
                    "from (base_model_name_or_path)");
    if (adapter) openAdapterInto(opened, folder, *adapter, lora);
    const auto unexpected =
        checkWeights(opened.weights, expectedTensors(opened.config, opened.quantised), folder);
    if (!unexpected.empty())
        opened.warnings.push_back("the model has no place for some tensors of " + base.string() +
                                  ", and they are left out: " + unexpected);
    return opened;
}

}  // namespace lvr
