#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace lvr {

// What a training needs beside its weights to go on as if it had never stopped: optimizer moments,
// generators, position in the data, running means. Lies in a checkpoint folder as
// train_state.safetensors while the training is not over. Holds no copy: before it is written the
// tensors are the training's own, wherever they are; read, they are views of the mapped file, which
// stays open as long as one of them does.
struct TrainState {
    std::map<std::string, torch::Tensor> tensors;
    std::map<std::string, std::string> text;

    const torch::Tensor& tensor(const std::string& name) const;  // throws Error when missing
    const std::string& textOf(const std::string& name) const;    // throws Error when missing
    // A missing one, and one of another type or shape, is an Error.
    void copyInto(torch::Tensor to, const std::string& name) const;
    // Throws Error when the file holds a tensor that was never asked for: it is of another
    // training.
    void checkAllWasAskedFor() const;
    void write(const std::filesystem::path& folder) const;
    static std::optional<TrainState> read(const std::filesystem::path& folder);

private:
    mutable std::set<std::string> askedFor_;
};

// From one folder of a disk to another, which is made. Throws Error.
void moveState(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace lvr
