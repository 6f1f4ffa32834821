#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/files/safetensors.h"

namespace lvr {

// PEFT's LoRA folder: adapter_config.json beside adapter_model.safetensors. Ours also hold the
// config.json, tokenizer and preprocessor of the model they adapt.
struct AdapterConfig {
    std::string base;                        // `base_model_name_or_path`: a folder or a repo id
    int rank = 8;                            // `r`
    double alpha = 8;                        // `lora_alpha`
    double dropout = 0;                      // `lora_dropout`, of its training; written only
    bool rsLora = false;                     // `use_rslora`
    std::vector<std::string> targets;        // `target_modules`: Linears of the language model
    std::vector<std::string> modules;        // the same one by one, as peftModule names them
    std::vector<std::string> modulesToSave;  // `modules_to_save`: trained in full
    bool tiesHead = false;  // `ensure_weight_tying`: head and embeddings of a tied model stay one
    double scale() const;   // alpha / r, or alpha / sqrt(r) for rsLoRA
};

// Nothing when the folder is no adapter. Throws Error naming the field for what PEFT can do and we
// cannot: DoRA, ranks by pattern, trained biases, an initialisation that changed the base, another
// peft_type, and any field we don't know that says something.
std::optional<AdapterConfig> readAdapterConfig(const std::filesystem::path& folder);
// targets is written as a pattern that leaves the vision tower's Linears of the same name alone,
// unless there are `modules`.
void writeAdapterConfig(const AdapterConfig& config, const std::filesystem::path& folder);

// Tensors under canonical names: model.layers.0.self_attn.q_proj.lora_A.weight, and what was
// trained in full under its own name, such as lvr_head.mlp.0.weight.
std::map<std::string, TensorView> openAdapter(const std::filesystem::path& folder);
// tensors: under canonical names, and handed over as streamSafetensors asks for them.
void writeAdapter(std::vector<TensorHeader> tensors, const GiveTensor& give,
                  const std::filesystem::path& folder);

// What `modules_to_save` calls a module: lm_head, model.language_model.embed_tokens.
std::string peftModule(const std::string& canonical);

// The folder of the model that an adapter adapts; `folder` itself when it is no adapter. Throws
// Error when that model is not there.
std::filesystem::path baseOf(const std::filesystem::path& folder);
// Where one of a checkpoint's files lies: in its folder, or in its base's when it is an adapter
// that was saved without.
std::filesystem::path folderWith(const std::filesystem::path& folder, const char* file);

}  // namespace lvr
