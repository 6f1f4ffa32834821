#include "app/training/training_session.h"

#include <iostream>

#include "app/training/pause.h"
#include "app/training/train_progress.h"
#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/model/save_checkpoint.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLittle = 1 << 20;

std::optional<Provenance> sidecarOf(const std::string& model) {
    return readProvenance(folderWith(findCheckpoint(model), "lvr_workbench.json"));
}

// Of the weights in a checkpoint: all, or an adapter with what is trained beside it.
std::uintmax_t savedBytes(const LvrModel& model) {
    std::uintmax_t bytes = 0;
    for (const auto& [name, tensor] : model.adapter()) bytes += tensor.nbytes();
    for (const auto& [name, tensor] : model.parameters())
        if (model.adapter().empty() || model.mayTrain(name)) bytes += tensor.nbytes();
    return bytes;
}

}  // namespace

Placement placementOf(const TrainArguments& arguments, const LoraOptions& lora,
                      const std::string& model) {
    return placeHere({.dtype = arguments.dtype,
                      .device = arguments.device,
                      .purpose = lora.rank > 0 ? Purpose::TrainingAdapter : Purpose::Training,
                      .gpu = arguments.ranks.count() > 1 ? localRank() : -1},
                     findCheckpoint(model));
}

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
    provenance.data.clear();
    for (const auto& data : arguments.source.data)
        provenance.data += (provenance.data.empty() ? "" : ", ") + data.filename().string();
    log_.printEvery(arguments.logEvery);
}

std::function<TrainState()> TrainingSession::resume() const {
    if (!isResumed_) return {};
    return [out = arguments_.out] { return TrainState::read(out).value(); };
}

LvrCheckpoint TrainingSession::openCheckpoint(const LoraOptions& lora, std::uint64_t seed) const {
    const auto placement = placementOf(arguments_, lora, from_);
    const auto device = placement.device;
    if (device.is_cuda()) log_.meterGpu(device.index());
    const auto& settled = arguments_.computation;
    say("computed in " + (settled.empty() ? toText(placement) : settled) +
        (placement.dtype == torch::kFloat32 ? "" : ", with float32 master weights"));
    const auto between = arguments_.ranks.meetOn(device);
    if (arguments_.ranks.count() > 1)
        say(std::to_string(arguments_.ranks.count()) + " ranks train together over " + between);
    auto checkpoint =
        LvrCheckpoint::open(from_,
                            {.dtype = placement.dtype,
                             .device = device,
                             .use = LoadOptions::Use::Training,
                             .lora = lora.rank > 0 ? std::optional(lora) : std::nullopt,
                             .loraSeed = seed,
                             .recompute = arguments_.recompute,
                             .stop = arguments_.stop},
                            arguments_.dialect);
    if (const auto& dialect = checkpoint.rules.dialect; !isLvr(dialect))
        say("trained as " + dialect.method + " (" + checkpoint.dialectChoice.reason + ")");
    if (arguments_.ranks.first())
        for (const auto& warning : checkpoint.warnings)
            std::cerr << "lvr: " << warning << std::endl;
    apply(arguments_.pixels, checkpoint.preprocess);
    return checkpoint;
}

void TrainingSession::say(const std::string& sentence) const {
    if (arguments_.ranks.first()) std::cout << sentence << std::endl;
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
        write(checkpoint, state);
        std::cout << "saved at step " << step << " in " << arguments_.out.string() << std::endl;
        keepCheckpoint(arguments_.out, step, log_.validationLoss(step), arguments_.keep, log_);
    });
}

void TrainingSession::write(const LvrCheckpoint& checkpoint, const TrainState& state) {
    auto bytes = savedBytes(checkpoint.model);
    for (const auto& [name, tensor] : state.tensors) bytes += tensor.nbytes();
    whenThereIsSpace(
        arguments_.out, bytes, arguments_.stop,
        [&] {
            saveCheckpoint(checkpoint, findCheckpoint(from_), provenance, arguments_.out,
                           [&](const std::filesystem::path& folder) {
                               writeFileAtomically(folder / "training.yaml",
                                                   toConfigText(log_.kind(), arguments_, options_));
                               state.write(folder);
                           });
        },
        [this](const std::string& why) { log_.sayWaiting(why); });
}

bool TrainingSession::firstSays(const std::function<bool()>& question) const {
    auto answer = torch::zeros({1});
    arguments_.ranks.firstDoes([&] { answer[0] = question() ? 1 : 0; });
    arguments_.ranks.sum(answer);
    return answer.item<float>() > 0;
}

void TrainingSession::count(const TrainingData& data, const ValidationData& validation) {
    const auto add = [&](const char* metric, std::size_t count) {
        if (count > 0) log_.addToEach(metric, static_cast<double>(count));
    };
    add("skipped/over_length", data.tooLong);
    add("skipped/validation", validation.unread + validation.tooLong);
}

bool TrainingSession::measure(const LvrCheckpoint& checkpoint, const DecodeOptions& options,
                              int step, std::vector<DataRecord>& probes,
                              const std::function<SftValidation()>& losses) {
    if (!firstSays([&] { return log_.isMeasured(step); })) {
        std::map<std::string, double> metrics;
        std::string alert;
        // Of other records than before it would not be the same curve.
        const auto measured = losses();
        if (measured.unread == 0)
            for (const auto& [name, value] : measured.losses) metrics["val/" + name] = value;
        else
            alert = std::to_string(measured.unread) +
                    " validation records can't be read any more, and their loss is not measured at "
                    "this step: " +
                    measured.reason;
        arguments_.ranks.firstDoes([&] {
            const auto answers = askProbes(checkpoint, options, probes, arguments_.stop);
            if (answers.problem.empty())
                metrics.merge(probeMetrics(answers.rows));
            else
                alert += (alert.empty() ? "" : "; ") +
                         ("a probe question can't be asked any more and is left out from now on: " +
                          answers.problem);
            log_.recordMeasurement(step, metrics, answers.rows, alert);
        });
    }
    return !firstSays([&] {
        if (const auto loss = log_.validationLoss(step))
            judgeCheckpoint(arguments_.out, step, *loss, arguments_.keep, log_);
        return !whyItEndsEarly().empty();
    });
}

std::string TrainingSession::whyItEndsEarly() const {
    const int most = arguments_.validation.earlyStopping;
    const auto losses = log_.validationLosses();
    const Metric* best = nullptr;
    int since = 0;
    for (const auto& loss : losses) {
        ++since;
        if (best && !(loss.value < best->value)) continue;
        best = &loss;
        since = 0;
    }
    if (most == 0 || since < most) return {};
    return "stopped early at step " + std::to_string(losses.back().step) +
           ": the validation loss has not improved for " + std::to_string(since) +
           " measurements, best was step " + std::to_string(best->step);
}

fs::path finishedState(const fs::path& out) {
    return fs::absolute(out).lexically_normal().string() + ".state";
}

std::string TrainingSession::finish(const std::string& outcome) {
    const auto early = whyItEndsEarly();
    provenance.notes = (early.empty() ? "" : early + "; ") + outcome + "; " +
                       std::to_string(cpuSecondsBefore_ + cpuSeconds()) + " CPU-seconds";
    arguments_.ranks.firstDoes([&] {
        whenThereIsSpace(arguments_.out, kLittle, arguments_.stop, [&] {
            // Whoever saved it knows whether its own files say how it thinks.
            if (const auto saved = readProvenance(arguments_.out))
                provenance.dialect = saved->dialect;
            writeProvenance(provenance, arguments_.out);
            moveState(arguments_.out, finishedState(arguments_.out));
        });
        std::cout << "saved " << arguments_.out.string() << "; " << provenance.notes << "\n";
    });
    return provenance.notes;
}

}  // namespace lvr
