#pragma once

#include <QString>
#include <string>
#include <vector>

#include "core/values/causal_report.h"

namespace lvr {

// A point of a plot: x, and what was measured there on so many questions.
struct EffectPoint {
    double x = 0;
    Estimate y;
    int count = 0;
};
struct EffectSeries {
    std::string name;
    std::vector<EffectPoint> points;
};

// What follows from an intervention's numbers, in a few words. Holm's p over the panel decides at
// 5 %; where nothing is found it says what would have been.
QString sayingOf(const InterventionSummary& summary);

}  // namespace lvr
