#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/lvr_model.h"
#include "core/values/options.h"

namespace CLI {
class App;
}

namespace lvr {

struct LvrCheckpoint;

// The flags that several commands share.
struct ModelArguments {
    std::string model;  // empty: the tiny model
    std::string dtype = "float32", device = "cpu";
};
struct DecodeArguments {
    std::string exit;  // empty: the model's own
    std::string latentFeed;
    std::string headPositions = "consistent";
    bool forceStart = false, forceEnd = false;
    int maxNewTokens = 256;
    SamplingOptions sampling;
};

struct PixelLimits {
    std::optional<std::int64_t> min, max;  // of a picture's area after resizing
};

void addModelOptions(CLI::App& command, ModelArguments& arguments);
void addDecodeOptions(CLI::App& command, DecodeArguments& arguments);
void addPixelLimits(CLI::App& command, PixelLimits& limits);
// Throws Error when they contradict each other.
void apply(const PixelLimits& limits, PreprocessConfig& config);
LvrCheckpoint openCheckpoint(const ModelArguments& arguments);
// What is not said comes from the checkpoint. Throws Error.
DecodeOptions decodeOptions(const DecodeArguments& arguments, const LvrCheckpoint& checkpoint);

}  // namespace lvr
