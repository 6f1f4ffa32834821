#pragma once

#include <QObject>
#include <QTimer>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>

#include "core/values/run.h"

namespace lvr {

class Job;
class RunStore;

// Keeps what a run makes of a set in the run store while it is made, each question as soon as there
// is more of it. Writes away from the GUI thread, one thing after the other. While the store can't
// be written everything stays here and is tried again every now and then.
class RunKeeper : public QObject {
    Q_OBJECT
public:
    // run: one that is there already and goes on; 0: a new one is made.
    RunKeeper(std::filesystem::path store, RunInfo info, std::int64_t run,
              QObject* parent = nullptr);
    // Writes what is left, if that can be done within a moment.
    ~RunKeeper() override;

    // Writes what there is of a question; done: the questions that were asked so far.
    using Write = std::function<void(RunStore& store, std::int64_t run, int done)>;
    // In place of what still waits to be written of that question.
    void keep(int question, Write write, int done);
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
        Write write;
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

// One that still has something to write outlives what it keeps. May be null.
void letGo(RunKeeper* keeper);

}  // namespace lvr
