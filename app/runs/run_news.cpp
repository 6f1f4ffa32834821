#include "app/runs/run_news.h"

#include <QCoreApplication>
#include <algorithm>

#include "widgets/runs/alert_text.h"

namespace lvr {
namespace {

const RunSummary* findIn(const std::vector<RunSummary>& runs, std::int64_t id) {
    const auto found = std::find_if(runs.begin(), runs.end(),
                                    [id](const RunSummary& run) { return run.run.id == id; });
    return found == runs.end() ? nullptr : &*found;
}

QString inRun(const char* text) { return QCoreApplication::translate("lvr::RunNews", text); }

// It ended badly, or waits for somebody.
QString troubleOf(const Run& run) {
    const auto why = QString::fromStdString(run.message);
    if (run.status == RunStatus::Failed) return inRun("Run %1 failed: %2").arg(run.id).arg(why);
    if (run.status == RunStatus::Lost) return inRun("Run %1 was lost: %2").arg(run.id).arg(why);
    if (run.status == RunStatus::Paused && !why.isEmpty())
        return inRun("Run %1 waits: %2").arg(run.id).arg(why);
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
    const auto sentence =
        inRun("Run %1, step %2: %3").arg(now.run.id).arg(folded.newest.step).arg(alertText(folded));
    news.push_back({.sentence = sentence, .isNewKind = folded.count == 1});
}

}  // namespace

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
