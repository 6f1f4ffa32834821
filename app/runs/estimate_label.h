#pragma once

#include <QLabel>
#include <QObject>
#include <QString>
#include <QTimer>
#include <cstdint>
#include <map>
#include <memory>

#include "app/runs/new_run.h"
#include "core/values/run.h"
#include "widgets/job.h"

class QProcess;
class QTemporaryDir;

namespace lvr {

// Times a few steps of a training before it is started: the program itself, told what it would be
// told, on a folder and a store of its own that are removed afterwards.
class TimedSteps : public QObject {
    Q_OBJECT
public:
    explicit TimedSteps(const QString& program, QObject* parent = nullptr);
    ~TimedSteps() override;  // ends what runs

    // What the time of a step depends on, as text: the same text, the same time.
    static QString keyOf(const NewRun& run);
    // Nothing outside is asked by it, such as a program that rewards.
    static bool mayTime(const NewRun& run);

    void time(const NewRun& run);  // in place of the one before; timed() follows
    void stop();
    bool isRunning() const { return process_ != nullptr; }

Q_SIGNALS:
    void timed(const QString& key, double secondsPerStep);  // 0: it could not be found out

private:
    void readResult(const QString& key);

    QString program_;
    std::shared_ptr<QTemporaryDir> scratch_;  // also of whoever reads it
    QProcess* process_ = nullptr;             // while it runs
    Job reads_;
};

// What a run will take, as far as its model is there to be looked at; empty otherwise. Where no
// earlier run tells how long, a few steps of a small model are run to find out.
class EstimateLabel : public QLabel {
    Q_OBJECT
public:
    // program: the lvr command.
    explicit EstimateLabel(const QString& program, QWidget* parent = nullptr);
    ~EstimateLabel() override;                          // waits for nothing
    void setEarlierRuns(std::vector<RunSummary> runs);  // that tell how fast this machine is
    void showFor(const NewRun& run);                    // soon; the newest one

Q_SIGNALS:
    void modelSized(std::int64_t parameters);  // of the model that was asked about last

private:
    struct Seen;  // of a run's files
    void look();
    void take(const Seen& seen);
    void show(const Seen& seen, double secondsPerStep);
    using QLabel::show;
    void showNothing();
    void timeSteps();

    std::vector<RunSummary> earlier_;
    TimedSteps* timed_;
    std::map<QString, double> times_;   // of a step, by what it depends on
    std::shared_ptr<const Seen> seen_;  // of the newest run
    NewRun run_;
    QString timing_;   // what is timed, or was last
    QString counted_;  // the data whose records were counted last
    double records_ = 0;
    QTimer soon_, timeSoon_;
    Job* looks_;  // reading much data can't be stopped
};

}  // namespace lvr
