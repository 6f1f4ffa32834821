#pragma once

#include <QObject>
#include <QString>
#include <memory>

#include "app/runs/new_run.h"

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
};

}  // namespace lvr
