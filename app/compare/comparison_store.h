#pragma once

#include <QObject>
#include <QTimer>
#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/values/comparison.h"

namespace lvr {

class Job;

// Keeps one comparison in the run store while it is made, each question as soon as it has another
// answer. Writes away from the GUI thread, one thing after the other. While the store can't be
// written everything stays here and is tried again every now and then.
class ComparisonKeeper : public QObject {
    Q_OBJECT
public:
    // run: one that is there already and goes on; 0: a new one is made.
    ComparisonKeeper(std::filesystem::path store, RunInfo info, std::int64_t run,
                     QObject* parent = nullptr);
    // Writes what is left, if that can be done within a moment.
    ~ComparisonKeeper() override;

    // done: the questions that were asked so far.
    void keep(const SetQuestion& question, int done);
    void end(RunStatus status, const std::string& message);
    void goOn();                               // after end()
    std::int64_t run() const { return run_; }  // 0: it is not in the store yet
    const RunInfo& info() const { return info_; }
    bool isDone() const;  // all of it is written and it has ended

Q_SIGNALS:
    void failed(const QString& sentence);  // told once until it works again
    void done();

private:
    struct Question {
        SetQuestion question;
        int done = 0;
    };
    struct Ending {
        RunStatus status;
        std::string message;
    };
    // What one job has to write; what it could not is still in it afterwards.
    struct Work {
        std::int64_t run = 0;
        bool isOurs = false;
        std::map<int, Question> questions;
        std::optional<Ending> end;
        QString problem;
    };
    bool hasWork() const;
    void write();
    void carryOut(Work& work) const;
    void takeBack(Work& work);
    void settle();

    const std::filesystem::path store_;
    const RunInfo info_;
    std::int64_t run_;
    bool isOurs_ = false;  // this process writes to it
    int step_ = 0;
    std::map<int, Question> unwritten_;
    std::optional<Ending> end_;
    bool ended_ = false, told_ = false;
    std::shared_ptr<Work> atWork_;  // the job's until it has reported
    QTimer again_;
    std::stop_source hurry_;
    std::unique_ptr<Job> job_;
};

// The comparisons of the run store, read and deleted away from the GUI thread. Every signal comes
// on the GUI thread.
class KeptComparisons : public QObject {
    Q_OBJECT
public:
    // store: need not be there yet; empty: nothing is kept.
    explicit KeptComparisons(std::filesystem::path store, QObject* parent = nullptr);

    void list();
    void read(std::int64_t run);
    void remove(std::int64_t run);  // listed() follows

Q_SIGNALS:
    void listed(const std::vector<lvr::ComparisonSummary>& comparisons);
    void found(const lvr::Comparison& comparison);
    void failed(const QString& sentence);

private:
    const std::filesystem::path store_;
    Job* job_;
};

}  // namespace lvr
