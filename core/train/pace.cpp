#include "core/train/pace.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

namespace lvr {
namespace {

constexpr std::size_t kRemembered = 100;  // steps
constexpr double kHeldUp = 10;            // times the median: no step takes so long by itself
constexpr double kForwardShare = 0.4;     // of a step of SFT, see `lvr bench train`

}  // namespace

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

Pace::Pace(int measureEvery, double measureSamples, std::function<double()> now)
    : measureEvery_(measureEvery), measureSamples_(measureSamples), now_(std::move(now)) {}

double Pace::steadySeconds() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

void Pace::beginStep() { begun_ = now_(); }

void Pace::endStep(double samples) {
    newest_.push_back({now_() - begun_, samples});
    if (newest_.size() > kRemembered) newest_.pop_front();
}

void Pace::beginMeasurement() { begun_ = now_(); }

void Pace::endMeasurement() {
    ++measured_;
    measureSeconds_ += now_() - begun_;
}

Pace::Timed Pace::usual() const {
    std::vector<double> seconds;
    for (const auto& step : newest_) seconds.push_back(step.seconds);
    if (seconds.empty()) return {};
    const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
    std::nth_element(seconds.begin(), middle, seconds.end());
    Timed sum;
    int counted = 0;
    for (const auto& step : newest_) {
        if (step.seconds > kHeldUp * *middle) continue;
        sum.seconds += step.seconds;
        sum.samples += step.samples;
        ++counted;
    }
    return {sum.seconds / counted, sum.samples / counted};
}

double Pace::samplesPerSecond() const {
    const auto step = usual();
    return step.seconds > 0 ? step.samples / step.seconds : 0;
}

double Pace::secondsLeft(int step, int steps) const {
    double left = usual().seconds * (steps - step);
    if (measureEvery_ == 0 || step >= steps) return left;
    const int toCome = steps / measureEvery_ - step / measureEvery_ + (steps % measureEvery_ != 0);
    const double speed = samplesPerSecond();
    const double guess = speed > 0 ? kForwardShare * measureSamples_ / speed : 0;
    return left + toCome * (measured_ > 0 ? measureSeconds_ / measured_ : guess);
}

}  // namespace lvr
