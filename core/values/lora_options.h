#pragma once

#include <string>
#include <vector>

namespace lvr {

// The input and output embedding beside a low-rank adapter. A plain Qwen2.5-VL needs them trained:
// its rows for the LVR tokens say nothing yet.
enum class LoraEmbeddings { Frozen, Trained };

// The factor of what an adapter adds. Standard: alpha / rank. RsLora: alpha / sqrt(rank)
// (Kalajdzievski 2023), PEFT's use_rslora.
enum class LoraScaling { Standard, RsLora };

// Low-rank adaptation of the language model; everything else but lvr_head and lvr_latent_end_emb is
// frozen. The names are PEFT's: r, lora_alpha, lora_dropout, target_modules.
struct LoraOptions {
    int rank = 0;  // 0: none, the whole language model is trained
    double alpha = 32;
    LoraScaling scaling = LoraScaling::Standard;
    double dropout = 0;  // share of an adapter's inputs that a training pass leaves out
    std::vector<std::string> targets = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                        "gate_proj", "up_proj", "down_proj"};
    LoraEmbeddings embeddings = LoraEmbeddings::Frozen;
    double scale() const;
    bool operator==(const LoraOptions&) const = default;
};

// Throws Error unless it is a Linear of the language model.
void checkLoraTarget(const std::string& name);

}  // namespace lvr
