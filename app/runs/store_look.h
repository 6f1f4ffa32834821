#pragma once

#include <QString>
#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/values/run.h"
#include "widgets/rollouts/probe_table.h"

namespace lvr {

class RunStore;
using SharedRollouts = std::shared_ptr<const std::vector<Rollout>>;  // by group, then index
inline constexpr int kNewestStep = -1;  // as a step: the last that has rollouts

struct FollowedRun {
    std::int64_t run = 0;  // 0: none
    quint64 ticket = 0;    // of the wish: an older one's rows are not wanted any more
};
// What a look at the store is for.
struct StoreWanted {
    quint64 store = 0;  // the open() that asked for it
    std::filesystem::path file;
    quint64 subscription = 0;
    std::map<std::int64_t, quint64> metrics;  // run -> ticket
    FollowedRun rollouts, probes;
};

// What one look found.
struct StoreLook {
    StoreWanted wanted;
    bool isOtherFile = false, isMissing = false, isAnyAlive = false;
    bool hasMore = false;  // another look would find more at once
    QString trouble;       // new
    std::optional<std::vector<RunSummary>> runs;
    std::map<std::int64_t, std::vector<MetricColumn>> metrics;
    std::optional<std::vector<int>> steps;
    std::vector<MetricColumn> health;
    std::optional<std::vector<ProbeStep>> probes;
};

// The run store as the thread that reads it has it: it is looked at again and again. For that
// thread, but for what is marked.
class StoreLooker {
public:
    StoreLook look(const StoreWanted& wanted);
    // Null: another step is wanted by now, or there is no store, which was said.
    SharedRollouts readStep(quint64 id, std::int64_t run, int& step);
    // A change makes no store, and is not for the run that has the same number in another one.
    void change(const Run& run, const std::function<void(RunStore&)>& act);

    std::stop_source stop;                // any thread
    std::atomic<quint64> newestStep = 0;  // any thread

private:
    using FileIdentity = std::pair<std::uint64_t, std::uint64_t>;       // device, inode
    static FileIdentity identityOf(const std::filesystem::path& file);  // none: all zero

    struct Cursor {
        quint64 ticket = 0;
        std::int64_t seq = 0;
        std::int64_t version = -1;  // of the store when the rest was read
    };
    void begin(const StoreWanted& wanted);
    bool findFile(StoreLook& look);
    void complain(const QString& sentence, bool isMissing, StoreLook& look);
    void lookInside(StoreLook& look);
    void listRuns(StoreLook& look);
    RunSummary summarize(Run run);
    void readMetrics(StoreLook& look);
    void readRollouts(StoreLook& look, std::int64_t version);
    void readProbes(StoreLook& look, std::int64_t version);
    bool isAnyAlive() const;

    quint64 id_ = 0;
    std::filesystem::path file_;
    FileIdentity identity_;
    std::unique_ptr<RunStore> store_;
    std::int64_t version_ = -1;                 // when it was listed; -1: never
    std::map<std::int64_t, RunSummary> known_;  // as told
    std::map<std::int64_t, Cursor> cursors_;    // of the subscribed runs
    Cursor rollouts_, probes_;
    std::vector<int> probedSteps_;
    std::vector<CheckpointRow> probedCheckpoints_;
    bool isMissing_ = false;  // which was told
    QString complaint_;       // as told; empty when all is well
};

}  // namespace lvr
