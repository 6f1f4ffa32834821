#pragma once

#include <QObject>
#include <QString>
#include <QTimer>
#include <map>

#include "app/runs/new_run.h"
#include "core/values/run.h"
#include "widgets/job.h"

namespace lvr {

// What an `lvr` command says before it ends with an error: its last line that begins with "lvr: ",
// without that. Empty: it said nothing of the kind.
QString errorIn(const QString& output);

// Whether the process of the run, as far as it is known, is on this machine and still there: asked
// of the machine at this moment, whatever the store said last.
bool isRunningHere(const Run& run);

// Starts trainings as processes of their own, which the window's end does not touch: what they do
// is read from the store, and whoever sees a run there can stop it, whoever started it. Every
// member is called on the GUI thread and returns at once; every signal comes on the GUI thread.
class TrainingProcesses : public QObject {
    Q_OBJECT
public:
    // program: the lvr command. store: the file the runs write themselves to.
    TrainingProcesses(const QString& program, const QString& store, QObject* parent = nullptr);

    void start(const NewRun& run);
    void resume(const Run& run);
    // Reads along with a training of another program, as a process of its own, too.
    void follow(const QString& folder);
    void stop(const Run& run);  // it saves a checkpoint and ends
    void pause(const Run& run);
    void unpause(const Run& run);
    void kill(const Run& run);
    void readOutput(const Run& run);  // the last that its process printed; outputRead() follows

Q_SIGNALS:
    void started(const QString& out);
    void ended(const QString& out);  // however; the store says more
    // It could not start, or ended with an error; `output`: the last it printed.
    void failed(const QString& sentence, const QString& output);
    void outputRead(std::int64_t run, const QString& output);  // empty: there is none

private:
    enum class Log { New, GoesOn };
    void launch(const QStringList& arguments, const QString& out, Log log);
    bool signalTo(const Run& run, int signal);
    void look();
    void report(const QString& out, qint64 logBegin);
    QString logOf(const QString& out) const;

    struct Child {
        qint64 pid = 0, startTime = 0;
        qint64 logBegin = 0;  // where in its log this process began to print
    };
    QString program_, store_;
    std::map<QString, Child> children_;  // by output folder; started here and not over yet
    QTimer timer_;
    Job jobs_;
};

}  // namespace lvr
