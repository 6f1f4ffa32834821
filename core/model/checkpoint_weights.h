#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/checkpoint/model_config.h"
#include "core/checkpoint/quantisation.h"
#include "core/files/safetensors.h"
#include "core/values/lora_options.h"

namespace lvr {

// What a checkpoint folder says a model is: every tensor of its configuration is here, in its
// shape, under its canonical name.
struct CheckpointWeights {
    ModelConfig config;
    std::map<std::string, TensorView> weights;
    std::optional<Quantisation> quantised;  // how those of Linears lie there
    // The adapter's lora_A.weight and lora_B.weight, for Linears that are in `weights`.
    std::map<std::string, TensorView> lora;
    double loraScale = 1;
    std::set<std::string> fromAdapter;  // of `weights`: what the adapter holds in full
    std::string base;                   // the model an adapter adapts, as referenceTo says it
    std::vector<std::string> warnings;  // a sentence each: what the folder holds and is not used
};

// An adapter folder gives the model it adapts with what the adapter holds. As in PEFT, a tied model
// whose adapter has the embeddings or the head in full is tied no more, unless the adapter says
// ensure_weight_tying. lora: with which the adapter will be trained further; nothing when it will
// be merged. Throws Error: tensors missing or of the wrong shape, a checkpoint that another
// program quantised, an adapter of one that is quantised, an adapter that does not fit or does what
// we cannot.
CheckpointWeights openCheckpointWeights(const std::filesystem::path& folder,
                                        const std::optional<LoraOptions>& lora);

}  // namespace lvr
