#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/values/run.h"
#include "widgets/runs/min_max_pyramid.h"

namespace lvr {

// The exponential moving average of a growing row of numbers, freed from its bias towards the zero
// it starts from, as TensorBoard and W&B have it: s = weight * s + (1 - weight) * value, divided by
// 1 - weight^n. What is not finite stands for itself and moves nothing.
class Smoothing {
public:
    // Goes on from where it is; starts again when the weight is another or the values were cut.
    const MinMaxPyramid& of(const std::vector<double>& values, double weight);
    void forget();  // the values change from somewhere before their end

private:
    MinMaxPyramid smoothed_;
    double weight_ = 0, mean_ = 0, bias_ = 1;  // bias: weight^n
};

// One metric of a run.
class Curve {
public:
    // A step at or before the last one: the run was resumed, what it had from there on is replaced.
    void append(int step, double value);
    void truncateFrom(int step);  // forgets this step and all beyond
    std::size_t size() const { return steps_.size(); }
    const std::vector<double>& steps() const { return steps_; }  // ascending
    const MinMaxPyramid& values() const { return values_; }
    const MinMaxPyramid& smoothed(double weight) const;  // weight 0..1; 0: the values themselves

private:
    std::vector<double> steps_;
    MinMaxPyramid values_;
    mutable Smoothing smoothing_;
};

// All metrics of a run, as they come from a store.
class RunCurves {
public:
    void append(const std::vector<MetricColumn>& columns);
    const Curve* find(const std::string& metric) const;  // null: not recorded
    const std::map<std::string, Curve>& all() const { return curves_; }

private:
    void truncateFrom(int step);

    std::map<std::string, Curve> curves_;
    int newest_ = 0;  // step
};

// Of the nearest of some ascending xs, of which there must be one; the later of two as near.
std::size_t nearestIndex(const std::vector<double>& xs, double x);

struct CurvePoint {
    double x = 0, y = 0;
    bool operator==(const CurvePoint&) const = default;
};
// What to draw of a curve so that no extreme is lost: between two edges (of a pixel, say) every
// point where they are few, otherwise the lowest and the highest. xs: ascending, as many as ys;
// edges: ascending. One point before the first edge and one behind the last are kept, for the lines
// that leave the picture. Where nothing is finite, NaN.
std::vector<CurvePoint> visiblePoints(const std::vector<double>& xs, const MinMaxPyramid& ys,
                                      const std::vector<double>& edges);

}  // namespace lvr
