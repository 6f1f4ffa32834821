#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/values/intervention.h"

namespace lvr {

// A mean with its 95 % interval.
struct MeanEffect {
    int count = 0;
    double mean = 0, low = 0, high = 0;
    bool operator==(const MeanEffect&) const = default;
};

// What an intervention makes of a set of questions.
struct InterventionEffect {
    Intervention intervention;
    int count = 0;       // N: questions that were thought about and on which it could be done
    int impossible = 0;  // on which it could not
    int flips = 0;
    // Of those whose right answer is known.
    int judged = 0, rightBefore = 0, rightAfter = 0, lost = 0, gained = 0;
    MeanEffect change;                         // of log p(its own answer)
    std::optional<MeanEffect> donor, control;  // margin shift to the donor's and a random answer
    double p = 1, holm = 1;            // exact McNemar of right before and after; over the panel
    std::optional<double> detectable;  // difference of shares seen with 80 % by as many questions
    std::string verdict;               // one sentence
};

// A point of a plot: x, and what was measured there.
struct EffectPoint {
    double x = 0;
    MeanEffect y;
};
struct EffectSeries {
    std::string name;
    std::vector<EffectPoint> points;
};

}  // namespace lvr
