#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/training/run_vitals.h"
#include "core/values/run.h"
#include "core/values/train_options.h"

namespace lvr {

class RunStore;

// A step that is done while the store can't be written, of a training that is stopped before it
// can: its row lies beside the checkpoint, in OUT.unrecorded.db, until the run goes on. What can't
// be written there either is lost, which is said.
void keepUnrecorded(const RunInfo& info, int step, const std::map<std::string, double>& metrics,
                    const std::vector<Rollout>& rollouts, const std::string& alert);
// Puts it into the store when it is of the step that the run goes on from; it is gone afterwards.
void recordUnrecorded(RunStore& store, std::int64_t run, int step);

class RunStore;

// Where a training writes down what it does. While the store is locked or its disk full it waits;
// stopped while it waits, it throws Cancelled.
class RunLog {
public:
    RunLog() = default;  // nowhere: another rank does
    RunLog(RunStore& store, std::filesystem::path file, std::int64_t run, std::stop_token stop);
    // In the store and, the first one and those that are due, on stdout; an alert on stderr.
    // Returns whether it was printed. A step that could not be written before the stop is kept
    // beside the checkpoint, for when the run goes on.
    bool record(const TrainReport& report, const std::vector<Rollout>& rollouts = {});
    // Recorded with every step from now on.
    void addToEach(const std::string& metric, double value) { ofEach_[metric] = value; }
    // What was measured after a step, which may be 0, with the answers to the probe questions, and
    // what a person should know of it.
    void recordMeasurement(int step, const std::map<std::string, double>& metrics,
                           const std::vector<SampleRow>& samples, const std::string& alert = {});
    bool isMeasured(int step) const;
    void addCheckpoint(const CheckpointRow& checkpoint);
    void forgetCheckpoint(int step);  // its folder was removed
    std::vector<CheckpointRow> checkpoints() const;
    std::optional<double> validationLoss(int step) const;  // as it was recorded
    std::vector<Metric> validationLosses() const;          // by step
    void end(RunStatus status, const std::string& message);
    // What keeps the run from going on; empty: nothing any more.
    void sayWaiting(const std::string& forWhat);
    std::int64_t run() const { return run_; }
    const std::string& kind() const { return info_.kind; }
    void printEvery(int steps) { printEvery_ = steps; }
    void meterGpu(int index) { vitals_.meterGpu(index); }
    int step() const { return step_; }  // newest that was recorded

private:
    void write(const std::function<void()>& change);
    bool print(const TrainReport& report);
    std::vector<Metric> metricsNamed(const char* name) const;

    RunStore* store_ = nullptr;
    std::int64_t run_ = 0;
    RunInfo info_;
    int step_ = 0, printEvery_ = 10;
    bool printed_ = false;
    std::filesystem::path file_;
    std::stop_token stop_;
    // As if it had run in one go: a resumed run counts on from its last step.
    std::chrono::steady_clock::time_point began_;
    RunVitals vitals_;
    std::map<std::string, double> ofEach_;
};

// By number, or by the folder it writes to. Throws Error.
Run findRun(const RunStore& store, const std::string& name);

// The file that `named` stands for: the default one where it is empty.
std::filesystem::path storeFile(const std::filesystem::path& named);

// Does the work as a run of the store in `file`: its message when it returns, or why it did not, is
// kept there. Makes info.out first and tries it. Throws Error, leaving no run, when another run has
// it or it can't be written. stop: requested when nobody wants to wait for a full disk.
void recordRun(RunStore& store, const std::filesystem::path& file, const RunInfo& info,
               const std::stop_token& stop, const std::function<std::string(RunLog&)>& work);
struct SavedStep {
    std::int64_t run = 0;
    int step = 0;
};
// Goes on with a run of the store in `file`: what it wrote after its step is forgotten.
void resumeRun(RunStore& store, const std::filesystem::path& file, SavedStep saved,
               const std::stop_token& stop, const std::function<std::string(RunLog&)>& work);

}  // namespace lvr
