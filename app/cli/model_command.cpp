#include <CLI/CLI.hpp>
#include <iostream>
#include <regex>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/out_folder.h"
#include "app/engine/tiny_model.h"
#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/model_config.h"
#include "core/checkpoint/quantisation.h"
#include "core/error.h"
#include "core/model/lvr_checkpoint.h"
#include "core/model/lvr_model.h"
#include "core/model/save_checkpoint.h"
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

std::string visionParts(const VisionConfig& vision) {
    std::string parts;
    if (vision.traits.windows) parts += ", window_size " + std::to_string(vision.windowSize);
    if (vision.numPositionEmbeddings > 0)
        parts += ", num_position_embeddings " + std::to_string(vision.numPositionEmbeddings);
    std::string blocks;
    for (const auto block : vision.deepstackVisualIndexes)
        blocks += (blocks.empty() ? "" : ", ") + std::to_string(block);
    return blocks.empty() ? parts : parts + ", DeepStack after blocks " + blocks;
}

void showWhatIsLeftOut(const LvrModel& model, const std::filesystem::path& folder) {
    for (const auto& warning : model.warnings()) std::cout << "note            " << warning << "\n";
    for (const auto& warning : PreprocessConfig::warnings(folder))
        std::cout << "note            " << warning << "\n";
    std::string names;
    for (const auto& name : unreadFiles(folder)) names += (names.empty() ? "" : ", ") + name;
    if (!names.empty()) std::cout << "not read        " << names << "\n";
}

// How its method was published, where the folder's own files say otherwise.
std::string publishedElsewhere(const std::filesystem::path& folder, const FoundDialect& found) {
    auto published = found.dialect;
    const auto own = readGenerationConfig(folderWith(folder, "generation_config.json"));
    const auto says = [&](const char* field) { return own.said.contains(field); };
    const bool samples = says("do_sample") || says("temperature") || says("top_p") ||
                         says("top_k") || says("min_p") || says("repetition_penalty");
    if (!samples || published.sampling == own.sampling) published.sampling.reset();
    if (!own.maxNewTokens || published.maxNewTokens == own.maxNewTokens)
        published.maxNewTokens.reset();
    const auto pictures = PreprocessConfig::open(folder);
    const bool isSame =
        published.pixels.min == pictures.minPixels && published.pixels.max == pictures.maxPixels;
    if (!saysPictureLimits(folderWith(folder, "preprocessor_config.json")) || isSame)
        published.pixels = {};
    return publishedText(published);
}

void showModel(const std::string& name, const std::string& dialect) {
    const auto folder = findCheckpoint(name.empty() ? tinyModelFolder() : name);
    const auto stored = memoryType(sizeOf(folder).dtype);
    const auto quantised = readQuantisation(folder);
    const auto tokenizer = Tokenizer::open(folderWith(folder, "tokenizer_config.json"));
    const auto found = dialectIn(folder, tokenizer, dialect);
    const auto model = LvrModel::open(folder, {.dtype = stored, .stop = interruption()});
    const auto& config = model.config();
    const auto& t = config.text;
    const auto& v = config.vision;
    std::cout << "folder          " << folder.string() << "\n"
              << "backbone        " << config.backbone->title << "\n"
              << "parameters      " << model.parameterCount() << " in " << model.parameters().size()
              << " tensors, all present and of the right shape, in " << toText(stored)
              << (quantised ? ", the language model's Linears in " + toText(*quantised) : "")
              << "\n"
              << "language model  hidden_size " << t.hiddenSize << ", " << t.numHiddenLayers
              << " layers, " << t.numAttentionHeads << " heads (" << t.numKeyValueHeads
              << " KV) of " << t.headSize() << ", intermediate_size " << t.intermediateSize
              << ", vocab_size " << t.vocabSize << (t.tieWordEmbeddings ? ", tied" : ", untied")
              << "\n"
              << "vision          hidden_size " << v.hiddenSize << ", depth " << v.depth << ", "
              << v.numHeads << " heads" << visionParts(v) << "\n"
              << "tokenizer       " << tokenizer.size() << " entries\n"
              << "dialect         " << found.dialect.name << ": " << found.choice.reason << "\n"
              << "thinks          " << ruleText(found.dialect) << "\n";
    if (const auto published = publishedElsewhere(folder, found); !published.empty())
        std::cout << "published with  " << published << "; its own files' values are used\n";
    for (const auto& warning : found.choice.warnings)
        std::cout << "note            " << warning << "\n";
    std::cout << "lvr             head " << headName(config.lvr.head) << ", latent end vector "
              << (config.lvr.latentEndToken ? "yes" : "no") << ", lvr_start_id "
              << (config.lvr.lvrStartId ? std::to_string(*config.lvr.lvrStartId) : "not set")
              << "\n";
    if (const auto adapter = readAdapterConfig(folder))
        std::cout << "adapter         rank " << adapter->rank << ", lora_alpha " << adapter->alpha
                  << ", of " << adapter->base << "\n";
    showWhatIsLeftOut(model, folder);
    const auto made = readProvenance(folderWith(folder, "lvr_workbench.json"));
    if (!made) return;
    std::cout << "made by         " << under(made->command) << "\n";
    if (!made->data.empty())
        std::cout << "data            " << made->data << ", seed " << made->seed << "\n";
    if (!made->defaultExit.empty()) std::cout << "exit rule       " << made->defaultExit << "\n";
    if (!made->notes.empty()) std::cout << "notes           " << made->notes << "\n";
}

struct MergeArguments {
    ModelArguments adapter;
    std::filesystem::path out;
};

void merge(const MergeArguments& a) {
    if (a.adapter.model.empty()) throw CLI::RequiredError("--model");
    const auto folder = findCheckpoint(a.adapter.model);
    if (!readAdapterConfig(folder))
        throw Error(folder.string() + " is no adapter: it has no adapter_config.json");
    checkOutputFolder(a.out);
    auto placement = placementOf({.model = a.adapter.model,
                                  .dtype = a.adapter.dtype,
                                  .device = a.adapter.device == "auto" ? "cpu" : a.adapter.device});
    if (a.adapter.dtype == "auto") placement.dtype = memoryType(sizeOf(folder).dtype);
    const auto checkpoint = openCheckpoint(a.adapter, placement);  // merges
    saveCheckpoint(checkpoint, folder, checkpoint.madeInto(commandLine()), a.out);
    std::cout << "wrote " << a.out.string() << ", adapter and base in one, in "
              << toText(placement.dtype) << "\n";
}

void addMerge(CLI::App& model) {
    auto a = std::make_shared<MergeArguments>();
    auto* command =
        model.add_subcommand("merge", "Write an adapter and its base as one checkpoint");
    addModelOptions(*command, a->adapter, "model,--model");
    command->get_option("--model")->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    command->get_option("--dtype")->description("float32, bfloat16, or auto: as the base has it");
    addDialect(*command, a->adapter.dialect);
    addOutFolder(*command, a->out, "Folder to write")->required();
    command->footer("Example: lvr model merge --model build/lora --out build/merged");
    command->callback([a] { merge(*a); });
}

}  // namespace

void addModelCommand(CLI::App& app) {
    auto name = std::make_shared<std::string>(), dialect = std::make_shared<std::string>();
    auto* command = app.add_subcommand("model", "Look at checkpoints");
    command->require_subcommand(1);
    auto* info = command->add_subcommand("info", "Check a checkpoint and say what it is");
    info->add_option("model,--model", *name,
                     "Folder or cached repo id (default: the shipped tiny model)")
        ->multi_option_policy(CLI::MultiOptionPolicy::Throw);  // one of the two ways
    info->footer("Example: lvr model info Qwen/Qwen2.5-VL-3B-Instruct");
    addDialect(*info, *dialect);
    info->callback([name, dialect] { showModel(*name, *dialect); });
    auto* list = command->add_subcommand(
        "list", "Qwen2.5-VL and Qwen3-VL checkpoints in the local hub cache");
    list->callback([] {
        for (const auto& id : cachedCheckpoints()) std::cout << id << "\n";
    });
    addMerge(*command);
    addRandomModelCommand(*command);
    addQuantizeCommand(*command);
    addModelCompareCommand(*command);
}

}  // namespace lvr
