#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace lvr {

// What a training needs beside its weights to go on as if it had never stopped: optimizer moments,
// generators, position in the data, running means. Lies in a checkpoint folder as
// train_state.safetensors while the training is not over.
struct TrainState {
    std::map<std::string, torch::Tensor> tensors;  // on the CPU: float32, float64, int64, uint8
    std::map<std::string, std::string> text;

    const torch::Tensor& tensor(const std::string& name) const;  // throws Error when missing
    const std::string& textOf(const std::string& name) const;    // throws Error when missing
    void write(const std::filesystem::path& folder) const;
    static std::optional<TrainState> read(const std::filesystem::path& folder);
};

}  // namespace lvr
