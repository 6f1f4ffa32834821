#include "widgets/runs/run_text.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <cmath>

namespace lvr {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("lvr::Run", text); }

}  // namespace

QString statusText(RunStatus status) {
    switch (status) {
        case RunStatus::Running:
            return tr("Running");
        case RunStatus::Paused:
            return tr("Paused");
        case RunStatus::Finished:
            return tr("Finished");
        case RunStatus::Stopped:
            return tr("Stopped");
        case RunStatus::Failed:
            return tr("Failed");
        case RunStatus::Lost:
            return tr("Lost");
    }
    return {};
}

QString durationText(double seconds) {
    const auto whole = static_cast<qint64>(std::llround(std::max(0.0, seconds)));
    const auto two = [](qint64 number) { return QString("%1").arg(number, 2, 10, QChar('0')); };
    if (whole < 60) return tr("%1 s").arg(whole);
    if (whole < 3600) return tr("%1 min %2 s").arg(whole / 60).arg(two(whole % 60));
    if (whole < 86400) return tr("%1 h %2 min").arg(whole / 3600).arg(two(whole / 60 % 60));
    return tr("%1 d %2 h").arg(whole / 86400).arg(whole / 3600 % 24);
}

QString startedText(double secondsSince1970, double now) {
    const auto at = [](double seconds) {
        return QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(seconds * 1000));
    };
    const auto time = at(secondsSince1970);
    return time.date() == at(now).date() ? time.toString("HH:mm:ss")
                                         : time.toString("yyyy-MM-dd HH:mm");
}

QString shortNumber(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
    return QString::number(value, 'g', 4);
}

const std::pair<const std::string, double>* headline(const RunSummary& run) {
    for (const auto* name : {"reward/mean", "loss/total"})
        if (const auto found = run.newest.find(name); found != run.newest.end()) return &*found;
    for (const auto& metric : run.newest)
        if (metric.first.starts_with("reward/") || metric.first.starts_with("loss/"))
            return &metric;
    return nullptr;
}

double secondsLeft(const Run& before, const Run& now) {
    const int steps = now.step - before.step;
    const double seconds = now.heartbeat - before.heartbeat;
    if (steps <= 0 || seconds <= 0) return -1;
    return std::max(0, now.info.steps - now.step) * seconds / steps;
}

}  // namespace lvr
