#include "core/runs_io/logged_scalars.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace lvr {
namespace {

void continueWith(LoggedScalars later, LoggedScalars& run) {
    if (later.sessionStart) run.beginAgain(*later.sessionStart);
    std::map<std::string, int> begins;
    for (const auto& metric : later.metrics) {
        auto& first = begins.try_emplace(metric.name, metric.step).first->second;
        first = std::min(first, metric.step);
    }
    std::erase_if(run.metrics, [&](const Metric& metric) {
        const auto from = begins.find(metric.name);
        return from != begins.end() && metric.step >= from->second;
    });
    run.metrics.insert(run.metrics.end(), later.metrics.begin(), later.metrics.end());
    run.notices.insert(run.notices.end(), later.notices.begin(), later.notices.end());
    run.ended = std::max(run.ended, later.ended);
}

}  // namespace

void LoggedScalars::beginAgain(std::int64_t step) {
    std::erase_if(metrics, [&](const Metric& metric) { return metric.step >= step; });
    sessionStart = std::min(step, sessionStart.value_or(step));
}

LoggedScalars joined(std::vector<LoggedScalars> logs) {
    std::ranges::stable_sort(logs, {}, &LoggedScalars::started);
    auto run = std::move(logs.front());
    for (std::size_t i = 1; i < logs.size(); ++i) {
        if (run.started == 0) run.started = logs[i].started;
        continueWith(std::move(logs[i]), run);
    }
    return run;
}

void sortAndKeepLast(std::vector<Metric>& metrics) {
    const auto place = [](const Metric& m) { return std::tie(m.step, m.name); };
    std::stable_sort(metrics.begin(), metrics.end(),
                     [&](const Metric& a, const Metric& b) { return place(a) < place(b); });
    const auto newest =
        std::unique(metrics.rbegin(), metrics.rend(),
                    [&](const Metric& a, const Metric& b) { return place(a) == place(b); });
    metrics.erase(metrics.begin(), newest.base());
}

}  // namespace lvr
