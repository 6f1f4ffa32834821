#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/training/run_log.h"
#include "app/training/train_arguments.h"
#include "core/decode/lvr_checkpoint.h"
#include "core/model/placement.h"
#include "core/train/train_state.h"

namespace lvr {

// Where `model` is trained, and in which numbers: as told, or as it fits this machine. Among
// several ranks each has its own GPU.
Placement placementOf(const TrainArguments& arguments, const LoraOptions& lora,
                      const std::string& model);

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
    // Asks the probe questions after `step` and keeps their answers; `losses` of the validation
    // data are added. Returns all as metrics. All ranks must call it: the first one asks. Throws
    // Cancelled; nothing is kept then.
    std::map<std::string, double> measure(const LvrCheckpoint& checkpoint,
                                          const DecodeOptions& options, int step,
                                          std::map<std::string, double> losses);
    // Writes the checkpoint with all that is needed to go on from `step`. The first rank writes;
    // all must call it, and finish. A full disk makes it wait.
    void save(const LvrCheckpoint& checkpoint, int step, TrainState state);
    // Writes the finished checkpoint; `outcome` in one sentence. Returns it with what it cost.
    std::string finish(const LvrCheckpoint& checkpoint, const std::string& outcome);
    Provenance provenance;  // command, notes and data are filled in by save and finish

private:
    void write(const LvrCheckpoint& checkpoint, int step, const TrainState* state);
    void say(const std::string& sentence) const;  // the first rank does

    const TrainArguments& arguments_;
    std::string options_;
    RunLog& log_;
    std::string command_, from_;
    long cpuSecondsBefore_ = 0;  // of this training, less what this process had used
    bool isResumed_ = false;
    std::optional<std::vector<DataRecord>> probes_;    // read when they are first asked
    std::optional<std::pair<int, double>> validated_;  // newest step and its loss
};

}  // namespace lvr
