#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/training/run_log.h"
#include "app/training/train_arguments.h"
#include "app/training/training_data.h"
#include "core/model/lvr_checkpoint.h"
#include "core/model/placement.h"
#include "core/sft/validate.h"
#include "core/train/train_state.h"

namespace lvr {

// Where `model` is trained, and in which numbers: as told, or as it fits this machine. Among
// several ranks each has its own GPU.
Placement placementOf(const TrainArguments& arguments, const LoraOptions& lora,
                      const std::string& model);

// Where a training that finished leaves what is needed to go on.
std::filesystem::path finishedState(const std::filesystem::path& out);

// A training that is going on: new, or resumed from what was saved.
class TrainingSession {
public:
    TrainingSession(const TrainArguments& arguments, std::string optionsJson, RunLog& log,
                    const TrainState* resumed);

    // Reads what a resumed training goes on from; empty for a new one.
    std::function<TrainState()> resume() const;
    RunLog& log() { return log_; }
    const Ranks& ranks() const { return arguments_.ranks; }
    // What is trained: the model, or what was saved of it. seed: of a fresh adapter.
    LvrCheckpoint openCheckpoint(const LoraOptions& lora, std::uint64_t seed) const;
    // What is left out of data for good, recorded with every step.
    void count(const TrainingData& data, const ValidationData& validation);
    // Records the losses of the validation data after `step` and the answers to the probe
    // questions, if that wasn't done before; what can't be measured as before is said, and is not
    // among them. False: nothing has improved for as long as was asked for. All ranks must call it:
    // the first one asks, all need `losses` called. Throws Cancelled; nothing is kept then.
    bool measure(const LvrCheckpoint& checkpoint, const DecodeOptions& options, int step,
                 std::vector<DataRecord>& probes, const std::function<SftValidation()>& losses);
    // Writes the checkpoint with all that is needed to go on from `step`. The first rank writes;
    // all must call it, and finish. A full disk makes it wait.
    void save(const LvrCheckpoint& checkpoint, int step, TrainState state);
    // The newest that was saved is the finished one, and what is needed to go on from there lies in
    // OUT.state; `outcome` in one sentence. Returns it with what it cost.
    std::string finish(const std::string& outcome);
    Provenance provenance;  // command, notes and data are filled in by save and finish

private:
    void write(const LvrCheckpoint& checkpoint, const TrainState& state);
    bool firstSays(const std::function<bool()>& question) const;  // the same on every rank
    std::string whyItEndsEarly() const;                           // empty: it doesn't
    void say(const std::string& sentence) const;                  // the first rank does

    const TrainArguments& arguments_;
    std::string options_;
    RunLog& log_;
    std::string command_, from_;
    long cpuSecondsBefore_ = 0;  // of this training, less what this process had used
    bool isResumed_ = false;
};

}  // namespace lvr
