#pragma once

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "widgets/runs/curve_view.h"

namespace lvr {

// The runs whose curves are shown: their data, and the colour that each has for life.
class PlottedRuns {
public:
    // In place of those before; returned with colour and curves. Runs that stay keep their data;
    // those that leave are forgotten by forgetOthers(), once nobody draws them any more.
    std::vector<PlottedRun> choose(std::vector<PlottedRun> runs);
    void forgetOthers();
    void clearData();  // another store: all comes again

    // Data of a chosen run waits to be taken piece by piece; of another it is dropped.
    void enqueue(std::int64_t run, const std::vector<MetricColumn>& columns);
    bool takeNext();  // false: nothing waits

    const std::map<std::int64_t, int>& colours() const { return colours_; }

private:
    std::map<std::int64_t, RunCurves> curves_;
    std::map<std::int64_t, int> colours_;  // of the chosen
    std::deque<std::pair<std::int64_t, std::vector<MetricColumn>>> waiting_;
};

}  // namespace lvr
