#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "app/command.h"
#include "app/option_fields.h"
#include "app/training.h"
#include "core/error.h"
#include "core/train/sft.h"
#include "datasets/lvr_json.h"
#include "datasets/scenes.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

struct SftArguments : TrainArguments {
    SftOptions options;
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

void describeTwin(const SftOptions& options, Provenance& provenance) {
    const bool filler = options.twin == Twin::Filler, plain = options.twin == Twin::Plain;
    provenance.defaultExit = plain ? "none" : toText(EndProbability{});
    provenance.latentFeed = filler ? "filler" : "own";
    provenance.seed = options.seed;
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

std::string train(SftArguments& arguments, TrainingSession& session) {
    auto set = readTrainingSet(arguments);
    fitToScenes(set, arguments.options);
    auto checkpoint = session.openCheckpoint();
    const auto encoded = encodeTrainingSet(checkpoint, set, printPictures);
    describeTwin(arguments.options, session.provenance);
    const auto result =
        trainSft(checkpoint, encoded, arguments.options,
                 {.onReport = [&](const TrainReport& report) { session.log().record(report); },
                  .onSave = [&](int step,
                                const TrainState& state) { session.save(checkpoint, step, state); },
                  .saveEvery = arguments.saveEvery,
                  .resume = session.resume(),
                  .stop = interruption()});
    return session.finish(checkpoint, goalReport(result, arguments.options.goal));
}

void start(SftArguments& a) {
    const auto steps = [&a] {
        const int both = a.options.steps + a.options.coolDownSteps;
        return a.options.maxSteps > 0 ? std::min(a.options.maxSteps, both) : both;
    };
    startOrResume(a,
                  {.kind = a.options.twin == Twin::Plain ? "pretrain" : "sft",
                   .optionsJson = [&a] { return toJsonText(a.options); },
                   .readOptions = [&a](const std::string& json) { fromJsonText(json, a.options); },
                   .seedAndSteps = [&a, steps] { return std::pair(a.options.seed, steps()); },
                   .train = [&a](TrainingSession& session) { return train(a, session); }});
}

}  // namespace

void addSftCommands(CLI::App& app) {
    auto lvr = std::make_shared<SftArguments>();
    auto* command =
        app.add_subcommand("sft", "Supervised fine-tuning with latent visual reasoning");
    addTrainOptions(*command, *lvr);
    addFields(*command, lvr->options);
    command->footer(
        "Example: lvr sft --model build/tiny-vision --data build/scenes --out build/tiny");
    command->callback([lvr] { start(*lvr); });

    auto plain = std::make_shared<SftArguments>();
    plain->options.twin = Twin::Plain;
    auto* pretrain = app.add_subcommand(
        "pretrain", "Train a plain base on the same data: questions and answers, no latents");
    addTrainOptions(*pretrain, *plain);
    addFields(*pretrain, plain->options);
    for (const char* latents : {"--twin", "--own-latents"})
        pretrain->remove_option(pretrain->get_option(latents));
    pretrain->footer(
        "Example: lvr pretrain --model build/tiny-vision --data build/scenes --out build/base");
    pretrain->callback([plain] { start(*plain); });
}

}  // namespace lvr
