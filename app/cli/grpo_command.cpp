#include <CLI/CLI.hpp>
#include <iostream>

#include "app/cli/command.h"
#include "app/cli/decode_arguments.h"
#include "app/cli/option_fields.h"
#include "app/cli/train_flags.h"
#include "app/training/kept_records.h"
#include "app/training/start_or_resume.h"
#include "app/training/train_progress.h"
#include "app/training/training_data.h"
#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/grpo/grpo.h"
#include "core/grpo/rewards.h"
#include "core/values/rollout_text.h"

namespace lvr {
namespace {

struct GrpoArguments : TrainArguments {
    GrpoOptions options;
    TrainingData data;  // once it was read
    std::vector<GrpoRecord> records;
    std::optional<Rewards> rewards;
    ValidationData validated;
    bool printOptions = false;
};

std::vector<GrpoRecord> recordsOf(const Dataset& dataset) {
    std::vector<GrpoRecord> records;
    for (const auto& record : dataset.records) {
        const auto name = dataset.name(record);
        if (record.answer.empty())
            throw Error(name + " has no answer; a reward needs one to compare with");
        records.push_back({name,
                           record.kind(),
                           {record.images.begin(), record.images.end()},
                           record.question,
                           record.answer,
                           dataset.sourceOf(record),
                           record.boxes});
    }
    return records;
}

// The recipe's own sampling (lvr-spec 5.2), whatever generation_config.json says for asking.
void sayHowRollouts(const LvrCheckpoint& checkpoint, const ExitRule& exit, const GrpoOptions& o) {
    const auto asked = checkpoint.decoding().options;
    const auto& dialect = checkpoint.rules.dialect;
    const bool isForced = !isLvr(dialect) && asked.spanStart == SpanStart::Forced;
    std::cout << "rollouts: exit " << toText(exit) << ", temperature " << o.temperature
              << ", top-k " << o.topK << ", top-p " << o.topP << ", min-p " << o.minP
              << ", repetition-penalty 1, " << dialect.start << (isForced ? " forced" : " sampled");
    if (asked.sampling.repetitionPenalty != 1 ||
        (asked.spanStart == SpanStart::Forced && !isForced))
        std::cout << "; generation_config.json's own are for asking";
    std::cout << std::endl;
}

// The model that the training began with, its adapter included, as in the release. Where adapters
// learn, what they adapt is in memory already.
LvrModel referenceOf(const GrpoArguments& a, const LvrModel& policy) {
    if (a.options.beta == 0) return policy;
    const auto folder = findCheckpoint(a.model);
    const bool isAdapter = !policy.adapter().empty() && readAdapterConfig(folder);
    return LvrModel::open(folder, {.dtype = policy.dtype(),
                                   .device = policy.device(),
                                   .use = LoadOptions::Use::Reference,
                                   .lora = isAdapter ? std::optional(a.options.lora) : std::nullopt,
                                   .beside = &policy,
                                   .stop = interruption()});
}

std::string train(GrpoArguments& a, TrainingSession& session) {
    if (session.ranks().first()) sayRecipe(a.options.recipe);
    session.count(a.data, a.validated);
    auto checkpoint = session.openCheckpoint(a.options.lora, a.options.seed);
    const auto reference = referenceOf(a, checkpoint.model);
    const auto exit =
        a.options.exit.empty() ? checkpoint.defaultExit() : parseExitRule(a.options.exit);
    session.provenance.defaultExit = toText(exit);  // that of its rollouts
    session.provenance.seed = a.options.seed;
    if (session.ranks().first()) sayHowRollouts(checkpoint, exit, a.options);
    const auto asked = decodeSettings({{"exit", toText(exit)}}, checkpoint).options;
    KeptRecords kept(a.out, session.ranks().rank());
    std::vector<double> rewards;
    trainGrpo(checkpoint, reference, a.records, a.options,
              {.onReport =
                   [&](const TrainReport& report, const std::vector<Rollout>& rollouts) {
                       rewards.push_back(report.metrics.at("reward/mean"));
                       if (session.log().record(report, rollouts))
                           std::cout << someRollouts(rollouts, a.options.logCompletions)
                                     << std::flush;
                   },
               .onSave = [&](int step,
                             const TrainState& state) { session.save(checkpoint, step, state); },
               .saveEvery = a.saveEvery,
               .onMeasure =
                   [&](int step) {
                       return session.measure(checkpoint, asked, step, a.validated.probes,
                                              [] { return SftValidation(); });
                   },
               .measureEvery = a.validation.source.data.empty() ? 0 : a.validation.every,
               .measureSamples = static_cast<double>(a.validation.probes),
               .onNotFinite =
                   [&](int step, const std::vector<int>& which) {
                       std::vector<DataRecord> data;
                       for (const int record : which) data.push_back(a.data.data.records[record]);
                       return kept.keep(step, data);
                   },
               .resume = session.resume(),
               .stop = interruption(),
               .featureCache = a.featureCache,
               .shares = a.source.weights,
               .ranks = session.ranks(),
               .rewards = &*a.rewards});
    return session.finish(rewards.empty() ? "no step was left to do"
                                          : "mean reward of the last step " +
                                                std::to_string(rewards.back()).substr(0, 5));
}

// Before a run is opened; reward commands are started then, too.
std::vector<std::string> readData(GrpoArguments& a) {
    const DataReading reading{.limit = {.most = a.options.maxLength,
                                        .over = a.options.overLength,
                                        .of = LengthLimit::Of::Prompt},
                              .boxes = DataReading::Boxes::Ignored};
    a.data = readTrainingData(a, reading);
    a.records = recordsOf(a.data.data);
    if (a.options.epochs > 0 && a.resume.empty())
        a.options.steps = stepsOfEpochs(a.options.epochs, a.data.data.records.size(), a.options);
    a.validated = readValidationData(a, reading, Measured::ProbesOnly);
    a.ranks.eachDoes([&a] {
        a.rewards.emplace(a.options);
        a.rewards->tryOn(a.records.front(), interruption());
    });
    return a.data.data.files;
}

void start(GrpoArguments& a) {
    try {
        rewardsOf(a.options);
    } catch (const Error& error) {
        throw UsageError(error.what());
    }
    runTraining(a, {.kind = "grpo",
                    .optionsJson = [&a] { return toJsonText(a.options); },
                    .readOptions = [&a](const std::string& json) { fromJsonText(json, a.options); },
                    .mayChange = {"reward-timeout", "log-completions"},
                    .readData = [&a] { return readData(a); },
                    .seedAndSteps = [&a] { return std::pair(a.options.seed, a.options.steps); },
                    .steps = "max-steps",
                    .lengthen =
                        [&a](int steps, const Progress& progress) {
                            return lengthen(a.options, steps, progress.done);
                        },
                    .lora = a.options.lora,
                    .train = [&a](TrainingSession& session) { return train(a, session); }});
}

void run(const CLI::App& command, GrpoArguments& a) {
    if (a.resume.empty()) fillFromRecipe(command, a.model, a.options);
    if (a.printOptions)
        std::cout << toJsonText(a.options, 2) << std::endl;
    else
        start(a);
}

}  // namespace

void addGrpoCommand(CLI::App& app) {
    auto a = std::make_shared<GrpoArguments>();
    auto* command = app.add_subcommand(
        "grpo", "Refine a model from rewards alone, latents replayed as recorded (GRPO_latent)");
    addTrainOptions(*command, *a);
    addFields(*command, a->options);
    command->get_option("--epochs")->excludes("--max-steps");
    addPrintOptions(*command, a->printOptions);
    command->footer(
        "Example: lvr grpo --model build/tiny --data build/scenes --out build/tiny-grpo "
        "--max-steps 100 --lr 1e-4");
    command->callback([command, a] { run(*command, *a); });
}

}  // namespace lvr
