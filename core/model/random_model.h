#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/checkpoint/model_config.h"

namespace lvr {

// The sizes of released checkpoints by name, for measuring on weights that say nothing:
// "qwen2.5-vl-3b", "qwen2.5-vl-7b", "qwen3-vl-2b", "qwen3-vl-4b" and "qwen3-vl-8b" as in their
// config.json, and "qwen2.5-vl-0.5b", which nobody released: Qwen2.5-0.5B with a small vision
// tower.
std::vector<std::string> knownShapes();
// `base` with the sizes of that shape; its token ids stay. Throws Error naming the shapes there
// are.
ModelConfig inShape(ModelConfig base, const std::string& shape);

// Writes config.json and model.safetensors: norms 1, biases 0, the rest N(0, 0.02), as transformers
// initialises. Memory stays small, whatever the shape. dtype: float32, float16 or bfloat16.
void writeRandomModel(const ModelConfig& config, torch::Dtype dtype, std::uint64_t seed,
                      const std::filesystem::path& folder);

}  // namespace lvr
