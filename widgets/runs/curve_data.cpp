#include "widgets/runs/curve_data.h"

#include <QByteArray>
#include <algorithm>
#include <cmath>
#include <optional>

namespace lvr {
namespace {

const Curve* metricOf(const RunCurves& run, CurveAxis axis) {
    return run.find(axis == CurveAxis::Time ? "time/elapsed" : "tokens/seen");
}

// A curve's mean between two places, or what the line between its points is there; nothing beyond
// its ends.
std::optional<double> valueOver(const std::vector<double>& xs, const std::vector<double>& ys,
                                double from, double to) {
    constexpr std::size_t kMost = 16;  // of a dense curve a few points tell the mean
    const auto begin = static_cast<std::size_t>(std::ranges::lower_bound(xs, from) - xs.begin());
    const auto end = static_cast<std::size_t>(std::ranges::lower_bound(xs, to) - xs.begin());
    if (begin == end) {
        if (begin == 0 || begin == xs.size()) return std::nullopt;
        const double share = ((from + to) / 2 - xs[begin - 1]) / (xs[begin] - xs[begin - 1]);
        const double value = ys[begin - 1] + share * (ys[begin] - ys[begin - 1]);
        return std::isfinite(value) ? std::optional(value) : std::nullopt;
    }
    double sum = 0;
    int count = 0;
    for (auto i = begin; i < end; i += (end - begin) / kMost + 1)
        if (std::isfinite(ys[i])) sum += ys[i], ++count;
    return count > 0 ? std::optional(sum / count) : std::nullopt;
}

}  // namespace

void Extremes::include(double value) {
    if (!std::isfinite(value)) return;
    min = std::min(min, value);
    max = std::max(max, value);
    if (value > 0) leastPositive = std::min(leastPositive, value);
}

void Extremes::include(const Extremes& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    leastPositive = std::min(leastPositive, other.leastPositive);
}

void MinMaxPyramid::append(double value) {
    if (!std::isfinite(value)) nonFinite_.push_back(size());
    values_.push_back(value);
    std::size_t below = size();  // entries of the level below
    for (std::size_t level = 0; below % kFan == 0; ++level) {
        if (level == levels_.size()) levels_.emplace_back();
        levels_[level].push_back(ofBlock(level, levels_[level].size()));
        below = levels_[level].size();
    }
}

// From the level below.
Extremes MinMaxPyramid::ofBlock(std::size_t level, std::size_t block) const {
    Extremes found;
    for (auto i = block * kFan; i < (block + 1) * kFan; ++i)
        if (level == 0)
            found.include(values_[i]);
        else
            found.include(levels_[level - 1][i]);
    return found;
}

void MinMaxPyramid::truncate(std::size_t newSize) {
    if (newSize >= size()) return;
    values_.resize(newSize);
    nonFinite_.erase(std::lower_bound(nonFinite_.begin(), nonFinite_.end(), newSize),
                     nonFinite_.end());
    for (auto& level : levels_) level.resize(newSize /= kFan);
}

Extremes MinMaxPyramid::over(std::size_t begin, std::size_t end) const {
    Extremes found;
    end = std::min(end, size());
    // Up the levels: single entries at both ends until what is between is whole blocks.
    for (std::size_t level = 0; begin < end; ++level) {
        const auto take = [&](std::size_t i) {
            if (level == 0)
                found.include(values_[i]);
            else
                found.include(levels_[level - 1][i]);
        };
        const bool isTop = level == levels_.size();
        while (begin < end && (isTop || begin % kFan != 0)) take(begin++);
        while (begin < end && end % kFan != 0) take(--end);
        begin /= kFan;
        end /= kFan;
    }
    return found;
}

std::vector<std::size_t> MinMaxPyramid::nonFinite(std::size_t begin, std::size_t end) const {
    return {std::lower_bound(nonFinite_.begin(), nonFinite_.end(), begin),
            std::lower_bound(nonFinite_.begin(), nonFinite_.end(), end)};
}

const MinMaxPyramid& Smoothing::of(const std::vector<double>& values, double weight) {
    if (weight != weight_ || values.size() < smoothed_.size()) forget();
    weight_ = weight;
    for (std::size_t i = smoothed_.size(); i < values.size(); ++i) {
        const double value = values[i];
        if (!std::isfinite(value)) {
            smoothed_.append(value);
            continue;
        }
        mean_ = weight * mean_ + (1 - weight) * value;
        bias_ *= weight;
        smoothed_.append(bias_ < 1 ? mean_ / (1 - bias_) : value);
    }
    return smoothed_;
}

void Smoothing::forget() {
    smoothed_ = {};
    mean_ = 0;
    bias_ = 1;
}

void Curve::append(int step, double value) {
    if (!steps_.empty() && step <= steps_.back()) truncateFrom(step);
    steps_.push_back(step);
    values_.append(value);
}

void Curve::truncateFrom(int step) {
    const auto kept = std::lower_bound(steps_.begin(), steps_.end(), step);
    if (kept == steps_.end()) return;
    steps_.erase(kept, steps_.end());
    values_.truncate(steps_.size());
    smoothing_.forget();
}

const MinMaxPyramid& Curve::smoothed(double weight) const {
    return weight <= 0 ? values_ : smoothing_.of(values_.values(), weight);
}

std::size_t nearestIndex(const std::vector<double>& xs, double x) {
    const auto above = std::lower_bound(xs.begin(), xs.end(), x);
    const auto at = static_cast<std::size_t>(above - xs.begin());
    if (at == xs.size()) return at - 1;
    return at > 0 && x - xs[at - 1] < xs[at] - x ? at - 1 : at;
}

void RunCurves::append(const std::vector<MetricColumn>& columns) {
    for (const auto& column : columns) {
        if (column.steps.empty()) continue;
        // Metrics of the newest step may come in parts; an older one was done again.
        if (column.steps.front() < newest_) truncateFrom(column.steps.front());
    }
    for (const auto& column : columns) {
        auto& curve = curves_[column.name];
        for (std::size_t i = 0; i < column.steps.size(); ++i)
            curve.append(column.steps[i], column.values[i]);
        if (!column.steps.empty()) newest_ = std::max(newest_, column.steps.back());
    }
}

void RunCurves::truncateFrom(int step) {
    for (auto& [name, curve] : curves_) curve.truncateFrom(step);
    newest_ = step - 1;
}

const Curve* RunCurves::find(const std::string& metric) const {
    const auto found = curves_.find(metric);
    return found == curves_.end() ? nullptr : &found->second;
}

std::vector<CurvePoint> visiblePoints(const std::vector<double>& xs, const MinMaxPyramid& ys,
                                      const std::vector<double>& edges) {
    std::vector<CurvePoint> points;
    if (xs.empty() || edges.size() < 2) return points;
    // From `begin` on, with strides that double: the next edge is rarely far.
    const auto indexOf = [&](double edge, std::size_t begin) {
        auto first = xs.begin() + static_cast<std::ptrdiff_t>(begin);
        std::ptrdiff_t stride = 1;
        while (xs.end() - first > stride && first[stride] < edge) {
            first += stride;
            stride *= 2;
        }
        const auto last = first + std::min(stride + 1, xs.end() - first);
        return static_cast<std::size_t>(std::lower_bound(first, last, edge) - xs.begin());
    };
    const auto addOne = [&](std::size_t i) { points.push_back({xs[i], ys.values()[i]}); };
    auto begin = indexOf(edges.front(), 0);
    if (begin > 0) addOne(begin - 1);
    for (std::size_t column = 1; column < edges.size() && begin < xs.size(); ++column) {
        const auto end = indexOf(edges[column], begin);
        if (end - begin <= 2) {
            for (; begin < end; ++begin) addOne(begin);
            continue;
        }
        const double x = (edges[column - 1] + edges[column]) / 2;
        const auto span = ys.over(begin, end);
        begin = end;
        if (span.empty()) {
            points.push_back({x, std::numeric_limits<double>::quiet_NaN()});
            continue;
        }
        // The nearer end first: the line has no detour.
        const bool upwards = points.empty() || !(std::abs(points.back().y - span.max) <
                                                 std::abs(points.back().y - span.min));
        points.push_back({x, upwards ? span.min : span.max});
        if (span.min != span.max) points.push_back({x, upwards ? span.max : span.min});
    }
    if (begin < xs.size()) addOne(begin);
    return points;
}

bool knows(const RunCurves& run, CurveAxis axis) {
    if (axis == CurveAxis::Step) return true;
    const auto* metric = metricOf(run, axis);
    return metric && metric->size() > 0;
}

std::vector<double> placesOf(const Curve& curve, const RunCurves& run, CurveAxis axis) {
    if (axis == CurveAxis::Step) return curve.steps();
    std::vector<double> places;
    if (!knows(run, axis)) return places;
    const auto& steps = metricOf(run, axis)->steps();
    const auto& values = metricOf(run, axis)->values().values();
    std::size_t at = 0;
    places.reserve(curve.size());
    for (const double step : curve.steps()) {
        while (at + 1 < steps.size() && steps[at] < step) ++at;
        places.push_back(places.empty() ? values[at] : std::max(places.back(), values[at]));
    }
    return places;
}

Extremes middleOf(const std::vector<double>& values) {
    constexpr std::size_t kMost = 4000, kFew = 50;
    std::vector<double> sample;
    const auto stride = values.size() / kMost + 1;
    for (std::size_t i = 0; i < values.size(); i += stride)
        if (std::isfinite(values[i])) sample.push_back(values[i]);
    std::sort(sample.begin(), sample.end());
    const auto cut = sample.size() < kFew ? 0 : std::max<std::size_t>(sample.size() / 100, 1);
    Extremes middle;
    for (auto i = cut; i + cut < sample.size(); ++i) middle.include(sample[i]);
    return middle;
}

CurveBand bandOf(const std::vector<CurveOfBand>& curves, const std::vector<double>& edges) {
    CurveBand band;
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        const double x = (edges[i] + edges[i + 1]) / 2;
        double sum = 0, squares = 0;
        int count = 0;
        for (const auto& [xs, ys] : curves)
            if (const auto value = valueOver(*xs, *ys, edges[i], edges[i + 1])) {
                sum += *value;
                squares += *value * *value;
                ++count;
            }
        if (count == 0) continue;
        const double mean = sum / count;
        const double deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
        band.mean.push_back({x, mean});
        band.low.push_back({x, mean - deviation});
        band.high.push_back({x, mean + deviation});
    }
    return band;
}

QByteArray csvOf(const std::map<std::int64_t, Curve>& curves, double smoothing) {
    QByteArray text = "run,step,value,smoothed\n";
    for (const auto& [run, curve] : curves) {
        const auto& values = curve.values().values();
        const auto& smoothed = curve.smoothed(smoothing).values();
        for (std::size_t i = 0; i < curve.size(); ++i)
            text += QByteArray::number(static_cast<qlonglong>(run)) + ',' +
                    QByteArray::number(static_cast<qlonglong>(curve.steps()[i])) + ',' +
                    QByteArray::number(values[i], 'g', 17) + ',' +
                    QByteArray::number(smoothed[i], 'g', 17) + '\n';
    }
    return text;
}

}  // namespace lvr
