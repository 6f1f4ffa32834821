#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <set>

#include "app/cli/command.h"
#include "app/cli/random_folder.h"
#include "app/engine/tiny_model.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/model/dtype.h"
#include "core/model/random_model.h"
#include "core/model/save_checkpoint.h"
#include "core/text/chat_template.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

ModelConfig configOf(const RandomFolder& wish, const fs::path& from) {
    auto config = readModelConfig(from);
    if (wish.shape != "tiny") config = inShape(config, wish.shape);
    if (wish.layers > 0) config.text.numHiddenLayers = wish.layers;
    if (wish.visionLayers > 0) {
        config.vision.depth = wish.visionLayers;
        for (auto* blocks :
             {&config.vision.fullattBlockIndexes, &config.vision.deepstackVisualIndexes})
            std::erase_if(*blocks, [&](int block) { return block >= wish.visionLayers; });
    }
    // Of a cut model, as many as are left to take them.
    auto& features = config.vision.deepstackVisualIndexes;
    features.resize(
        std::min(features.size(), static_cast<std::size_t>(config.text.numHiddenLayers)));
    return config;
}

// All that says how text and pictures come in; of another backbone: its own ways.
void copyOthers(const fs::path& from, const fs::path& to) {
    const auto& backbone = *readModelConfig(to).backbone;
    const bool same = readModelConfig(from).backbone == &backbone;
    const std::set<std::string> ofBackbone{"preprocessor_config.json", "processor_config.json",
                                           "chat_template.jinja", "chat_template.json"};
    for (const auto& entry : fs::directory_iterator(from)) {
        const auto name = entry.path().filename().string();
        const bool ours = name == "config.json" || name == "lvr_workbench.json" ||
                          name == "README.md" || name.find("safetensors") != std::string::npos;
        const bool fits = same || !ofBackbone.contains(name);
        if (entry.is_regular_file() && !ours && fits) fs::copy_file(entry.path(), to / name);
    }
    if (same) return;
    writePreprocessor(PreprocessConfig::of(backbone), backbone, to);
    writeFileAtomically(to / "chat_template.jinja", jinjaOf({backbone.defaultSystem}));
}

}  // namespace

void writeRandomFolder(const RandomFolder& wish, const fs::path& out) {
    const auto from = findCheckpoint(wish.tokenizer.empty() ? tinyModelFolder() : wish.tokenizer);
    writeRandomModel(configOf(wish, from), parseDtype(wish.dtype), wish.seed, out);
    copyOthers(from, out);
}

namespace {

struct RandomArguments {
    RandomFolder wish;
    fs::path out;
};

void makeRandom(const RandomArguments& a) {
    checkOutputFolder(a.out);
    writeRandomFolder(a.wish, a.out);
    std::cout << "wrote " << a.out.string() << ", random weights in the shape of " << a.wish.shape
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
    command->add_option("--shape", a->wish.shape, shapes)->capture_default_str();
    command->add_option("--layers", a->wish.layers, "Of the language model (default: the shape's)")
        ->check(CLI::Range(1, 10000));
    command
        ->add_option("--vision-layers", a->wish.visionLayers,
                     "Of the vision tower (default: the shape's)")
        ->check(CLI::Range(1, 10000));
    command->add_option("--dtype", a->wish.dtype, "float32 or bfloat16")->capture_default_str();
    command->add_option("--tokenizer", a->wish.tokenizer,
                        "Checkpoint whose tokenizer it gets (default: the shipped tiny model)");
    command->add_option("--seed", a->wish.seed, "Of the weights")->capture_default_str();
    command->footer(
        "Example: lvr model random --shape qwen2.5-vl-0.5b --dtype float32 --out /tmp/half");
    command->callback([a] { makeRandom(*a); });
}

}  // namespace lvr
