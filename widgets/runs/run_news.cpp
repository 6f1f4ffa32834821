#include "widgets/runs/run_news.h"

#include <QObject>
#include <QRegularExpression>
#include <algorithm>
#include <map>

namespace lvr {
namespace {

QString withoutNumbers(const std::string& message) {
    static const QRegularExpression number("[-+]?\\d+([.,]\\d+)*(e[-+]?\\d+)?");
    return QString::fromStdString(message).replace(number, "#");
}

const RunSummary* findIn(const std::vector<RunSummary>& runs, std::int64_t id) {
    const auto found = std::find_if(runs.begin(), runs.end(),
                                    [id](const RunSummary& run) { return run.run.id == id; });
    return found == runs.end() ? nullptr : &*found;
}

// It ended badly, or waits for somebody.
QString troubleOf(const Run& run) {
    const auto why = QString::fromStdString(run.message);
    if (run.status == RunStatus::Failed)
        return QObject::tr("Run %1 failed: %2").arg(run.id).arg(why);
    if (run.status == RunStatus::Lost)
        return QObject::tr("Run %1 was lost: %2").arg(run.id).arg(why);
    if (run.status == RunStatus::Paused && !why.isEmpty())
        return QObject::tr("Run %1 waits: %2").arg(run.id).arg(why);
    return {};
}

void addTrouble(const Run& before, const Run& now, std::vector<RunNews>& news) {
    if (before.status == now.status && before.message == now.message) return;
    if (const auto trouble = troubleOf(now); !trouble.isEmpty() && trouble != troubleOf(before))
        news.push_back({.sentence = trouble, .needsAHand = true});
}

void addAlerts(std::size_t told, const RunSummary& now, std::vector<RunNews>& news) {
    if (now.alerts.size() <= told) return;
    const auto folded = foldAlerts(now.alerts).front();
    const auto sentence = QObject::tr("Run %1, step %2: %3")
                              .arg(now.run.id)
                              .arg(folded.newest.step)
                              .arg(alertText(folded));
    news.push_back({.sentence = sentence, .isNewKind = folded.count == 1});
}

}  // namespace

std::vector<FoldedAlert> foldAlerts(const std::vector<Alert>& alerts) {
    std::vector<FoldedAlert> folded;
    std::map<QString, std::size_t> places;
    for (auto alert = alerts.rbegin(); alert != alerts.rend(); ++alert) {
        const auto [place, isNew] =
            places.try_emplace(withoutNumbers(alert->message), folded.size());
        if (isNew)
            folded.push_back({*alert, 1, alert->step});
        else
            ++folded[place->second].count, folded[place->second].firstStep = alert->step;
    }
    return folded;
}

QString alertText(const FoldedAlert& alert) {
    const auto message = QString::fromStdString(alert.newest.message);
    if (alert.count == 1) return message;
    return QObject::tr("%1 (%2 times since step %3)")
        .arg(message)
        .arg(alert.count)
        .arg(alert.firstStep);
}

std::vector<RunNews> newsOf(const std::vector<RunSummary>& before,
                            const std::vector<RunSummary>& now) {
    std::vector<RunNews> news;
    for (const auto& run : now) {
        const auto* known = findIn(before, run.run.id);
        if (known) addTrouble(known->run, run.run, news);
        addAlerts(known ? known->alerts.size() : 0, run, news);
    }
    return news;
}

}  // namespace lvr
