#include "app/runs/scene_maker.h"

#include <QProcess>
#include <QRegularExpression>

#include "app/runs/training_processes.h"

namespace lvr {
namespace {

constexpr int kScenes = 4800;  // for a few hundred steps; 40 MB
constexpr int kSeed = 1;

}  // namespace

SceneMaker::SceneMaker(const QString& program, QObject* parent)
    : QObject(parent), program_(program) {}

// What is on its way ends by itself, after the window has gone on.
SceneMaker::~SceneMaker() {
    if (!process_) return;
    process_->disconnect(this);
    process_->setParent(nullptr);
    connect(process_, &QProcess::finished, process_, &QObject::deleteLater);
    process_->terminate();
}

void SceneMaker::start(const QString& folder) {
    stops_ = false;
    process_ = new QProcess(this);
    process_->setStandardInputFile(QProcess::nullDevice());
    connect(process_, &QProcess::readyReadStandardOutput, this, &SceneMaker::readProgress);
    connect(process_, &QProcess::finished, this,
            [this, folder](int exitCode) { report(folder, exitCode); });
    connect(process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error != QProcess::FailedToStart) return;  // how it ends is told by finished()
        process_->deleteLater();
        process_ = nullptr;
        Q_EMIT failed(tr("Can't start %1; check that it is there and may be run.").arg(program_));
    });
    process_->start(program_, {"make-data", "scenes", "--out", folder, "--count",
                               QString::number(kScenes), "--seed", QString::number(kSeed)});
}

void SceneMaker::stop() {
    stops_ = true;
    if (process_) process_->terminate();
}

void SceneMaker::readProgress() {
    static const QRegularExpression kRecords("records (\\d+)/(\\d+)");
    auto all = kRecords.globalMatch(QString::fromUtf8(process_->readAllStandardOutput()));
    int percent = -1;
    while (all.hasNext()) {
        const auto match = all.next();
        percent = 100 * match.captured(1).toInt() / std::max(match.captured(2).toInt(), 1);
    }
    if (percent >= 0) Q_EMIT progressed(percent);
}

void SceneMaker::report(const QString& folder, int exitCode) {
    const bool good = process_->exitStatus() == QProcess::NormalExit && exitCode == 0;
    const auto said = QString::fromUtf8(process_->readAllStandardError());
    process_->deleteLater();
    process_ = nullptr;
    if (good) return Q_EMIT made(folder);
    if (stops_) return Q_EMIT stopped();
    const auto error = errorIn(said);
    Q_EMIT failed(!error.isEmpty()
                      ? error
                      : tr("Drawing scenes into %1 ended early; try again.").arg(folder));
}

}  // namespace lvr
