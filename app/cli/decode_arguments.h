#pragma once

#include <map>
#include <string>

#include "core/model/lvr_model.h"
#include "core/model/placement.h"
#include "core/values/options.h"

namespace CLI {
class App;
}

namespace lvr {

struct LvrCheckpoint;
struct DecodeSettings;

// The flags that several commands share; what is absent was not said.
struct ModelArguments {
    std::string model;                            // empty: the tiny model
    std::string dtype = "auto", device = "auto";  // as PlacementWish has them
    int threads = 0;                              // as fitThreads has them
    std::string dialect = {};                     // how it thinks; empty: as its files say
};
using DecodeArguments = std::map<std::string, std::string>;  // {"top-p", "0.9"}

// names: "--model", or "model,--model" where it is what the command is about.
void addModelOptions(CLI::App& command, ModelArguments& arguments,
                     const std::string& names = "--model");
void addPlacementOptions(CLI::App& command, std::string& dtype, std::string& device);
void addThreads(CLI::App& command, int& threads);
void addDialect(CLI::App& command, std::string& dialect, const std::string& flag = "--dialect");
// Of no model here: a name alone.
void addDialectName(CLI::App& command, std::string& dialect, const std::string& about);
// All but --seed, which is not the decoding's in every command.
void addDecodeOptions(CLI::App& command, DecodeArguments& arguments);
void addDecodeSeed(CLI::App& command, DecodeArguments& arguments);
void addPixelLimits(CLI::App& command, PixelLimits& limits);
std::string modelNamed(const ModelArguments& arguments);  // the tiny model's folder where none is
Placement placementOf(const ModelArguments& arguments, Purpose purpose = Purpose::Answering);
// Says on the terminal what of its files is passed over, and how it thinks where that is not LVR's
// way.
LvrCheckpoint openCheckpoint(const ModelArguments& arguments, const Placement& placement);
// The checkpoint's own with what was said on the command line. Throws Error.
DecodeSettings decodeSettings(const DecodeArguments& arguments, const LvrCheckpoint& checkpoint);

}  // namespace lvr
