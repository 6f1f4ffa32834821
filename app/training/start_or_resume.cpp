#include "app/training/start_or_resume.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <iostream>

#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/files/fingerprint.h"
#include "core/model/device.h"
#include "core/model/save_checkpoint.h"
#include "core/store/process.h"
#include "core/store/run_store.h"
#include "core/vision/preprocess.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

// Of all files in their order, those that a list of files names too.
std::string hashOf(const std::vector<std::string>& files) {
    return fingerprint(std::vector<fs::path>(files.begin(), files.end()));
}

RunInfo infoOf(const TrainArguments& arguments, const TrainingCommand& command,
               const std::string& dataHash) {
    const auto [seed, steps] = command.seedAndSteps();
    return {.kind = command.kind,
            .command = arguments.commandLine,
            .options = command.optionsJson(),
            .parent = arguments.model,
            .parentHash = checkpointFingerprint(findCheckpoint(arguments.model)),
            .data = described(arguments.source),
            .dataHash = dataHash,
            .out = fs::absolute(arguments.out).lexically_normal().string(),
            .seed = seed,
            .codeVersion = LVR_VERSION,
            .steps = steps};
}

void check(TrainArguments& a) {
    auto& v = a.validation;
    sourcesOf(a.source);
    if (v.source.imageRoots.empty() && a.source.imageRoots.size() == 1)
        v.source.imageRoots = a.source.imageRoots;
    v.source.remap = a.source.remap;
    if (v.source.imageRoots.size() > 1 && v.source.imageRoots.size() != v.source.data.size())
        throw Error(std::to_string(v.source.imageRoots.size()) + " --validation-image-root for " +
                    std::to_string(v.source.data.size()) +
                    " --validation-data; give one for all, or one for each");
    if (a.keep.best && v.source.data.empty())
        throw UsageError("--keep-best needs --validation-data to know which is best");
    if (v.earlyStopping > 0 && v.source.data.empty())
        throw UsageError("--early-stopping needs --validation-data to know what improves");
    if (a.keep.best && (a.saveEvery == 0 || a.saveEvery % v.every != 0))
        throw UsageError(
            "--keep-best needs a measurement at each save; make --save-every a multiple of " +
            std::to_string(v.every) + " (--validate-every)");
}

void checkFeatureCache(const fs::path& folder) {
    if (folder.empty()) return;
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (!fs::is_directory(folder, failed))
        throw Error("cannot create the folder " + folder.string() +
                    "; choose another --feature-cache");
}

void checkPixels(const TrainArguments& a) {
    auto pictures = PreprocessConfig::open(findCheckpoint(a.model));
    apply(a.pixels, pictures);
}

void checkAdapter(const LoraOptions& lora) {
    if (lora.rank > 0) return;
    for (const auto& [flag, isSaid] : {std::pair("--lora-dropout", lora.dropout > 0),
                                       {"--lora-scaling", lora.scaling != LoraOptions().scaling}})
        if (isSaid)
            throw UsageError(std::string(flag) +
                             " needs --lora-rank: without it nothing is adapted");
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
    checkAdapter(command.lora);
    settlePlacement(arguments, command.lora);
    checkPixels(arguments);
    const auto file = storeFile(arguments.store);
    std::optional<RunStore> store;
    arguments.ranks.firstDoes([&] {
        store.emplace(file);
        checkNothingIsThere(arguments.out);
        checkFeatureCache(arguments.featureCache);
    });
    const auto dataHash = hashOf(command.readData());
    if (!store) return trainUnrecorded(arguments, command, nullptr);
    recordRun(*store, file, infoOf(arguments, command, dataHash), arguments.stop, [&](RunLog& log) {
        TrainingSession session(arguments, command.optionsJson(), log, nullptr);
        return command.train(session);
    });
}

int stepOf(const TrainState& state) {
    return static_cast<int>(state.tensor("progress").sum().item<std::int64_t>());
}

std::string nameOf(const Run& run) { return "run " + std::to_string(run.id); }

// What the run was started with must still be there, unchanged.
void checkUnchanged(const RunInfo& info, const std::string& model, const std::string& dataHash) {
    if (!info.dataHash.empty() && dataHash != info.dataHash)
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

// What a run goes on from.
struct Saved {
    Run run;
    fs::path folder;
    int kept = 0;  // the step, when it is one of those that were kept
    std::optional<TrainState> state;
};

Saved readKept(const RunStore& store, const fs::path& folder, const fs::path& out) {
    auto run = findRun(store, out.string());
    const auto there = keptNames(out);
    auto state = TrainState::read(folder);
    if (!state)
        throw Error(folder.string() +
                    (fs::exists(folder) ? " holds no training to go on with; "
                                        : " is not there any more; ") +
                    (there.empty() ? "nothing is kept" : "there are " + there) +
                    ", and the newest is --resume " + std::to_string(run.id));
    const int step = stepOf(*state);
    return {std::move(run), folder, step, std::move(state)};
}

Saved findSaved(const RunStore& store, const std::string& name) {
    if (const auto out = outOfKept(name); !out.empty()) return readKept(store, name, out);
    auto run = findRun(store, name);
    const fs::path out = run.info.out;
    auto state = TrainState::read(out);
    const bool finished = !state && run.status == RunStatus::Finished && fs::exists(out);
    const auto folder = finished ? finishedState(out) : out;
    if (finished) state = TrainState::read(folder);
    return {std::move(run), folder, 0, std::move(state)};
}

Progress progressOf(const Saved& from) {
    const auto& progress = from.state->tensor("progress");  // its last element: while it fell
    const bool falls = progress.numel() > 1 && progress[-1].item<std::int64_t>() > 0;
    return {stepOf(*from.state),
            falls || (from.run.status == RunStatus::Finished && from.kept == 0)};
}

std::string sayFinished(const Run& run, const std::string& steps) {
    const auto step = std::to_string(run.step);
    if (run.message.starts_with("stopped early"))
        return nameOf(run) + " stopped early at step " + step +
               "; give another --early-stopping (0: none) to go on";
    return nameOf(run) + " finished at step " + step + "; give --" + steps + " above " + step +
           " to go on";
}

// Why there is nothing to go on from.
std::string sayNothingThere(const RunStore& store, const Run& run) {
    const fs::path out = run.info.out;
    const auto kept = keptNames(out);
    const bool wasSaved = !store.checkpoints(run.id).empty();
    std::string why = "it was not saved yet, start it anew";
    if (run.status == RunStatus::Finished) why = nameOf(run) + " finished";
    if (!kept.empty()) why = "there are still " + kept + " in " + out.string() + ".checkpoints";
    if (wasSaved && !fs::exists(out) && kept.empty()) why = "start it anew";
    return out.string() +
           (wasSaved && !fs::exists(out) ? " is not there any more; "
                                         : " holds no training to resume; ") +
           why;
}

// Killed after its last checkpoint and before it said so; nothing is left to do but that.
void endUnsaid(TrainArguments& arguments, RunStore& store, const fs::path& file, const Run& run) {
    if (isAlive(run.status) && run.pid != processId())
        throw Error(nameOf(run) + " is still running as process " + std::to_string(run.pid) +
                    " on " + run.host + "; stop it first");
    const auto made = readProvenance(run.info.out);
    if (run.status == RunStatus::Finished || !made) throw Error(sayNothingThere(store, run));
    takeSeat(arguments);
    if (!arguments.ranks.first()) return;
    arguments.out = run.info.out;
    resumeRun(store, file, {run.id, run.step}, arguments.stop, [&](RunLog& log) {
        keepIfForgotten(arguments, run.step, log);
        std::cout << "it had finished: " << made->notes << std::endl;
        return made->notes;
    });
}

// To more steps when that was said, now or when it was resumed before.
void plan(const Saved& from, const TrainArguments& arguments, const TrainingCommand& command) {
    const auto& run = from.run;
    const auto options =
        optionsToGoOnWith(from.state->textOf("options"), command.optionsJson(),
                          {command.steps, command.mayChange}, nameOf(run), arguments);
    auto more = options.steps;
    command.readOptions(options.json);
    const int planned = command.seedAndSteps().second;
    if (!more && run.info.steps > planned) more = run.info.steps;
    if (more) {
        const auto news = command.lengthen(*more, progressOf(from));
        if (!news.empty()) std::cout << news << std::endl;
        return;
    }
    const bool waitsLonger = std::find(arguments.told.begin(), arguments.told.end(),
                                       "early-stopping") != arguments.told.end();
    if (run.status == RunStatus::Finished && from.kept == 0 && !waitsLonger)
        throw Error(sayFinished(run, command.steps));
}

void settleOut(const Saved& from) {
    const fs::path out = from.run.info.out;
    if (from.kept == 0) {
        if (from.folder != out) moveState(from.folder, out);
        return;
    }
    const auto later = goBackTo(out, from.kept);
    std::error_code isNotThere;
    fs::remove_all(finishedState(out), isNotThere);
    std::cout << nameOf(from.run) << " goes back to step " << from.kept
              << (later.empty() ? "" : "; removed, as they were later: " + later) << std::endl;
}

// Its folder becomes what it goes on from before what came later is forgotten: killed in between,
// it goes on from there all the same.
void makeOurs(const Saved& from, RunStore& store, const TrainingCommand& command) {
    const auto& run = from.run;
    store.resume(run.id, run.step);
    store.setPlan(run.id, command.seedAndSteps().second, command.optionsJson());
    try {
        settleOut(from);
    } catch (const Error&) {
        store.end(run.id, run.status, run.message);
        throw;
    }
}

void goOn(TrainArguments& arguments, const TrainingCommand& command) {
    const auto file = storeFile(arguments.store);
    RunStore store(file);
    auto from = findSaved(store, arguments.resume);
    const auto& run = from.run;
    if (run.info.kind != command.kind)
        throw Error(nameOf(run) + " is of lvr " + run.info.kind + "; resume it with that");
    if (!from.state) return endUnsaid(arguments, store, file, run);
    plan(from, arguments, command);
    goOnAs(from.state->textOf("arguments"), nameOf(run), arguments);
    check(arguments);
    checkDeviceIsHere(run, arguments.device);
    takeSeat(arguments);
    checkUnchanged(run.info, arguments.model, hashOf(command.readData()));
    sayIfRanksDiffer(run, *from.state, arguments.ranks);
    const int step = stepOf(*from.state);
    from.state->tensors.clear();  // closes the file
    arguments.ranks.firstDoes([&] { makeOurs(from, store, command); });
    if (!arguments.ranks.first()) return trainUnrecorded(arguments, command, &*from.state);
    resumeRun(store, file, {run.id, step}, arguments.stop, [&](RunLog& log) {
        keepIfForgotten(arguments, step, log);
        TrainingSession session(arguments, command.optionsJson(), log, &*from.state);
        return command.train(session);
    });
}

// What was interrupted is whole; how to go on is all that is left to say.
void sayHowToGoOn(const TrainArguments& arguments, const TrainingCommand& command) {
    if (!arguments.ranks.first() || arguments.out.empty()) return;
    const auto out = arguments.out.string();
    const auto state = TrainState::read(out);
    std::cerr << (state ? "stopped; lvr " + command.kind + " --resume " + out +
                              " goes on after step " + std::to_string(stepOf(*state))
                        : "stopped; nothing was saved yet")
              << std::endl;
}

}  // namespace

void startOrResume(TrainArguments& arguments, const TrainingCommand& command) {
    try {
        if (arguments.resume.empty())
            startNew(arguments, command);
        else
            goOn(arguments, command);
    } catch (const Cancelled&) {
        sayHowToGoOn(arguments, command);
        throw;
    }
}

}  // namespace lvr
