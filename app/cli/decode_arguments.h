#pragma once

#include <string>

#include "app/training/pixel_limits.h"
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

void addModelOptions(CLI::App& command, ModelArguments& arguments);
void addDecodeOptions(CLI::App& command, DecodeArguments& arguments);
void addPixelLimits(CLI::App& command, PixelLimits& limits);
LvrCheckpoint openCheckpoint(const ModelArguments& arguments);
// What is not said comes from the checkpoint. Throws Error.
DecodeOptions decodeOptions(const DecodeArguments& arguments, const LvrCheckpoint& checkpoint);

}  // namespace lvr
