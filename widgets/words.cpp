#include "widgets/words.h"

#include <QDateTime>
#include <QObject>
#include <cmath>

namespace lvr {

QString runTitle(const Run& run) {
    if (!run.name.empty()) return QString::fromStdString(run.name);
    return QStringLiteral("%1 %2").arg(run.id).arg(QString::fromStdString(run.info.kind));
}

QString statusText(RunStatus status) {
    switch (status) {
        case RunStatus::Running:
            return QObject::tr("Running");
        case RunStatus::Paused:
            return QObject::tr("Paused");
        case RunStatus::Finished:
            return QObject::tr("Finished");
        case RunStatus::Stopped:
            return QObject::tr("Stopped");
        case RunStatus::Failed:
            return QObject::tr("Failed");
        case RunStatus::Lost:
            return QObject::tr("Lost");
    }
    return {};
}

QString durationText(double seconds) {
    const auto whole = static_cast<qint64>(std::llround(std::max(0.0, seconds)));
    const auto two = [](qint64 number) { return QString("%1").arg(number, 2, 10, QChar('0')); };
    if (whole < 60) return QObject::tr("%1 s").arg(whole);
    if (whole < 3600) return QObject::tr("%1 min %2 s").arg(whole / 60).arg(two(whole % 60));
    if (whole < 86400)
        return QObject::tr("%1 h %2 min").arg(whole / 3600).arg(two(whole / 60 % 60));
    return QObject::tr("%1 d %2 h").arg(whole / 86400).arg(whole / 3600 % 24);
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

QString millisecondsText(double ms) {
    return ms < 10000 ? QObject::tr("%1 ms").arg(ms, 0, 'f', ms < 10 ? 1 : 0)
                      : QObject::tr("%1 s").arg(ms / 1000, 0, 'f', 1);
}

}  // namespace lvr
