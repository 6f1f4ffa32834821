#include "core/train/step_pace.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace lvr {

std::string StepPace::alertOf(double seconds, const Longest& longest) {
    constexpr std::size_t kRemembered = 50, kEnough = 5;  // steps
    constexpr double kMuchLonger = 10, kShort = 1;        // times the median; seconds
    std::string alert;
    if (before_.size() >= kEnough && seconds > kShort) {
        std::vector<double> sorted(before_.begin(), before_.end());
        const auto middle = sorted.begin() + std::ssize(sorted) / 2;
        std::nth_element(sorted.begin(), middle, sorted.end());
        char text[128];
        std::snprintf(text, sizeof text,
                      "the step took %.3g s, others %.2g s; its longest record is ", seconds,
                      *middle);
        if (seconds > kMuchLonger * *middle)
            alert = text + longest.record + " with " + std::to_string(longest.positions) +
                    " positions, and --max-length leaves such out";
    }
    before_.push_back(seconds);
    if (before_.size() > kRemembered) before_.pop_front();
    return alert;
}

StepPace::Longest longestOverRanks(const Ranks& ranks, const StepPace::Longest& mine) {
    if (ranks.count() == 1) return mine;
    StepPace::Longest longest;
    for (const auto& told : ranks.gather(std::to_string(mine.positions) + " " + mine.record)) {
        const auto space = told.find(' ');
        const int positions = std::stoi(told.substr(0, space));
        if (positions > longest.positions) longest = {told.substr(space + 1), positions};
    }
    return longest;
}

}  // namespace lvr
