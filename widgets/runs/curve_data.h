#pragma once

#include <QString>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// What the finite values of a stretch span. Empty: min above max.
struct Extremes {
    double min = std::numeric_limits<double>::infinity();
    double max = -std::numeric_limits<double>::infinity();
    double leastPositive = std::numeric_limits<double>::infinity();  // what a log axis can show
    bool empty() const { return min > max; }
    void include(double value);  // ignored unless finite
    void include(const Extremes& other);
    bool operator==(const Extremes&) const = default;
};

// Extremes of any stretch of a growing row of numbers, exact, in logarithmic time.
class MinMaxPyramid {
public:
    void append(double value);  // index size()
    void truncate(std::size_t size);
    std::size_t size() const { return values_.size(); }
    const std::vector<double>& values() const { return values_; }
    Extremes over(std::size_t begin, std::size_t end) const;  // [begin, end), within size()
    std::vector<std::size_t> nonFinite(std::size_t begin, std::size_t end) const;  // their indices

private:
    static constexpr std::size_t kFan = 16;
    Extremes ofBlock(std::size_t level, std::size_t block) const;

    std::vector<double> values_;
    // [level][block]: of kFan^(level + 1) values each; blocks that are not full yet are not there.
    std::vector<std::vector<Extremes>> levels_;
    std::vector<std::size_t> nonFinite_;  // ascending
};

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

enum class AxisScale { Linear, Log };
// What a curve is drawn over. Seconds and tokens come from metrics of the same run.
enum class CurveAxis { Step, Time, Tokens };

// How curves are looked at.
struct CurveView {
    double smoothing = 0;  // weight of the moving average, 0..1
    CurveAxis axis = CurveAxis::Step;
    AxisScale x = AxisScale::Linear, y = AxisScale::Linear;
    bool clipsOutliers = false;  // the y axis is for the middle 98 % of the values
    bool showsGroups = false;    // the mean and spread of a group's runs instead of each
    bool operator==(const CurveView&) const = default;
};

// A run whose curves are drawn; `curves` outlives its use.
struct PlottedRun {
    std::int64_t id = 0;
    QString name;
    int colour = 0;  // slot
    const RunCurves* curves = nullptr;
    bool hasRollouts = false;  // to be looked at step by step
    bool isChosen = false;     // stands out
    bool isBaseline = false;   // that the others are compared with
    QString group;             // what it has in common with others; empty: nothing
    bool operator==(const PlottedRun&) const = default;
};

bool knows(const RunCurves& run, CurveAxis axis);
// Where the points of a curve are on an axis; empty when the run does not know.
std::vector<double> placesOf(const Curve& curve, const RunCurves& run, CurveAxis axis);

// Extremes of the middle of the values, without the most extreme hundredth at either end; of all of
// them where they are few. Of long curves by a sample.
Extremes middleOf(const std::vector<double>& values);

// Mean and spread of several curves over the columns between the edges, as one line and a band.
struct CurveBand {
    std::vector<CurvePoint> mean, low, high;  // of as many points; one standard deviation
};
struct CurveOfBand {
    const std::vector<double>*xs = nullptr, *ys = nullptr;  // of one length, xs ascending
};
CurveBand bandOf(const std::vector<CurveOfBand>& curves, const std::vector<double>& edges);

// "run,step,value,smoothed" rows of one metric's curves, by run.
QByteArray csvOf(const std::map<std::int64_t, Curve>& curves, double smoothing);

}  // namespace lvr
