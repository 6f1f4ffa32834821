#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/option_fields.h"
#include "app/cli/train_flags.h"
#include "app/training/kept_records.h"
#include "app/training/start_or_resume.h"
#include "app/training/training_data.h"
#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/sft/lvr_parts.h"
#include "core/sft/sampler.h"
#include "core/sft/schedule.h"
#include "core/sft/sft.h"
#include "core/sft/validate.h"
#include "datasets/scenes/clutter_scenes.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

struct SftArguments : TrainArguments {
    SftOptions options;
    std::optional<TrainingSet> set;  // once it was read
    TrainingData data;               // what there is to say of it; its records are in the set
    ValidationData validated;
    std::optional<TrainingSet> validationSet;
    bool printOptions = false;
};

// Drawn scenes have weights and ways to fill slots of their own, if the options look at such; other
// data is taken as it comes.
TrainingSet trainingSetOf(const Dataset& dataset, const std::vector<double>& shares,
                          SftOptions& options) {
    const auto scenes = sceneKinds(), clutter = clutterKinds();
    const auto isOf = [](const std::vector<std::string>& kinds, const std::string& kind) {
        return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    };
    std::vector<TrainingRecord> records;
    for (const auto& record : dataset.records) {
        TrainingRecord training{.name = dataset.name(record),
                                .kind = record.kind(),
                                .images = {record.images.begin(), record.images.end()},
                                .question = record.question,
                                .response = record.response,
                                .boxes = record.boxes,
                                .source = dataset.sourceOf(record)};
        const bool weighs = options.sampling == Sampling::Lagging;
        if (weighs && isOf(scenes, training.kind))
            options.kindWeights[training.kind] = sceneKindWeight(training.kind);
        if (weighs && isOf(clutter, training.kind))
            options.kindWeights[training.kind] = clutterKindWeight(training.kind);
        if (options.cycleSlots == Switch::On &&
            isOf({"left-right", "above-below", "relpos", "spatial"}, training.kind))
            training.fill = FillSlots::Cycle;
        records.push_back(std::move(training));
    }
    return TrainingSet(std::move(records), shares);
}

// Before a run is opened.
std::vector<std::string> readData(SftArguments& a) {
    const DataReading reading{.limit = {.most = a.options.maxLength,
                                        .over = a.options.overLength,
                                        .rule = parseRoiTokens(a.options.roiTokens)}};
    a.data = readTrainingData(a, reading);
    const auto files = a.data.data.files;
    a.set = trainingSetOf(std::exchange(a.data.data, {}), a.source.weights, a.options);
    // One that goes on has its steps, perhaps raised since.
    if (a.options.epochs > 0 && a.resume.empty())
        a.options.steps = stepsOfEpochs(a.options.epochs, *a.set, a.options);
    checkSchedule(a.options);
    a.validated = readValidationData(a, reading, Measured::Losses);
    auto options = a.options;  // which what is measured on does not change
    if (!a.validation.source.data.empty())
        a.validationSet = trainingSetOf(std::exchange(a.validated.data, {}), {}, options);
    return files;
}

// How a model that was trained like this is to be decoded.
ExitRule exitOf(const SftOptions& options) {
    if (options.twin == Twin::Plain || options.twin == Twin::Aux || options.twin == Twin::Markers)
        return NoLatents{};
    if (options.latentEnd == LatentEnd::Vector) {
        if (options.latentLoss == LatentLoss::Mae) return NearLatentEnd{LatentEndMetric::Mae};
        if (options.latentLoss == LatentLoss::Cosine) return NearLatentEnd{LatentEndMetric::Cosine};
        // Where tiny models stop exactly: ends come within .03, other latents stay beyond .1.
        return NearLatentEnd{.metric = LatentEndMetric::Mse, .threshold = 0.05};
    }
    const auto rule = parseRoiTokens(options.roiTokens);
    if (rule.rule == RoiTokens::Rule::Cycle || rule.rule == RoiTokens::Rule::Pool)
        return FixedSteps{rule.count};
    if (options.stopWeight > 0) return EndProbability{};
    return FixedSteps{};
}

// What the training decides; all else of the sidecar stays as its parent has it.
void describeTwin(const SftOptions& options, Provenance& provenance) {
    provenance.defaultExit = toText(exitOf(options));
    provenance.latentFeed = options.twin == Twin::Filler ? "filler" : "own";
    provenance.latentAttention = options.twin == Twin::Masked ? "thought" : "";
    provenance.roiTokens = options.roiTokens == "all" ? "" : options.roiTokens;
    provenance.headPositions.clear();  // consistent: a head is trained where it is fed
    provenance.seed = options.seed;
}

// What the sidecar and the terminal say of how it ended.
std::string outcomeOf(const SftResult& result, const SftOptions& options) {
    const bool hasGoal = options.schedule == Schedule::Goal;
    std::string named;
    for (const auto& [kind, accuracy] : result.accuracy)
        if (!hasGoal || accuracy < options.goal)
            named +=
                (named.empty() ? "" : ", ") + kind + " at " + std::to_string(accuracy).substr(0, 5);
    auto report = !hasGoal        ? "running training accuracy: " + named
                  : named.empty() ? "every kind reached the goal"
                                  : "below the goal: " + named;
    if (result.skippedQuestions > 0)
        report += "; " + std::to_string(result.skippedQuestions) + " questions could not be read";
    if (result.skippedSteps > 0)
        report += "; " + std::to_string(result.skippedSteps) + " steps had no finite gradient";
    return report;
}

// Losses and answers on the validation data, if there is any.
class Measurement {
public:
    Measurement(SftArguments& arguments, const LvrCheckpoint& checkpoint, TrainingSession& session)
        : arguments_(arguments), checkpoint_(checkpoint), session_(session) {}
    int every() const { return arguments_.validationSet ? arguments_.validation.every : 0; }
    double samples() const {
        const auto& set = arguments_.validationSet;
        return set ? static_cast<double>(set->records.size()) : 0;
    }
    bool operator()(int step) const {
        return session_.measure(checkpoint_, decodeSettings({}, checkpoint_).options, step,
                                arguments_.validated.probes, [this] {
                                    return validateSft(checkpoint_, *arguments_.validationSet,
                                                       arguments_.options, session_.ranks(),
                                                       interruption());
                                });
    }

private:
    SftArguments& arguments_;
    const LvrCheckpoint& checkpoint_;
    TrainingSession& session_;
};

std::vector<DataRecord> dataOf(const TrainingSet& set, const std::vector<int>& records) {
    std::vector<DataRecord> all;
    for (const int index : records) {
        const auto& record = set.records[index];
        DataRecord data{.dataset = record.kind,
                        .questionId = record.name,
                        .question = record.question,
                        .response = record.response,
                        .boxes = record.boxes};
        for (const auto& image : record.images) data.images.push_back(image.string());
        all.push_back(std::move(data));
    }
    return all;
}

std::string train(SftArguments& arguments, TrainingSession& session) {
    if (session.ranks().first()) {
        sayRecipe(arguments.options.recipe);
        if (!reachesFullRate(arguments.options))
            std::cerr << "lvr: the warm-up is longer than the training: the learning rate never "
                         "gets to --lr; give --warm-up a share, such as 0.05"
                      << std::endl;
    }
    const auto& set = *arguments.set;
    session.count(arguments.data, arguments.validated);
    auto checkpoint = session.openCheckpoint(arguments.options.lora, arguments.options.seed);
    addLvrParts(checkpoint, arguments.options);
    describeTwin(arguments.options, session.provenance);
    // Another method's model goes on to end its thoughts as that method does.
    if (const auto& dialect = checkpoint.rules.dialect;
        !isLvr(dialect) && hasThoughts(arguments.options.twin))
        session.provenance.defaultExit = toText(checkpoint.defaultExit());
    checkpoint.provenance = session.provenance;  // asked as what it becomes
    checkpoint.generation.exit.reset();          // of its base
    const Measurement measurement(arguments, checkpoint, session);
    KeptRecords kept(arguments.out, session.ranks().rank());
    const auto result =
        trainSft(checkpoint, set, arguments.options,
                 {.onReport = [&](const TrainReport& report) { session.log().record(report); },
                  .onSave = [&](int step,
                                const TrainState& state) { session.save(checkpoint, step, state); },
                  .saveEvery = arguments.saveEvery,
                  .onMeasure = [&](int step) { return measurement(step); },
                  .measureEvery = measurement.every(),
                  .measureSamples = measurement.samples(),
                  .onNotFinite =
                      [&](int step, const std::vector<int>& records) {
                          return kept.keep(step, dataOf(set, records));
                      },
                  .resume = session.resume(),
                  .featureCache = arguments.featureCache,
                  .stop = interruption(),
                  .ranks = session.ranks()});
    return session.finish(outcomeOf(result, arguments.options));
}

// What is right each by itself and does not go together. typed: by a person, not by a recipe.
void checkTogether(const CLI::App& typed, const SftOptions& options) {
    if (options.epochs == 0) checkSchedule(options);  // else when the data was read
    if (options.lora.rank > 0 && options.mergerRate + options.visionRate > 0)
        throw UsageError(
            "an adapter holds no vision tower; leave out --merger-lr and --vision-lr, or "
            "--lora-rank");
    if (typed.count("--latent-end") > 0 && options.latentEnd != LatentEnd::Off &&
        !hasThoughts(options.twin))
        throw UsageError(typed.get_name() +
                         " without latents has no thought that ends; leave out --latent-end, or "
                         "take --twin lvr, masked or filler");
}

void start(SftArguments& a) {
    runTraining(a, {.kind = a.options.twin == Twin::Plain ? "pretrain" : "sft",
                    .optionsJson = [&a] { return toJsonText(a.options); },
                    .readOptions = [&a](const std::string& json) { fromJsonText(json, a.options); },
                    .readData = [&a] { return readData(a); },
                    .seedAndSteps = [&a] { return std::pair(a.options.seed, a.options.steps); },
                    .steps = "steps",
                    .lengthen =
                        [&a](int steps, const Progress& progress) {
                            return lengthen(a.options, steps, progress.done, progress.hasFallen);
                        },
                    .lora = a.options.lora,
                    .train = [&a](TrainingSession& session) { return train(a, session); }});
}

// Nothing where the folder can't be opened, which is said when it is.
std::optional<Dialect> dialectOfModel(const SftArguments& a) {
    try {
        const auto folder = findCheckpoint(a.model);
        const auto tokenizer = Tokenizer::open(folderWith(folder, "tokenizer_config.json"));
        return dialectIn(folder, tokenizer, a.dialect).dialect;
    } catch (const Error&) {
        return std::nullopt;
    }
}

// A recipe's latent end is LVR's: a model of another method has no token for it.
void leaveOutLatentEnd(const CLI::App& command, SftArguments& a) {
    auto& latentEnd = a.options.latentEnd;
    if (a.model.empty() || command.count("--latent-end") > 0 || latentEnd == LatentEnd::Off) return;
    const auto dialect = dialectOfModel(a);
    if (!dialect || isLvr(*dialect) || !dialect->latentEnd.empty()) return;
    latentEnd = LatentEnd::Off;
    std::cerr << "lvr: the recipe's --latent-end is off: " << dialect->method
              << " has no token for it\n";
}

void run(const CLI::App& command, SftArguments& a) {
    if (a.resume.empty()) {
        fillFromRecipe(command, a.model, a.options);
        leaveOutLatentEnd(command, a);
        checkTogether(command, a.options);
    }
    if (a.printOptions)
        std::cout << toJsonText(a.options, 2) << std::endl;
    else
        start(a);
}

}  // namespace

void addSftCommands(CLI::App& app) {
    auto lvr = std::make_shared<SftArguments>();
    auto* command =
        app.add_subcommand("sft", "Supervised fine-tuning with latent visual reasoning");
    addTrainOptions(*command, *lvr);
    addFields(*command, lvr->options);
    command->get_option("--epochs")->excludes("--steps");
    addPrintOptions(*command, lvr->printOptions);
    command->footer(
        "Example: lvr sft --model build/tiny-vision --data build/scenes --out build/tiny");
    command->callback([command, lvr] { run(*command, *lvr); });

    auto plain = std::make_shared<SftArguments>();
    plain->options.twin = Twin::Plain;
    auto* pretrain = app.add_subcommand(
        "pretrain", "Train a plain base on the same data: questions and answers, no latents");
    addTrainOptions(*pretrain, *plain);
    addFields(*pretrain, plain->options);
    pretrain->get_option("--epochs")->excludes("--steps");
    addPrintOptions(*pretrain, plain->printOptions);
    for (const char* latents : {"--twin", "--own-latents"})
        pretrain->remove_option(pretrain->get_option(latents));
    pretrain->footer(
        "Example: lvr pretrain --model build/tiny-vision --data build/scenes --out build/base");
    pretrain->callback([pretrain, plain] { run(*pretrain, *plain); });
}

}  // namespace lvr
