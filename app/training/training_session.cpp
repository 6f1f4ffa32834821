#include "app/training/training_session.h"

#include <ATen/Parallel.h>

#include <iostream>

#include "app/training/disk_space.h"
#include "app/training/given_data.h"
#include "app/training/train_progress.h"
#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/fingerprint.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/device.h"
#include "core/model/placement.h"
#include "core/store/run_store.h"
#include "core/train/save_checkpoint.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

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

void check(TrainArguments& a) {
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

void takeSeat(TrainArguments& a) {
    at::set_num_threads(a.threads);
    a.ranks = Ranks::fromEnvironment(std::chrono::seconds(a.rankTimeout));
}

// A rank beside the first, which writes to the store for all.
void trainUnrecorded(TrainArguments& arguments, const TrainingCommand& command,
                     const TrainState* state) {
    RunLog nowhere;
    TrainingSession session(arguments, command.optionsJson(), nowhere, state);
    command.train(session);
}

void checkNothingIsThere(const fs::path& out) {
    if (TrainState::read(out))
        throw Error(out.string() +
                    " holds a training that is not over; go on with it by --resume, or choose "
                    "another --out");
    checkOutputFolder(out);
}

void startNew(TrainArguments& arguments, const TrainingCommand& command) {
    takeSeat(arguments);
    check(arguments);
    arguments.ranks.firstDoes([&] { checkNothingIsThere(arguments.out); });
    if (!arguments.ranks.first()) return trainUnrecorded(arguments, command, nullptr);
    recordRun(arguments.store, infoOf(arguments, command), arguments.stop, [&](RunLog& log) {
        TrainingSession session(arguments, command.optionsJson(), log, nullptr);
        return command.train(session);
    });
}

std::string nameOf(const Run& run) { return "run " + std::to_string(run.id); }

// What the run was started with must still be there, unchanged.
void checkUnchanged(const RunInfo& info, const std::string& model) {
    if (!info.dataHash.empty() && dataHash(info.data) != info.dataHash)
        throw Error("the data " + info.data +
                    " is not what this training began with; restore it, or start anew");
    if (!info.parentHash.empty() && checkpointFingerprint(findCheckpoint(model)) != info.parentHash)
        throw Error("the model " + model +
                    " is not what this training began with; restore it, or start anew");
}

void checkDeviceIsHere(const Run& run, const std::string& device) {
    try {
        parseDevice(device);
    } catch (const Error&) {
        throw Error(nameOf(run) + " trains on " + device +
                    ", which is not available here; resume it where it is, or start a new run "
                    "from " +
                    run.info.out);
    }
}

// Another number of ranks adds up in another order.
void sayIfRanksDiffer(const Run& run, const TrainState& state, const Ranks& ranks) {
    const auto before = state.textOf("ranks"), now = std::to_string(ranks.count());
    if (before != now && ranks.first())
        std::cerr << nameOf(run) << " was saved by " << before << " processes and goes on with "
                  << now << ": its numbers will differ in their last digits" << std::endl;
}

// A kill between a save and the store's word of it.
void keepIfForgotten(const TrainArguments& arguments, int step, RunLog& log) {
    for (const auto& row : log.checkpoints())
        if (row.step == step) return;
    keepCheckpoint(arguments.out, step, log.validationLoss(step), arguments.keep, log);
}

// Of the weights in a checkpoint: all, or an adapter with what is trained beside it.
std::uintmax_t savedBytes(const LvrModel& model) {
    std::uintmax_t bytes = 0;
    for (const auto& [name, tensor] : model.adapter()) bytes += tensor.nbytes();
    for (const auto& [name, tensor] : model.parameters())
        if (model.adapter().empty() || model.mayTrain(name)) bytes += tensor.nbytes();
    return bytes;
}

// Killed after its last checkpoint and before it said so; nothing is left to do but that.
void endUnsaid(TrainArguments& arguments, RunStore& store, const fs::path& file, const Run& run) {
    const auto made = readProvenance(run.info.out);
    if (run.status == RunStatus::Finished || !made)
        throw Error(run.info.out + " holds no training to resume; " +
                    (run.status == RunStatus::Finished ? nameOf(run) + " finished"
                                                       : "it was not saved yet, start it anew"));
    takeSeat(arguments);
    if (!arguments.ranks.first()) return;
    arguments.out = run.info.out;
    resumeRun(store, file, {run.id, run.step}, arguments.stop, [&](RunLog& log) {
        keepIfForgotten(arguments, run.step, log);
        std::cout << "it had finished: " << made->notes << std::endl;
        return made->notes;
    });
}

void goOn(TrainArguments& arguments, const TrainingCommand& command) {
    const auto file = arguments.store.empty() ? defaultStore() : arguments.store;
    RunStore store(file);
    const auto run = findRun(store, arguments.resume);
    if (run.info.kind != command.kind)
        throw Error(nameOf(run) + " is of lvr " + run.info.kind + "; resume it with that");
    auto state = TrainState::read(run.info.out);
    if (!state) return endUnsaid(arguments, store, file, run);
    checkOptionsAgree(state->textOf("options"), command.optionsJson(), nameOf(run), arguments);
    goOnAs(state->textOf("arguments"), nameOf(run), arguments);
    command.readOptions(state->textOf("options"));
    check(arguments);
    checkUnchanged(run.info, arguments.model);
    checkDeviceIsHere(run, arguments.device);
    takeSeat(arguments);
    sayIfRanksDiffer(run, *state, arguments.ranks);
    const int step = static_cast<int>(state->tensor("progress").sum().item<std::int64_t>());
    state->tensors.clear();  // closes the file
    if (!arguments.ranks.first()) return trainUnrecorded(arguments, command, &*state);
    resumeRun(store, file, {run.id, step}, arguments.stop, [&](RunLog& log) {
        keepIfForgotten(arguments, step, log);
        TrainingSession session(arguments, command.optionsJson(), log, &*state);
        return command.train(session);
    });
}

}  // namespace

TrainingSession::TrainingSession(const TrainArguments& arguments, std::string optionsJson,
                                 RunLog& log, const TrainState* resumed)
    : arguments_(arguments),
      options_(std::move(optionsJson)),
      log_(log),
      from_(resumed ? arguments.out.string() : arguments.model),
      cpuSecondsBefore_((resumed ? std::stol(resumed->textOf("cpu_seconds")) : 0) - cpuSeconds()),
      isResumed_(resumed) {
    provenance = madeFrom(sidecarOf(from_), arguments.commandLine);
    if (resumed) provenance.command = resumed->textOf("command");
    command_ = provenance.command;
    provenance.data = arguments.source.data.filename().string();
}

std::function<TrainState()> TrainingSession::resume() const {
    if (!isResumed_) return {};
    return [out = arguments_.out] { return TrainState::read(out).value(); };
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
    const auto between = arguments_.ranks.meetOn(device);
    if (arguments_.ranks.first() && arguments_.ranks.count() > 1)
        std::cout << arguments_.ranks.count() << " ranks train together over " << between
                  << std::endl;
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
    state.text["arguments"] = toJsonText(arguments_);
    state.text["ranks"] = std::to_string(arguments_.ranks.count());
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
    auto bytes = savedBytes(checkpoint.model);
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
    if (arguments.resume.empty())
        startNew(arguments, command);
    else
        goOn(arguments, command);
}

}  // namespace lvr
