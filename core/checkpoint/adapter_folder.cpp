#include "core/checkpoint/adapter_folder.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"

namespace lvr {

namespace fs = std::filesystem;

namespace {

constexpr const char* kAdapterFile = "adapter_config.json";
constexpr const char* kAdapterWeights = "adapter_model.safetensors";
constexpr const char* kPrefix = "base_model.model.";  // PEFT's wrapping of a model

std::string peftName(const std::string& canonical) { return kPrefix + peftModule(canonical); }

// The fields we read, and those that change nothing about an adapter that is made: where it was put
// (its tensors say so), how it was trained, and settings of what other fields turn on.
constexpr std::string_view kKnown[] = {"auto_mapping",
                                       "base_model_name_or_path",
                                       "bias",
                                       "corda_config",
                                       "ensure_weight_tying",
                                       "ephemeral_gpu_offload",
                                       "eva_config",
                                       "exclude_modules",
                                       "inference_mode",
                                       "init_lora_weights",
                                       "layers_pattern",
                                       "layers_to_transform",
                                       "loftq_config",
                                       "lora_alpha",
                                       "lora_dropout",
                                       "lora_ga_config",
                                       "megatron_core",
                                       "modules_to_save",
                                       "modules_to_tie",
                                       "peft_type",
                                       "peft_version",
                                       "qalora_group_size",
                                       "r",
                                       "revision",
                                       "runtime_config",
                                       "target_modules",
                                       "target_modules_to_tie",
                                       "task_type",
                                       "use_rslora"};

// These leave the model they adapt as it is; pissa, olora, corda, loftq and lora_ga take a part out
// of it, so that the adapter fits only what is left.
void checkInitialisation(const JsonFields& fields, const Json& raw) {
    const char* key = "init_lora_weights";
    if (!fields.has(key) || raw[key].is_boolean()) return;
    const auto how = fields.get<std::string>(key);
    if (how != "gaussian" && how != "eva" && how != "orthogonal")
        fields.fail(key, "is \"" + how +
                             "\", which changes the model that is adapted; convert the adapter "
                             "with PEFT (save_pretrained with "
                             "path_initial_model_for_weight_conversion) or merge it first");
}

// Neither throws for a folder that may not be entered: what can't be seen is not there.
bool isThere(const fs::path& path) {
    std::error_code unknown;
    return fs::exists(path, unknown);
}
bool saysSomething(const Json& value) {
    const bool canBeEmpty = value.is_structured() || value.is_string();
    return !value.is_null() && value != false && !(canBeEmpty && value.empty());
}

void refuseWhatWeCannot(const JsonFields& fields, const Json& raw) {
    if (const auto type = fields.get<std::string>("peft_type"); type != "LORA")
        fields.fail("peft_type", "is " + type + "; only LORA adapters can be opened");
    if (fields.get<std::string>("bias", "none") != "none")
        fields.fail("bias", "must be \"none\"; merge the adapter with PEFT first");
    const auto of = fields.get<std::string>("revision", "main");
    const fs::path base = fields.get<std::string>("base_model_name_or_path", "");
    if (of != "main" && !isFolder(base))
        fields.fail("revision", "is \"" + of +
                                    "\"; only the main revision of a base is looked up, so set it "
                                    "to null when that is what base_model_name_or_path holds");
    checkInitialisation(fields, raw);
    for (const auto& [key, value] : raw.items())
        if (std::find(std::begin(kKnown), std::end(kKnown), key) == std::end(kKnown) &&
            saysSomething(value))
            fields.fail(key, "is set, which is not supported; merge the adapter with PEFT first");
}

}  // namespace

double AdapterConfig::scale() const { return alpha / (rsLora ? std::sqrt(rank) : rank); }

std::optional<AdapterConfig> readAdapterConfig(const fs::path& folder) {
    if (!isThere(folder / kAdapterFile)) return std::nullopt;
    const auto fields = JsonFields::read(folder / kAdapterFile);
    refuseWhatWeCannot(fields, readJsonOrNull(folder / kAdapterFile));
    AdapterConfig config{.base = fields.get<std::string>("base_model_name_or_path"),
                         .rank = static_cast<int>(fields.get<std::int64_t>("r")),
                         .alpha = fields.get<double>("lora_alpha"),
                         .rsLora = fields.get("use_rslora", false),
                         .tiesHead = fields.get("ensure_weight_tying", false)};
    if (config.rank < 1) fields.fail("r", "must be at least 1");
    return config;
}

void writeAdapterConfig(const AdapterConfig& config, const fs::path& folder) {
    std::string names;
    for (const auto& target : config.targets) names += (names.empty() ? "" : "|") + target;
    Json json{{"peft_type", "LORA"},
              {"task_type", "CAUSAL_LM"},
              {"base_model_name_or_path", config.base},
              {"r", config.rank},
              {"lora_alpha", config.alpha},
              {"lora_dropout", config.dropout},
              {"bias", "none"},
              {"use_rslora", config.rsLora},
              {"fan_in_fan_out", false},
              {"inference_mode", true},
              {"init_lora_weights", true},
              {"target_modules", "(.*\\.)?layers\\.\\d+\\.(self_attn|mlp)\\.(" + names + ")"},
              {"modules_to_save", nullptr}};
    if (!config.modules.empty()) json["target_modules"] = config.modules;
    if (!config.modulesToSave.empty()) json["modules_to_save"] = config.modulesToSave;
    if (config.tiesHead) json["ensure_weight_tying"] = true;
    const auto file = folder / kAdapterFile;
    writeFileAtomically(file, toJsonText(json, file.string(), 2) + "\n");
}

namespace {

// What PEFT wrapped is itself under its own name: an adapted head's base_layer.
std::string plainName(const std::string& name) {
    auto plain = canonicalName(name.substr(std::string(kPrefix).size()));
    const std::string wrapped = ".base_layer";
    if (const auto at = plain.find(wrapped + "."); at != std::string::npos)
        plain.erase(at, wrapped.size());
    return plain;
}

}  // namespace

std::map<std::string, TensorView> openAdapter(const fs::path& folder) {
    if (!isThere(folder / kAdapterWeights))
        throw Error(folder.string() + " has no " + kAdapterWeights +
                    "; other formats such as adapter_model.bin must be converted first");
    std::map<std::string, TensorView> tensors;
    const auto file = SafetensorsFile::open(folder / kAdapterWeights);
    for (const auto& [name, view] : file.tensors()) {
        if (!name.starts_with(kPrefix))
            throw Error((folder / kAdapterWeights).string() + ": tensor " + name +
                        " does not begin with " + kPrefix + " as PEFT's do");
        tensors.emplace(plainName(name), view);
    }
    return tensors;
}

void writeAdapter(std::vector<TensorHeader> tensors, const GiveTensor& give,
                  const fs::path& folder) {
    std::map<std::string, std::string> canonical;
    for (auto& tensor : tensors) {
        const auto name = peftName(tensor.name);
        canonical[name] = std::exchange(tensor.name, name);
    }
    const auto giveCanonical = [&](const TensorHeader& tensor, const WriteBytes& write) {
        give({canonical.at(tensor.name), tensor.dtype, tensor.shape}, write);
    };
    streamSafetensors(folder / kAdapterWeights, std::move(tensors), giveCanonical,
                      {{"format", "pt"}});
}

// As a transformers model names its parts today.
std::string peftModule(const std::string& canonical) {
    if (canonical.starts_with("model."))
        return "model.language_model." + canonical.substr(std::string("model.").size());
    return canonical.starts_with("visual.") ? "model." + canonical : canonical;
}

fs::path baseOf(const fs::path& folder) {
    const auto adapter = readAdapterConfig(folder);
    if (!adapter) return folder;
    try {
        return findCheckpoint(adapter->base);
    } catch (const Error& e) {
        throw Error(folder.string() + " adapts a model that is not there: " + e.what() +
                    "; or write where it is into base_model_name_or_path of " +
                    (folder / kAdapterFile).string());
    }
}

fs::path folderWith(const fs::path& folder, const char* file) {
    return isThere(folder / file) ? folder : baseOf(folder);
}

}  // namespace lvr
