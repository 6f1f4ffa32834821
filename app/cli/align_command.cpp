#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/out_folder.h"
#include "app/cli/passes.h"
#include "app/cli/place_flags.h"
#include "app/engine/tiny_model.h"
#include "app/training/run_log.h"
#include "app/training/train_progress.h"
#include "core/checkpoint/backbone.h"
#include "core/files/atomic_file.h"
#include "core/model/save_checkpoint.h"
#include "core/store/run_store.h"
#include "core/text/chat_template.h"
#include "datasets/scenes/scenes.h"
#include "datasets/tiny/align.h"
#include "datasets/tiny/fresh_model.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

struct AlignArguments {
    fs::path out, store;
    std::string backbone = qwen25Vl().name;
    AlignOptions options;
    int threads = 1;
};

// Words are looked up as they stand in a sentence: after a space.
std::vector<std::int64_t> wordIds(const Tokenizer& tokenizer,
                                  const std::vector<std::string>& words) {
    std::vector<std::int64_t> ids;
    for (const auto& word : words) ids.push_back(tokenizer.encode(" " + word).at(0));
    return ids;
}

AlignExample example(std::uint64_t seed, std::uint64_t index) {
    auto picture = alignPicture(seed, index);
    AlignExample made{std::move(picture.image), {}};
    for (const auto& cell : picture.cells) made.cells.push_back({cell.shape, cell.color, cell.dot});
    return made;
}

// Copies of the shipped tokenizer's files, which a fresh model is saved with, and the backbone's
// chat template; gone when the work is over, however it ends.
struct TokenizerCopy {
    TokenizerCopy(fs::path path, const Backbone& backbone) : folder(std::move(path)) {
        fs::create_directories(folder);
        for (const auto* name : {"tokenizer.json", "tokenizer_config.json", "vocab.json",
                                 "merges.txt", "added_tokens.json", "special_tokens_map.json"})
            fs::copy_file(tinyModelFolder() / fs::path(name), folder / name,
                          fs::copy_options::overwrite_existing);
        writeFileAtomically(folder / "chat_template.jinja", jinjaOf({backbone.defaultSystem}));
    }
    ~TokenizerCopy() {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    fs::path folder;
};

// Returns how it ended, in one sentence.
std::string train(const AlignArguments& arguments, RunLog& log) {
    const long before = cpuSeconds();
    const auto& backbone = backboneNamed(arguments.backbone);
    const TokenizerCopy words(arguments.out.string() + ".tokenizer", backbone);
    auto checkpoint =
        freshCheckpoint(backbone, Tokenizer::open(words.folder), arguments.options.seed);
    const auto& tokenizer = checkpoint.tokenizer;
    const auto sides = wordIds(tokenizer, {"left", "right", "above", "below"});
    const auto seed = arguments.options.seed;
    trainAlign(
        checkpoint.model, checkpoint.preprocess,
        [seed](std::uint64_t index) { return example(seed, index); },
        {wordIds(tokenizer, shapeWords()), wordIds(tokenizer, colorWords()), sides[0], sides[1],
         sides[2], sides[3]},
        arguments.options, [&](const TrainReport& report) { log.record(report); }, interruption());
    const auto notes = "stage 0, the language model is untrained; " +
                       std::to_string(cpuSeconds() - before) + " CPU-seconds";
    saveCheckpoint(checkpoint, words.folder,
                   {.defaultExit = "none",
                    .command = commandLine(),
                    .seed = seed,
                    .data = "generated align pictures",
                    .notes = notes},
                   arguments.out);
    std::cout << "saved " << arguments.out.string() << "; " << notes << "\n";
    return notes;
}

void align(const AlignArguments& arguments) {
    at::set_num_threads(arguments.threads);
    checkOutputFolder(arguments.out);
    const auto& o = arguments.options;
    const nlohmann::json options{{"backbone", arguments.backbone},
                                 {"steps", o.steps},
                                 {"lr", o.learningRate},
                                 {"seed", o.seed}};
    const auto file = storeFile(arguments.store);
    RunStore store(file);
    recordRun(store, file,
              {.kind = "align",
               .command = commandLine(),
               .options = options.dump(),
               .data = "generated align pictures",
               .out = fs::absolute(arguments.out).lexically_normal().string(),
               .seed = o.seed,
               .codeVersion = LVR_VERSION,
               .steps = o.steps},
              interruption(), [&](RunLog& log) { return train(arguments, log); });
}

}  // namespace

void addAlignCommand(CLI::App& app) {
    auto arguments = std::make_shared<AlignArguments>();
    auto* command = app.add_subcommand(
        "align", "Make a tiny model whose vision tower knows drawn scenes (stage 0)");
    addOutFolder(*command, arguments->out, "Checkpoint folder to write")->required();
    std::vector<std::string> names;
    for (const auto* backbone : backbones()) names.push_back(backbone->name);
    command->add_option("--backbone", arguments->backbone, "The family it is one of")
        ->check(CLI::IsMember(names))
        ->capture_default_str();
    command->add_option("--steps", arguments->options.steps, "Optimiser steps")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command->add_option("--seed", arguments->options.seed, "Of weights, words and pictures")
        ->capture_default_str();
    command->add_option("--lr", arguments->options.learningRate, "Peak learning rate")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    addStoreOption(*command, arguments->store);
    command->add_option("--threads", arguments->threads, "CPU threads")
        ->check(wholeFrom(1))
        ->capture_default_str();
    command->footer(
        "Example: lvr align --out build/tiny-vision --seed 0\n"
        "A tiny Qwen3-VL: lvr align --backbone qwen3-vl --out build/tiny3-vision");
    command->callback([arguments] { align(*arguments); });
}

}  // namespace lvr
