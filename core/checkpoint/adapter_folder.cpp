#include "core/checkpoint/adapter_folder.h"

#include <cmath>

#include "core/checkpoint/atomic_file.h"
#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/json_file.h"
#include "core/error.h"

namespace lvr {

namespace fs = std::filesystem;

namespace {

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kWeights = "adapter_model.safetensors";
constexpr const char* kPrefix = "base_model.model.";  // PEFT's wrapping of a model

// As a transformers model names its parts today.
std::string peftName(const std::string& canonical) {
    const auto inner =
        canonical.starts_with("model.")
            ? "model.language_model." + canonical.substr(std::string("model.").size())
        : canonical.starts_with("visual.") ? "model." + canonical
                                           : canonical;
    return kPrefix + inner;
}

void refuseWhatWeCannot(const JsonFields& fields) {
    if (const auto type = fields.get<std::string>("peft_type"); type != "LORA")
        fields.fail("peft_type", "is " + type + "; only LORA adapters can be opened");
    for (const auto* flag : {"use_dora", "fan_in_fan_out", "lora_bias"})
        if (fields.get(flag, false)) fields.fail(flag, "is not supported; merge the adapter first");
    if (fields.get<std::string>("bias", "none") != "none")
        fields.fail("bias", "must be \"none\"; merge the adapter first");
    for (const auto* pattern : {"rank_pattern", "alpha_pattern"})
        if (const auto object = fields.object(pattern); object && !object->keys().empty())
            fields.fail(pattern, "is not supported; merge the adapter first");
}

}  // namespace

double AdapterConfig::scale() const { return alpha / (rsLora ? std::sqrt(rank) : rank); }

std::optional<AdapterConfig> readAdapterConfig(const fs::path& folder) {
    if (!fs::exists(folder / kConfig)) return std::nullopt;
    const auto fields = JsonFields::read(folder / kConfig);
    refuseWhatWeCannot(fields);
    AdapterConfig config{.base = fields.get<std::string>("base_model_name_or_path"),
                         .rank = static_cast<int>(fields.get<std::int64_t>("r")),
                         .alpha = fields.get<double>("lora_alpha"),
                         .rsLora = fields.get("use_rslora", false)};
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
              {"lora_dropout", 0.0},
              {"bias", "none"},
              {"use_rslora", config.rsLora},
              {"fan_in_fan_out", false},
              {"inference_mode", true},
              {"init_lora_weights", true},
              {"target_modules", "(.*\\.)?layers\\.\\d+\\.(self_attn|mlp)\\.(" + names + ")"},
              {"modules_to_save", nullptr}};
    if (!config.modulesToSave.empty()) json["modules_to_save"] = config.modulesToSave;
    const auto file = folder / kConfig;
    writeFileAtomically(file, toJsonText(json, file.string(), 2) + "\n");
}

std::map<std::string, TensorView> openAdapter(const fs::path& folder) {
    if (!fs::exists(folder / kWeights))
        throw Error(folder.string() + " has no " + kWeights +
                    "; other formats such as adapter_model.bin must be converted first");
    std::map<std::string, TensorView> tensors;
    const auto file = SafetensorsFile::open(folder / kWeights);
    for (const auto& [name, view] : file.tensors()) {
        if (!name.starts_with(kPrefix))
            throw Error((folder / kWeights).string() + ": tensor " + name +
                        " does not begin with " + kPrefix + " as PEFT's do");
        tensors.emplace(canonicalName(name.substr(std::string(kPrefix).size())), view);
    }
    return tensors;
}

void writeAdapter(std::vector<TensorBytes> tensors, const fs::path& folder) {
    for (auto& tensor : tensors) tensor.name = peftName(tensor.name);
    writeSafetensors(folder / kWeights, tensors, {{"format", "pt"}});
}

fs::path baseOf(const fs::path& folder) {
    const auto adapter = readAdapterConfig(folder);
    if (!adapter) return folder;
    try {
        return findCheckpoint(adapter->base);
    } catch (const Error& e) {
        throw Error(folder.string() + " adapts a model that is not there: " + e.what() +
                    "; or write where it is into base_model_name_or_path of " +
                    (folder / kConfig).string());
    }
}

fs::path folderWith(const fs::path& folder, const char* file) {
    return fs::exists(folder / file) ? folder : baseOf(folder);
}

}  // namespace lvr
