#include "app/train/plotted_runs.h"

#include <algorithm>

namespace lvr {

std::vector<PlottedRun> PlottedRuns::choose(
    const std::vector<std::pair<std::int64_t, QString>>& runs) {
    std::set<std::int64_t> chosen;
    for (const auto& [id, name] : runs) chosen.insert(id);
    std::erase_if(colours_, [&](const auto& entry) { return !chosen.contains(entry.first); });
    std::set<int> taken;
    for (const auto& [id, colour] : colours_) taken.insert(colour);
    std::vector<PlottedRun> plotted;
    for (const auto& [id, name] : runs) {
        if (!colours_.contains(id)) {
            int colour = 0;
            while (taken.contains(colour)) ++colour;
            taken.insert(colour);
            colours_[id] = colour;
        }
        plotted.push_back({id, name, colours_[id], &curves_[id]});
    }
    return plotted;
}

void PlottedRuns::forgetOthers() {
    std::erase_if(curves_, [&](const auto& entry) { return !colours_.contains(entry.first); });
}

void PlottedRuns::clearData() {
    waiting_.clear();
    for (auto& [id, curves] : curves_) curves = {};
}

void PlottedRuns::enqueue(std::int64_t run, const std::vector<MetricColumn>& columns) {
    if (colours_.contains(run)) waiting_.emplace_back(run, columns);
}

bool PlottedRuns::takeNext() {
    if (waiting_.empty()) return false;
    const auto& [run, columns] = waiting_.front();
    if (const auto found = curves_.find(run); found != curves_.end()) found->second.append(columns);
    waiting_.pop_front();
    return true;
}

}  // namespace lvr
