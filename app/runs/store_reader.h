#pragma once

#include <QObject>
#include <QStringList>
#include <QTimer>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "app/runs/store_look.h"
#include "widgets/job.h"
#include "widgets/rollouts/group_summary.h"

namespace lvr {

// All that the window reads of its run store and writes into it, away from the GUI thread, several
// times a second while something runs. Every member is called on the GUI thread and returns at
// once; every signal comes there. A store that can't be read is told once and tried again until it
// can; runsChanged() then follows.
class StoreReader : public QObject {
    Q_OBJECT
public:
    static constexpr int kNewest = kNewestStep;

    explicit StoreReader(QObject* parent = nullptr);
    ~StoreReader() override;  // finish()

    void open(const std::filesystem::path& file);  // in place of the one before
    const std::filesystem::path& file() const { return wanted_.file; }  // empty: none was opened
    const std::vector<RunSummary>& runs() const { return runs_; }       // as told last
    bool hasListed() const { return hasListed_; }                       // runs() is what there is
    QString trouble() const { return trouble_; }                        // as told last; empty: none

    // The runs whose metrics are wanted, in place of those before: all there are, then new ones.
    void subscribe(const std::vector<std::int64_t>& runs);
    // The run whose steps with rollouts and whose health of groups are told, all and then new
    // ones; 0: none for now.
    enum class From { Start, WhereItWas };
    void followRollouts(std::int64_t run, From from);
    void followProbes(std::int64_t run, From from);  // likewise its answers to its probe questions
    void readStep(std::int64_t run, int step);       // the newest that was asked for is told
    // In which steps of a run rollouts pass; stepsFound() follows unless others are looked for.
    void findSteps(std::int64_t run, const RolloutFilter& filter);
    void lookNow();  // something just happened

    // Writes. What can't be done is told by changeFailed().
    void remove(const Run& run);  // forgets it with all its rows; its folder stays
    void setNotes(const Run& run, const QString& notes);  // notesTold() follows
    void setName(const Run& run, const QString& name);
    void setTags(const Run& run, const QStringList& tags);
    // Writes what is still to be written, if the store lets it do so within a moment, tells that,
    // and ends. Nothing is read any more.
    void finish();

Q_SIGNALS:
    void opened();  // all comes from the start: it is another file
    void runsChanged(const std::vector<lvr::RunSummary>& runs);  // all of them, newest first
    // A column that begins at or before a step it had goes on from there: the run was resumed.
    void metricsAdded(std::int64_t run, const std::vector<lvr::MetricColumn>& columns);
    // All that the store holds of the runs subscribed to has been told, or why it can't be.
    void upToDate();
    void missing(const QString& sentence);  // there is no such file, or no longer
    void failed(const QString& sentence);
    void changeFailed(const QString& sentence);
    // `why` they could not be stored; empty: they are.
    void notesTold(std::int64_t run, const QString& notes, const QString& why);

    void stepsRead(std::int64_t run, const std::vector<int>& steps);  // ascending
    void healthRead(std::int64_t run, const std::vector<lvr::MetricColumn>& added);
    void rolloutsFollowed(std::int64_t run);  // all there is now was told
    void stepRead(std::int64_t run, int step, const lvr::SharedRollouts& rollouts);
    void stepFailed(const QString& sentence);  // or a search
    // How many rollouts pass at each step that has such, of so many steps.
    void stepsFound(std::int64_t run, const std::map<int, int>& found, int steps);
    void probesRead(std::int64_t run, const std::vector<lvr::ProbeStep>& steps);  // ascending

private:
    void startLook();
    void take(const StoreLook& look);
    void tell(const StoreLook& look);
    void tellFollowed(const StoreLook& look);
    void follow(FollowedRun& following, std::int64_t run, From from);
    void change(const Run& run, const std::function<void(RunStore&)>& act,
                const std::function<void(const QString& why)>& then);

    StoreWanted wanted_;
    FollowedRun lastRollouts_, lastProbes_;  // also while nothing is followed
    quint64 tickets_ = 0, newestStep_ = 0;
    std::vector<RunSummary> runs_;
    QString trouble_;
    bool hasListed_ = false;
    bool isLooking_ = false, looksAgain_ = false, isFinished_ = false;
    QTimer timer_;
    std::unique_ptr<StoreLooker> store_;
    Job searches_;
    Job job_;  // one thread, in order; ends before what it works on
};

}  // namespace lvr
