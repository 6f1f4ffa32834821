#pragma once

#include <string>
#include <vector>

namespace lvr {

// The input and output embedding beside a low-rank adapter. A plain Qwen2.5-VL needs them trained:
// its rows for the LVR tokens say nothing yet.
enum class LoraEmbeddings { Frozen, Trained };

// Low-rank adaptation of the language model; everything else but lvr_head and lvr_latent_end_emb is
// frozen. The names are PEFT's: r, lora_alpha, target_modules.
struct LoraOptions {
    int rank = 0;  // 0: none, the whole language model is trained
    double alpha = 32;
    std::vector<std::string> targets = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                        "gate_proj", "up_proj", "down_proj"};
    LoraEmbeddings embeddings = LoraEmbeddings::Frozen;
    bool operator==(const LoraOptions&) const = default;
};

// Throws Error unless it is a Linear of the language model.
void checkLoraTarget(const std::string& name);

}  // namespace lvr
