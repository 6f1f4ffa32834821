#include <CLI/CLI.hpp>
#include <iostream>

#include "app/cli/command.h"
#include "app/engine/tiny_model.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/dtype.h"
#include "core/model/random_model.h"
#include "core/model/save_checkpoint.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

struct RandomArguments {
    std::string shape = "tiny", dtype = "bfloat16", tokenizer;
    int layers = 0;
    std::uint64_t seed = 0;
    fs::path out;
};

ModelConfig configOf(const RandomArguments& a, const fs::path& from) {
    auto config = readModelConfig(from);
    if (a.shape != "tiny") config = inShape(config, a.shape);
    if (a.layers > 0) config.text.numHiddenLayers = a.layers;
    return config;
}

// All that says how text and pictures come in.
void copyOthers(const fs::path& from, const fs::path& to) {
    for (const auto& entry : fs::directory_iterator(from)) {
        const auto name = entry.path().filename().string();
        const bool ours = name == "config.json" || name == "lvr_workbench.json" ||
                          name == "README.md" || name.find("safetensors") != std::string::npos;
        if (entry.is_regular_file() && !ours) fs::copy_file(entry.path(), to / name);
    }
}

void makeRandom(const RandomArguments& a) {
    checkOutputFolder(a.out);
    const auto from = findCheckpoint(a.tokenizer.empty() ? tinyModelFolder() : a.tokenizer);
    writeRandomModel(configOf(a, from), parseDtype(a.dtype), a.seed, a.out);
    copyOthers(from, a.out);
    std::cout << "wrote " << a.out.string() << ", random weights in the shape of " << a.shape
              << "; it knows nothing\n";
}

}  // namespace

void addRandomModelCommand(CLI::App& model) {
    auto a = std::make_shared<RandomArguments>();
    std::string shapes = "tiny";
    for (const auto& shape : knownShapes()) shapes += ", " + shape;
    auto* command = model.add_subcommand(
        "random", "Write random weights in a true shape, to measure memory and speed with");
    command->add_option("--out", a->out, "Folder to write")->required();
    command->add_option("--shape", a->shape, shapes)->capture_default_str();
    command->add_option("--layers", a->layers, "Of the language model (default: the shape's)")
        ->check(CLI::Range(1, 10000));
    command->add_option("--dtype", a->dtype, "float32 or bfloat16")->capture_default_str();
    command->add_option("--tokenizer", a->tokenizer,
                        "Checkpoint whose tokenizer it gets (default: the shipped tiny model)");
    command->add_option("--seed", a->seed, "Of the weights")->capture_default_str();
    command->footer(
        "Example: lvr model random --shape qwen2.5-vl-0.5b --dtype float32 --out /tmp/half");
    command->callback([a] { makeRandom(*a); });
}

}  // namespace lvr
