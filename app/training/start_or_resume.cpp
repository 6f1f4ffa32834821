#include "app/training/start_or_resume.h"

#include <ATen/Parallel.h>

#include <iostream>

#include "core/checkpoint/fingerprint.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/device.h"
#include "core/store/run_store.h"
#include "core/train/save_checkpoint.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

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

// A run keeps what was chosen for it: on another machine, too, it goes on in the same numbers.
void settlePlacement(TrainArguments& a, const LoraOptions& lora) {
    const auto placement = placementOf(a, lora, a.model);
    a.dtype = toText(placement.dtype);
    const bool eachItsOwn = a.ranks.count() > 1 && placement.device.is_cuda();
    if (a.device == "auto") a.device = eachItsOwn ? "cuda" : placement.device.str();
    a.computation = toText(placement);
}

void startNew(TrainArguments& arguments, const TrainingCommand& command) {
    takeSeat(arguments);
    check(arguments);
    settlePlacement(arguments, command.lora);
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

void startOrResume(TrainArguments& arguments, const TrainingCommand& command) {
    if (arguments.resume.empty())
        startNew(arguments, command);
    else
        goOn(arguments, command);
}

}  // namespace lvr
