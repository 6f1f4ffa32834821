#include "app/training/training_session.h"

#include <ATen/Parallel.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/training/disk_space.h"
#include "app/training/given_data.h"
#include "app/training/train_progress.h"
#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/fingerprint.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/placement.h"
#include "core/store/run_store.h"
#include "core/train/save_checkpoint.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::optional<Provenance> sidecarOf(const std::string& model) {
    return readProvenance(folderWith(findCheckpoint(model), "lvr_workbench.json"));
}

fs::path dataFile(const fs::path& data) {
    const auto path = fs::absolute(data).lexically_normal();
    return fs::is_directory(path) ? path / "data.json" : path;
}

// Said the same way as by the data's reader, before anything is hashed.
std::string dataHash(const fs::path& data) {
    const auto file = dataFile(data);
    return fs::is_regular_file(file) ? fingerprint({file}) : "";
}

RunInfo infoOf(const TrainArguments& arguments, const TrainingCommand& command) {
    const auto [seed, steps] = command.seedAndSteps();
    return {.kind = command.kind,
            .command = arguments.commandLine,
            .options = command.optionsJson(),
            .parent = arguments.model,
            .parentHash = checkpointFingerprint(findCheckpoint(arguments.model)),
            .data = fs::absolute(arguments.source.data).string(),
            .dataHash = dataHash(arguments.source.data),
            .out = fs::absolute(arguments.out).lexically_normal().string(),
            .seed = seed,
            .codeVersion = LVR_VERSION,
            .steps = steps};
}

// As the saved state holds them: a text each.
std::vector<std::string> linesOf(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string textOf(std::optional<std::int64_t> number) {
    return number ? std::to_string(*number) : "";
}

std::optional<std::int64_t> numberIn(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return std::stoll(text);
}

// A rank beside the first, which writes to the store for all.
void trainUnrecorded(TrainArguments& arguments, const TrainingCommand& command,
                     std::optional<TrainState> state) {
    RunLog nowhere;
    TrainingSession session(arguments, command.optionsJson(), nowhere, std::move(state));
    command.train(session);
}

// What a resumed training goes on doing beside learning.
std::string besides(const TrainArguments& a) {
    const auto& v = a.validation;
    return Json{{"validation_data", v.source.data.empty() ? "" : fs::absolute(v.source.data)},
                {"validate_every", v.every},
                {"probes", v.probes},
                {"keep_last", a.keep.last},
                {"keep_best", a.keep.best}}
        .dump();
}

void readBesides(const std::string& text, TrainArguments& a) {
    const auto json = Json::parse(text);
    a.validation.source = a.source;
    a.validation.source.data = json.at("validation_data").get<std::string>();
    a.validation.every = json.at("validate_every");
    a.validation.probes = json.at("probes");
    a.keep = {.last = json.at("keep_last"), .best = json.at("keep_best")};
}

void checkBesides(TrainArguments& a) {
    auto& v = a.validation;
    v.source.imageRoot = a.source.imageRoot;
    v.source.remap = a.source.remap;
    if (a.keep.best && v.source.data.empty())
        throw Error("--keep-best needs --validation-data to know which is best");
    if (a.keep.best && (a.saveEvery == 0 || a.saveEvery % v.every != 0))
        throw Error(
            "--keep-best needs a measurement at each save; make --save-every a multiple of " +
            std::to_string(v.every) + " (--validate-every)");
}

void checkNothingIsThere(const fs::path& out) {
    if (TrainState::read(out))
        throw Error(out.string() +
                    " holds a training that is not over; go on with it by --resume, or choose "
                    "another --out");
    checkOutputFolder(out);
}

void startNew(TrainArguments& arguments, const TrainingCommand& command) {
    checkBesides(arguments);
    arguments.ranks.firstDoes([&] { checkNothingIsThere(arguments.out); });
    if (!arguments.ranks.first()) return trainUnrecorded(arguments, command, std::nullopt);
    recordRun(arguments.store, infoOf(arguments, command), arguments.stop, [&](RunLog& log) {
        TrainingSession session(arguments, command.optionsJson(), log, std::nullopt);
        return command.train(session);
    });
}

// What the run was started with must still be there, unchanged.
void checkUnchanged(const RunInfo& info) {
    if (!info.dataHash.empty() && dataHash(info.data) != info.dataHash)
        throw Error("the data " + info.data +
                    " is not what this training began with; restore it, or start anew");
    if (!info.parentHash.empty() &&
        checkpointFingerprint(findCheckpoint(info.parent)) != info.parentHash)
        throw Error("the model " + info.parent +
                    " is not what this training began with; restore it, or start anew");
}

void goOn(TrainArguments& arguments, const TrainingCommand& command) {
    const auto file = arguments.store.empty() ? defaultStore() : arguments.store;
    RunStore store(file);
    const auto run = findRun(store, arguments.resume);
    if (run.info.kind != command.kind)
        throw Error("run " + std::to_string(run.id) + " is of lvr " + run.info.kind +
                    "; resume it with that");
    arguments.out = run.info.out;
    const auto state = TrainState::read(arguments.out);
    if (!state)
        throw Error(arguments.out.string() + " holds no training to resume; " +
                    (run.status == RunStatus::Finished
                         ? "run " + std::to_string(run.id) + " finished"
                         : "it was not saved yet, start it anew"));
    checkUnchanged(run.info);
    arguments.model = state->textOf("model");
    arguments.source.data = state->textOf("data");
    arguments.source.imageRoot = state->textOf("image_root");
    arguments.source.remap = linesOf(state->textOf("remap"));
    arguments.pixels = {numberIn(state->textOf("min_pixels")),
                        numberIn(state->textOf("max_pixels"))};
    readBesides(state->textOf("besides"), arguments);
    command.readOptions(state->textOf("options"));
    if (!arguments.ranks.first()) return trainUnrecorded(arguments, command, state);
    const auto step = state->tensor("progress").sum().item<std::int64_t>();
    resumeRun(store, file, {run.id, static_cast<int>(step)}, arguments.stop, [&](RunLog& log) {
        TrainingSession session(arguments, command.optionsJson(), log, state);
        return command.train(session);
    });
}

}  // namespace

TrainingSession::TrainingSession(const TrainArguments& arguments, std::string optionsJson,
                                 RunLog& log, std::optional<TrainState> resume)
    : arguments_(arguments),
      options_(std::move(optionsJson)),
      log_(log),
      resume_(std::move(resume)),
      from_(resume_ ? arguments.out.string() : arguments.model),
      cpuSecondsBefore_((resume_ ? std::stol(resume_->textOf("cpu_seconds")) : 0) - cpuSeconds()) {
    provenance = madeFrom(sidecarOf(from_), arguments.commandLine);
    if (resume_) provenance.command = resume_->textOf("command");
    command_ = provenance.command;
    provenance.data = arguments.source.data.filename().string();
}

LvrCheckpoint TrainingSession::openCheckpoint(const LoraOptions& lora, std::uint64_t seed) const {
    const auto placement =
        placeHere({.dtype = arguments_.dtype,
                   .device = arguments_.device,
                   .purpose = lora.rank > 0 ? Purpose::TrainingAdapter : Purpose::Training,
                   .gpu = arguments_.ranks.count() > 1 ? localRank() : -1},
                  findCheckpoint(from_));
    const auto device = placement.device;
    if (device.is_cuda()) log_.meterGpu(device.index());
    if (arguments_.ranks.first()) {
        const auto& settled = arguments_.computation;
        std::cout << "computed in " << (settled.empty() ? toText(placement) : settled)
                  << (placement.dtype == torch::kFloat32 ? "" : ", with float32 master weights")
                  << std::endl;
    }
    auto checkpoint =
        LvrCheckpoint::open(from_, {.dtype = placement.dtype,
                                    .device = device,
                                    .use = LoadOptions::Use::Training,
                                    .lora = lora.rank > 0 ? std::optional(lora) : std::nullopt,
                                    .loraSeed = seed,
                                    .recompute = arguments_.recompute,
                                    .stop = arguments_.stop});
    if (arguments_.ranks.first())
        for (const auto& warning : checkpoint.warnings)
            std::cerr << "lvr: " << warning << std::endl;
    apply(arguments_.pixels, checkpoint.preprocess);
    return checkpoint;
}

void TrainingSession::save(const LvrCheckpoint& checkpoint, int step, TrainState state) {
    state.text["options"] = options_;
    state.text["model"] = arguments_.model;
    const auto& source = arguments_.source;
    state.text["data"] = fs::absolute(source.data).string();
    state.text["image_root"] =
        source.imageRoot.empty() ? "" : fs::absolute(source.imageRoot).string();
    auto& remap = state.text["remap"];  // there when empty, too
    for (const auto& rule : source.remap) remap += rule + "\n";
    state.text["min_pixels"] = textOf(arguments_.pixels.min);
    state.text["max_pixels"] = textOf(arguments_.pixels.max);
    state.text["besides"] = besides(arguments_);
    state.text["command"] = command_;
    state.text["run"] = std::to_string(log_.run());
    state.text["cpu_seconds"] = std::to_string(cpuSecondsBefore_ + cpuSeconds());
    provenance.notes = "not finished, saved at step " + std::to_string(step);
    arguments_.ranks.firstDoes([&] {
        write(checkpoint, step, &state);
        std::cout << "saved at step " << step << " in " << arguments_.out.string() << std::endl;
    });
}

void TrainingSession::write(const LvrCheckpoint& checkpoint, int step, const TrainState* state) {
    std::uintmax_t bytes = 0;
    for (const auto& [name, tensor] : checkpoint.model.parameters()) bytes += tensor.nbytes();
    if (state)
        for (const auto& [name, tensor] : state->tensors) bytes += tensor.nbytes();
    whenThereIsSpace(arguments_.out, bytes, arguments_.stop, [&] {
        saveCheckpoint(checkpoint, findCheckpoint(from_), provenance, arguments_.out, state);
    });
    const bool fresh = validated_ && validated_->first == step;
    keepCheckpoint(arguments_.out, step, fresh ? std::optional(validated_->second) : std::nullopt,
                   arguments_.keep, log_);
}

std::map<std::string, double> TrainingSession::measure(const LvrCheckpoint& checkpoint,
                                                       const DecodeOptions& options, int step,
                                                       std::map<std::string, double> losses) {
    const auto& validation = arguments_.validation;
    std::map<std::string, double> metrics;
    arguments_.ranks.firstDoes([&] {
        if (!probes_)
            probes_ =
                validation.probes > 0
                    ? chooseProbes(readGiven(validation.source, arguments_.stop), validation.probes)
                    : std::vector<DataRecord>();
        const auto samples = askProbes(checkpoint, options, *probes_, arguments_.stop);
        if (!samples.empty()) log_.addSamples(step, samples);
        metrics = probeMetrics(samples);
    });
    for (const auto& [name, value] : losses) metrics["val/" + name] = value;
    if (const auto loss = losses.find("ce"); loss != losses.end())
        validated_ = {step, loss->second};
    else if (const auto probes = metrics.find("probe/loss"); probes != metrics.end())
        validated_ = {step, probes->second};
    return metrics;
}

std::string TrainingSession::finish(const LvrCheckpoint& checkpoint, const std::string& outcome) {
    provenance.notes =
        outcome + "; " + std::to_string(cpuSecondsBefore_ + cpuSeconds()) + " CPU-seconds";
    arguments_.ranks.firstDoes([&] {
        write(checkpoint, log_.step(), nullptr);
        std::cout << "saved " << arguments_.out.string() << "; " << provenance.notes << "\n";
    });
    return provenance.notes;
}

void startOrResume(TrainArguments& arguments, const TrainingCommand& command) {
    at::set_num_threads(arguments.threads);
    arguments.ranks = Ranks::fromEnvironment(std::chrono::seconds(arguments.rankTimeout));
    if (arguments.resume.empty())
        startNew(arguments, command);
    else
        goOn(arguments, command);
}

}  // namespace lvr
