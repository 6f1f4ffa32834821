#include "app/runs/training_processes.h"

#include <signal.h>

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QStringList>
#include <cerrno>
#include <cstring>

#include "core/store/process.h"

namespace lvr {
namespace {

constexpr int kLookMs = 250;
constexpr qint64 kTail = 8000;  // bytes of a log that are shown

// As a run's folder is called in the store.
QString absolute(const QString& folder) {
    return QDir::cleanPath(QFileInfo(folder).absoluteFilePath());
}

QString tailOf(const QString& file, qint64 begin = 0) {
    QFile log(file);
    if (!log.open(QIODevice::ReadOnly)) return {};
    log.seek(std::max(begin, log.size() - kTail));
    return QString::fromUtf8(log.readAll()).trimmed();
}

// What was printed so far stays. Returns where what comes begins.
qint64 continueLog(const QString& file) {
    QFile log(file);
    if (!log.open(QIODevice::Append)) return 0;
    if (log.size() > 0)
        log.write(TrainingProcesses::tr("\n--- resumed %1 ---\n")
                      .arg(QDateTime::currentDateTime().toString("yyyy-MM-dd HH:mm:ss"))
                      .toUtf8());
    return log.size();
}

bool sawItsRun(const QString& output) {
    for (const auto& line : output.split('\n'))
        if (line.startsWith("run ") || line.startsWith("step ") || line.startsWith("saved "))
            return true;
    return false;
}

}  // namespace

QString errorIn(const QString& output) {
    const auto lines = output.split('\n');
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        if (line->startsWith("lvr: ")) return line->mid(5).trimmed();
    return {};
}

bool isRunningHere(const Run& run) {
    return isAlive(run.status) && run.host == hostName() && run.pid > 1 && run.pidStarted != 0 &&
           processStart(run.pid) == run.pidStarted;
}

TrainingProcesses::TrainingProcesses(const QString& program, const QString& store, QObject* parent)
    : QObject(parent), program_(program), store_(store) {
    timer_.setInterval(kLookMs);
    connect(&timer_, &QTimer::timeout, this, &TrainingProcesses::look);
}

// Beside the store, found again by the folder the run writes to.
QString TrainingProcesses::logOf(const QString& out) const {
    const auto folder = absolute(out);
    const auto hash = QCryptographicHash::hash(folder.toUtf8(), QCryptographicHash::Sha1).toHex();
    return QString("%1/logs/%2-%3.log")
        .arg(QFileInfo(store_).path(), QFileInfo(folder).fileName(), QString(hash.left(8)));
}

void TrainingProcesses::start(const NewRun& run) {
    launch(argumentsOf(run, store_), run.out, Log::New);
}

void TrainingProcesses::follow(const QString& folder) {
    launch({"runs", "follow", folder, "--store", store_}, folder, Log::GoesOn);
}

void TrainingProcesses::resume(const Run& run) {
    if (run.info.kind == kFollowKind) return follow(QString::fromStdString(run.info.out));
    launch({QString::fromStdString(run.info.kind), "--resume", QString::number(run.id), "--store",
            store_},
           QString::fromStdString(run.info.out), Log::GoesOn);
}

void TrainingProcesses::launch(const QStringList& arguments, const QString& out, Log which) {
    const bool goesOn = which == Log::GoesOn;
    const auto work = [program = program_, arguments, goesOn, log = logOf(out)]() -> Child {
        QDir().mkpath(QFileInfo(log).path());
        Child child{.logBegin = goesOn ? continueLog(log) : 0};
        QProcess process;
        process.setProgram(program);
        process.setArguments(arguments);
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.setStandardInputFile(QProcess::nullDevice());
        process.setStandardOutputFile(log, goesOn ? QIODevice::Append : QIODevice::Truncate);
        if (!process.startDetached(&child.pid)) return {};
        child.startTime = processStart(child.pid);
        return child;
    };
    const auto begun = [this, out](const Child& child) {
        if (child.pid == 0) {
            Q_EMIT failed(
                tr("Can't start %1; check that it is there and may be run.").arg(program_), {});
            return;
        }
        children_[out] = child;
        timer_.start();
        Q_EMIT started(out);
    };
    jobs_.add(work, begun, [this](const QString& sentence) { Q_EMIT failed(sentence, {}); });
}

void TrainingProcesses::look() {
    for (auto child = children_.begin(); child != children_.end();) {
        const auto& [pid, startTime, logBegin] = child->second;
        if (startTime != 0 && processStart(pid) == startTime) {
            ++child;
            continue;
        }
        report(child->first, logBegin);
        child = children_.erase(child);
    }
    if (children_.empty()) timer_.stop();
}

void TrainingProcesses::report(const QString& out, qint64 logBegin) {
    jobs_.add([log = logOf(out), logBegin] { return tailOf(log, logBegin); },
              [this, out](const QString& output) {
                  if (const auto sentence = errorIn(output); !sentence.isEmpty())
                      Q_EMIT failed(sentence, output);
                  else if (!sawItsRun(output))
                      Q_EMIT failed(tr("The training for %1 ended before it began.").arg(out),
                                    output);
                  Q_EMIT ended(out);
              },
              [this](const QString& sentence) { Q_EMIT failed(sentence, {}); });
}

// One that is paused hears it once it goes on.
void TrainingProcesses::stop(const Run& run) {
    if (signalTo(run, SIGTERM)) signalTo(run, SIGCONT);
}
void TrainingProcesses::kill(const Run& run) { signalTo(run, SIGKILL); }
void TrainingProcesses::pause(const Run& run) { signalTo(run, SIGSTOP); }
void TrainingProcesses::unpause(const Run& run) { signalTo(run, SIGCONT); }

bool TrainingProcesses::signalTo(const Run& run, int signal) {
    if (!isAlive(run.status)) return false;
    if (run.host != hostName()) {
        Q_EMIT failed(tr("Run %1 runs on %2; stop or pause it there.")
                          .arg(run.id)
                          .arg(QString::fromStdString(run.host)),
                      {});
        return false;
    }
    if (!isRunningHere(run)) {
        Q_EMIT failed(tr("Run %1 is not running any more: its process is gone.").arg(run.id), {});
        return false;
    }
    if (::kill(static_cast<pid_t>(run.pid), signal) == 0 || errno == ESRCH) return true;
    Q_EMIT failed(
        tr("Can't reach the process of run %1: %2.").arg(run.id).arg(QString(std::strerror(errno))),
        {});
    return false;
}

void TrainingProcesses::readOutput(const Run& run) {
    jobs_.add([log = logOf(QString::fromStdString(run.info.out))] { return tailOf(log); },
              [this, id = run.id](const QString& output) { Q_EMIT outputRead(id, output); },
              [this](const QString& sentence) { Q_EMIT failed(sentence, {}); });
}

}  // namespace lvr
