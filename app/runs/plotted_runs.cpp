#include "app/runs/plotted_runs.h"

#include <algorithm>

#include "widgets/runs/run_colours.h"

namespace lvr {

std::vector<PlottedRun> PlottedRuns::choose(std::vector<PlottedRun> runs) {
    colours_.clear();
    for (auto& run : runs) {
        run.colour = colours_[run.id] = colourSlotOf(run.id);
        run.curves = &curves_[run.id];
    }
    return runs;
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
