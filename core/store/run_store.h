#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/values/comparison.h"

namespace lvr {

// Another program keeps the store for itself for longer than a writer waits: it may work later.
class StoreIsLocked : public Error {
public:
    using Error::Error;
};

// The runs of a machine in one SQLite file (WAL): one writer a run, any number of readers, none
// waits for another. What is written is there after a crash, whole steps only. Everything throws
// Error, one sentence that names the file.
class RunStore {
public:
    enum class Access { Read, Write };
    // Write makes the file and its folder when they are not there. An older file is brought up to
    // date first, whatever the access. One that is no store, or of a newer version, is refused.
    explicit RunStore(const std::filesystem::path& file, Access access = Access::Write);
    ~RunStore();
    RunStore(RunStore&&) noexcept;

    // From then on a locked store is waited for no longer than a moment.
    void hurryWhen(const std::stop_token& stop);

    // By this process. Throws Error when a run of another process writes to the same folder.
    std::int64_t start(const RunInfo& info);
    // A run that happened elsewhere, as this process tells it; its id and process are passed over.
    // Others may write in between; until all of it is there it is a run that still runs.
    std::int64_t add(const Run& run, const std::vector<Metric>& metrics);
    // One transaction: all of the step and the run's heartbeat. alert: empty for none.
    void append(std::int64_t run, int step, const std::map<std::string, double>& metrics,
                const std::vector<Rollout>& rollouts = {}, const std::string& alert = {});
    // Metrics of many steps, by step, and the run's heartbeat. after: in place of all beyond it, in
    // one transaction; a run whose newest step is an earlier one then went back, and its rollouts
    // beyond that are forgotten, too. Nothing: beside all there are, whole steps at a time, and
    // others may write in between.
    void appendAll(std::int64_t run, const std::vector<Metric>& metrics,
                   std::optional<int> after = {});
    // All rollouts of a step, in place of those it had.
    void putRollouts(std::int64_t run, int step, const std::vector<Rollout>& rollouts);
    // The model of this step is in this folder now; another step's that was there is kept no more.
    void addCheckpoint(std::int64_t run, const CheckpointRow& checkpoint);
    // Its folder was removed: the row stays, kept no more.
    void forgetCheckpoint(std::int64_t run, int step);
    // All samples of a step, in place of those it had.
    void addSamples(std::int64_t run, int step, const std::vector<SampleRow>& samples);
    // A comparison's question as far as it is answered, in place of what was there, and the run's
    // heartbeat. done: the questions that were asked so far.
    void putQuestion(std::int64_t run, const SetQuestion& question, int done);
    // Cells of a table of items, all in one transaction with the run's heartbeat; each in place of
    // what was there. done: the items that were looked at so far.
    void putResults(std::int64_t run, const std::vector<ItemResult>& results, int done);
    void end(std::int64_t run, RunStatus status, const std::string& message);
    // Goes on with a run that ended: what is beyond `step` is forgotten, this process owns it now.
    // Of several that try at once one does; the others, and who tries while it runs, get an Error.
    void resume(std::int64_t run, int step);
    // What it is to do from now on. options: JSON.
    void setPlan(std::int64_t run, int steps, const std::string& options);
    // What a run that is under way waits for, in one sentence; empty: it goes on.
    void setWaiting(std::int64_t run, const std::string& forWhat);
    void remove(std::int64_t run);  // with all its rows; one that still runs is an Error
    void setNotes(std::int64_t run, const std::string& notes);
    void setName(std::int64_t run, const std::string& name);  // one line; empty: none
    // In place of those before. A tag is a word or several without a comma.
    void setTags(std::int64_t run, const std::vector<std::string>& tags);

    std::vector<Run> runs() const;  // newest first
    std::optional<Run> find(std::int64_t run) const;
    std::vector<Metric> metrics(std::int64_t run) const;  // by step, then name
    std::vector<Metric> metrics(std::int64_t run, const std::string& name) const;  // by step
    // Rows that others wrote since `cursor` (0 at first), which moves on. Costs next to nothing
    // when there are none.
    std::vector<Metric> readNew(std::int64_t run, std::int64_t& cursor) const;

    // The same, at most `most` rows, as one column a metric: a tenth of the time for a long run.
    std::vector<MetricColumn> readNewColumns(std::int64_t run, std::int64_t& cursor,
                                             int most) const;

    // The newest value of each metric, as far as it is among the newest few hundred.
    std::map<std::string, double> newestMetrics(std::int64_t run) const;
    // Another number once another process or RunStore has written.
    std::int64_t version() const;

    std::vector<Alert> alerts(std::int64_t run) const;                   // by step
    std::vector<int> rolloutSteps(std::int64_t run) const;               // that have any, ascending
    std::vector<Rollout> rollouts(std::int64_t run, int step) const;     // by group, then index
    std::vector<CheckpointRow> checkpoints(std::int64_t run) const;      // by step
    std::vector<int> sampleSteps(std::int64_t run) const;                // that have any, ascending
    std::vector<SampleSummary> sampleSummaries(std::int64_t run) const;  // by step
    std::vector<SampleRow> samples(std::int64_t run, int step) const;    // as they were added
    // A comparison's, by number, with an outcome and a failure for each of so many strategies.
    std::vector<SetQuestion> questions(std::int64_t run, int strategies) const;
    std::vector<StrategyTally> tallies(std::int64_t run, int strategies) const;  // one a strategy
    std::vector<ItemResult> results(std::int64_t run) const;  // in the order they were put first

private:
    struct Database;
    void open(const std::filesystem::path& file, Access access);
    std::int64_t insert(const RunInfo& info);
    void setText(std::int64_t run, const char* column, const std::string& text);

    std::unique_ptr<Database> database_;
};

std::string toText(RunStatus status);  // "running", "finished", ...

// $LVR_STORE, else runs.db in $XDG_DATA_HOME/lvr-workbench or ~/.local/share/lvr-workbench. Throws
// Error when there is no HOME either.
std::filesystem::path defaultStore();

}  // namespace lvr
