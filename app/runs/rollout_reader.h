#pragma once

#include <QObject>
#include <QThread>
#include <filesystem>
#include <memory>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/values/run.h"
#include "widgets/rollouts/probe_table.h"

namespace lvr {

class RunStore;
using SharedRollouts = std::shared_ptr<const std::vector<Rollout>>;  // by group, then index

// Reads rollouts and probe answers out of a run store on a thread of its own. Every member is
// called on the GUI thread and returns at once; every signal comes on the GUI thread. Of several
// steps wanted in a hurry the newest is read.
class RolloutReader : public QObject {
    Q_OBJECT
public:
    static constexpr int kNewest = -1;  // as a step: the last that has rollouts
    explicit RolloutReader(QObject* parent = nullptr);
    ~RolloutReader() override;  // waits for what runs

    void open(const std::filesystem::path& file);  // runsRead() or storeFailed() follows
    void readStep(std::int64_t run, int step);
    // What is new since the last call: runs, steps of `run` and the metrics of its groups; all of
    // them the first time. Costs next to nothing when there is nothing.
    void tail(std::int64_t run);
    // All of the run's answers to its probe questions, if there are others, or other checkpoints,
    // than when this run was read last.
    void readProbes(std::int64_t run);

Q_SIGNALS:
    void runsRead(const std::vector<lvr::Run>& runs);  // that have rollouts, newest first
    void stepsRead(std::int64_t run, const std::vector<int>& steps);  // ascending
    void stepRead(std::int64_t run, int step, const lvr::SharedRollouts& rollouts);
    void healthRead(std::int64_t run, const std::vector<lvr::Metric>& added);     // as groupHealth
    void probesRead(std::int64_t run, const std::vector<lvr::ProbeStep>& steps);  // ascending
    void followed(std::int64_t run);        // a tail() is over
    void missing(const QString& sentence);  // there is no such file yet. Open it again
    // Also when it was there and is gone now, or another took its place. Open it again.
    void storeFailed(const QString& sentence);
    void stepFailed(const QString& sentence);

private:
    using RequestId = quint64;
    using Failure = void (RolloutReader::*)(const QString&);
    using FileIdentity = std::pair<std::uint64_t, std::uint64_t>;  // device, inode
    struct Tail {                                                  // of the run that is followed
        std::int64_t run = 0, cursor = 0, version = -1;
    };
    // Runs `job` on the thread; what it throws is reported if its request is still the newest then.
    template <class Job>
    void start(const RequestId& newest, Failure failure, Job job);
    template <class Report>
    void post(const RequestId& newest, RequestId id, Report report);
    void runOpen(RequestId id, const std::filesystem::path& file);
    void runStep(RequestId id, std::int64_t run, int step);
    void runTail(RequestId id, std::int64_t run);
    void readTail(RequestId id, std::int64_t run);
    void runProbes(RequestId id, std::int64_t run);
    void listRuns(RequestId id);
    void demandSameFile();

    QThread thread_;
    QObject inThread_;  // what is posted to it runs on thread_
    // Touched on thread_ only, until that has ended.
    std::filesystem::path file_;
    FileIdentity identity_;
    std::unique_ptr<RunStore> store_;
    std::set<std::int64_t> withRollouts_;
    Tail tail_;
    std::int64_t probedRun_ = 0;
    std::vector<int> probedSteps_;
    std::vector<CheckpointRow> probedCheckpoints_;
    // GUI thread
    RequestId newestStore_ = 0, newestStep_ = 0;
    std::stop_source stopStep_;
    bool tailing_ = false;
    std::int64_t probing_ = 0;  // the run that was asked about last and is not read yet
};

// The metrics a step's groups are judged by over time: groups/zero_variance, reward/mean,
// span/trigger_rate, span/unclosed_rate.
bool isGroupHealth(const Metric& metric);

}  // namespace lvr
