#include <CLI/CLI.hpp>
#include <iostream>
#include <regex>

#include "app/cli/command.h"
#include "app/tiny_model.h"
#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/model_config.h"
#include "core/model/lvr_model.h"
#include "core/text/tokenizer.h"

namespace lvr {
namespace {

// Further lines stand under the first.
std::string under(const std::string& lines) {
    return std::regex_replace(lines, std::regex("\n"), "\n                ");
}

const char* headName(LvrHead head) {
    switch (head) {
        case LvrHead::None:
            return "none";
        case LvrHead::Mlp:
            return "mlp";
        case LvrHead::Glu:
            return "glu";
    }
    return "";
}

void showModel(const std::string& name) {
    const auto folder = findCheckpoint(name.empty() ? tinyModelFolder() : name);
    const auto config = readModelConfig(folder);
    const auto model = LvrModel::open(folder, {.stop = interruption()});  // checks every tensor
    std::int64_t parameters = 0;
    for (const auto& [parameter, tensor] : model.parameters()) parameters += tensor.numel();
    const auto& t = config.text;
    const auto& v = config.vision;
    std::cout << "folder          " << folder.string() << "\n"
              << "parameters      " << parameters << " in " << model.parameters().size()
              << " tensors, all present and of the right shape\n"
              << "language model  hidden_size " << t.hiddenSize << ", " << t.numHiddenLayers
              << " layers, " << t.numAttentionHeads << " heads (" << t.numKeyValueHeads
              << " KV), intermediate_size " << t.intermediateSize << ", vocab_size " << t.vocabSize
              << (t.tieWordEmbeddings ? ", tied" : ", untied") << "\n"
              << "vision          hidden_size " << v.hiddenSize << ", depth " << v.depth << ", "
              << v.numHeads << " heads, window_size " << v.windowSize << "\n"
              << "tokenizer       " << Tokenizer::open(folder).size() << " entries\n"
              << "lvr             head " << headName(config.lvr.head) << ", latent end vector "
              << (config.lvr.latentEndToken ? "yes" : "no") << ", lvr_start_id "
              << (config.lvr.lvrStartId ? std::to_string(*config.lvr.lvrStartId) : "not set")
              << "\n";
    if (const auto made = readProvenance(folder))
        std::cout << "made by         " << under(made->command) << "\ndata            "
                  << made->data << ", seed " << made->seed << "\nexit rule       "
                  << made->defaultExit << "\nnotes           " << made->notes << "\n";
}

}  // namespace

void addModelCommand(CLI::App& app) {
    auto name = std::make_shared<std::string>();
    auto* command = app.add_subcommand("model", "Look at checkpoints");
    command->require_subcommand(1);
    auto* info = command->add_subcommand("info", "Check a checkpoint and say what it is");
    info->add_option("model", *name, "Folder or cached repo id (default: the shipped tiny model)");
    info->footer("Example: lvr model info Qwen/Qwen2.5-VL-3B-Instruct");
    info->callback([name] { showModel(*name); });
    auto* list = command->add_subcommand("list", "Qwen2.5-VL checkpoints in the local hub cache");
    list->callback([] {
        for (const auto& id : cachedCheckpoints()) std::cout << id << "\n";
    });
}

}  // namespace lvr
