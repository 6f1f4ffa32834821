#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "app/command.h"
#include "app/run_log.h"
#include "app/sft_fields.h"
#include "app/train_progress.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/store/run_store.h"
#include "core/train/save_checkpoint.h"
#include "core/train/sft.h"
#include "datasets/lvr_json.h"
#include "datasets/scenes.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

struct SftArguments {
    std::string model, resume;
    fs::path data, imageRoot, out, store;
    SftOptions options;
    int threads = 1, saveEvery = 200;
};

// Scenes are asked with the recipe's weights and filled as it fills them; other data as it comes.
void fitToScenes(TrainingSet& set, SftOptions& options) {
    const auto known = sceneKinds();
    for (auto& record : set.records) {
        if (std::find(known.begin(), known.end(), record.kind) == known.end()) continue;
        options.kindWeights[record.kind] = sceneKindWeight(record.kind);
        if (record.kind == "left-right" || record.kind == "above-below")
            record.fill = FillSlots::Cycle;
    }
}

TrainingSet readTrainingSet(const SftArguments& arguments) {
    TrainingSet set;
    std::map<std::string, int> pictures;
    for (auto& record : readLvrJson(arguments.data, arguments.imageRoot)) {
        const auto name =
            arguments.data.string() + ", record " + std::to_string(set.records.size() + 1);
        if (record.images.size() != 1)
            throw Error(name + " has " + std::to_string(record.images.size()) +
                        " images; this trainer takes records with one");
        const auto [at, added] =
            pictures.try_emplace(record.images.front(), static_cast<int>(set.pictures.size()));
        if (added) set.pictures.emplace_back(record.images.front());
        set.records.push_back(
            {at->second, name, record.dataset, record.question, record.response, record.boxes});
    }
    return set;
}

void printPictures(int done, int total) {
    if (interruption().stop_requested()) throw Cancelled();
    if (done % 500 == 0 || done == total)
        std::cout << "pictures encoded " << done << "/" << total << std::endl;
}

// Every command since the first, one a line: what was done before is part of what it is.
std::string commandsUpTo(const std::string& model) {
    const auto before = readProvenance(findCheckpoint(model));
    return (before && !before->command.empty() ? before->command + "\n" : "") + commandLine();
}

Provenance provenanceOf(const SftArguments& arguments) {
    const bool filler = arguments.options.twin == Twin::Filler,
               plain = arguments.options.twin == Twin::Plain;
    return {.defaultExit = plain ? "none" : toText(EndProbability{}),
            .latentFeed = filler ? "filler" : "own",
            .seed = arguments.options.seed,
            .data = arguments.data.filename().string()};
}

// What the sidecar and the terminal say of how it ended.
std::string goalReport(const SftResult& result, double goal) {
    std::string lagging;
    for (const auto& [kind, accuracy] : result.accuracy)
        if (accuracy < goal)
            lagging += (lagging.empty() ? "" : ", ") + kind + " at " +
                       std::to_string(accuracy).substr(0, 5);
    return lagging.empty() ? "every kind reached the goal" : "below the goal: " + lagging;
}

RunInfo runInfoOf(const SftArguments& arguments) {
    return {.kind = arguments.options.twin == Twin::Plain ? "pretrain" : "sft",
            .command = commandLine(),
            .options = toJsonText(arguments.options),
            .parent = arguments.model,
            .data = fs::absolute(arguments.data).string(),
            .out = fs::absolute(arguments.out).lexically_normal().string(),
            .seed = arguments.options.seed,
            .codeVersion = LVR_VERSION,
            .steps = arguments.options.steps + arguments.options.coolDownSteps};
}

// What is to be known to go on with this training, beside what the trainer itself needs.
void describe(const SftArguments& arguments, const std::string& command, std::int64_t run,
              long cpuSecondsBefore, TrainState& state) {
    state.text["options"] = toJsonText(arguments.options);
    state.text["model"] = arguments.model;
    state.text["data"] = fs::absolute(arguments.data).string();
    state.text["image_root"] =
        arguments.imageRoot.empty() ? "" : fs::absolute(arguments.imageRoot).string();
    state.text["command"] = command;
    state.text["run"] = std::to_string(run);
    state.text["cpu_seconds"] = std::to_string(cpuSecondsBefore + cpuSeconds());
}

// Returns how it ended, in one sentence.
std::string train(SftArguments& arguments, const std::optional<TrainState>& resume, RunLog& log) {
    auto set = readTrainingSet(arguments);
    fitToScenes(set, arguments.options);
    const auto from = resume ? arguments.out.string() : arguments.model;
    auto checkpoint = LvrCheckpoint::open(from, {.use = LoadOptions::Use::Training});
    const auto encoded = encodeTrainingSet(checkpoint, set, printPictures);
    auto provenance = provenanceOf(arguments);
    provenance.command = resume ? resume->textOf("command") : commandsUpTo(arguments.model);
    const long before = resume ? std::stol(resume->textOf("cpu_seconds")) : 0;
    const auto save = [&](int step, TrainState state) {
        describe(arguments, provenance.command, log.run(), before, state);
        provenance.notes = "not finished, saved at step " + std::to_string(step);
        saveCheckpoint(checkpoint, findCheckpoint(from), provenance, arguments.out, &state);
        std::cout << "saved at step " << step << " in " << arguments.out.string() << std::endl;
    };
    const auto result = trainSft(checkpoint, encoded, arguments.options,
                                 {.onReport = [&](const TrainReport& r) { log.record(r); },
                                  .onSave = save,
                                  .saveEvery = arguments.saveEvery,
                                  .resume = resume,
                                  .stop = interruption()});
    provenance.notes = goalReport(result, arguments.options.goal) + "; " +
                       std::to_string(before + cpuSeconds()) + " CPU-seconds";
    saveCheckpoint(checkpoint, findCheckpoint(from), provenance, arguments.out);
    std::cout << "saved " << arguments.out.string() << "; " << provenance.notes << "\n";
    return provenance.notes;
}

void sft(SftArguments arguments) {
    if (arguments.model.empty()) throw CLI::RequiredError("--model");
    if (arguments.data.empty()) throw CLI::RequiredError("--data");
    if (arguments.out.empty()) throw CLI::RequiredError("--out");
    at::set_num_threads(arguments.threads);
    checkOutputFolder(arguments.out);
    if (TrainState::read(arguments.out))
        throw Error(arguments.out.string() +
                    " holds a training that is not over; go on with it by --resume, or choose "
                    "another --out");
    recordRun(arguments.store, runInfoOf(arguments),
              [&](RunLog& log) { return train(arguments, std::nullopt, log); });
}

// By the folder it writes to, or by its number in the store.
void resumeSft(SftArguments arguments) {
    RunStore store(arguments.store.empty() ? defaultStore() : arguments.store);
    const auto run = findRun(store, arguments.resume);
    arguments.out = run.info.out;
    const auto state = TrainState::read(arguments.out);
    if (!state)
        throw Error(arguments.out.string() + " holds no training to resume; " +
                    (run.status == RunStatus::Finished
                         ? "run " + std::to_string(run.id) + " finished"
                         : "it was not saved yet, start it anew"));
    arguments.model = state->textOf("model");
    arguments.data = state->textOf("data");
    arguments.imageRoot = state->textOf("image_root");
    arguments.options = sftOptionsFrom(state->textOf("options"));
    at::set_num_threads(arguments.threads);
    const auto& progress = state->tensor("progress");
    resumeRun(store, run.id, static_cast<int>(progress.sum().item<std::int64_t>()),
              [&](RunLog& log) { return train(arguments, state, log); });
}

void addOptions(CLI::App& command, SftArguments& a) {
    command.add_option("--model", a.model, "Checkpoint to start from");
    command.add_option("--data", a.data, "LVR JSON file, or a folder with data.json");
    command.add_option("--image-root", a.imageRoot,
                       "Where relative image paths start (default: the data's folder)");
    command.add_option("--out", a.out, "Checkpoint folder to write");
    addStoreOption(command, a.store);
    command.add_option("--save-every", a.saveEvery, "Steps between two saves; 0: at the end only")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command.add_option("--resume", a.resume,
                       "Go on with this run (its number or its --out) as it was started; other "
                       "options but --store, --threads and --save-every are not looked at");
    command.add_option("--threads", a.threads, "CPU threads")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
}

void start(const SftArguments& arguments) {
    if (arguments.resume.empty())
        sft(arguments);
    else
        resumeSft(arguments);
}

}  // namespace

void addSftCommands(CLI::App& app) {
    auto lvr = std::make_shared<SftArguments>();
    auto* command =
        app.add_subcommand("sft", "Supervised fine-tuning with latent visual reasoning");
    addOptions(*command, *lvr);
    addFields(*command, lvr->options);
    command->footer(
        "Example: lvr sft --model build/tiny-vision --data build/scenes --out build/tiny");
    command->callback([lvr] { start(*lvr); });

    auto plain = std::make_shared<SftArguments>();
    plain->options.twin = Twin::Plain;
    auto* pretrain = app.add_subcommand(
        "pretrain", "Train a plain base on the same data: questions and answers, no latents");
    addOptions(*pretrain, *plain);
    addFields(*pretrain, plain->options);
    for (const char* latents : {"--twin", "--own-latents"})
        pretrain->remove_option(pretrain->get_option(latents));
    pretrain->footer(
        "Example: lvr pretrain --model build/tiny-vision --data build/scenes --out build/base");
    pretrain->callback([plain] { start(*plain); });
}

}  // namespace lvr
