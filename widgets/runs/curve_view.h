#pragma once

#include <QString>
#include <map>
#include <vector>

#include "widgets/runs/curve_data.h"

namespace lvr {

enum class AxisScale { Linear, Log };
// What a curve is drawn over. Seconds and tokens come from metrics of the same run.
enum class CurveAxis { Step, Time, Tokens };

// How curves are looked at.
struct CurveView {
    double smoothing = 0;  // weight of the moving average, 0..1
    CurveAxis axis = CurveAxis::Step;
    AxisScale x = AxisScale::Linear, y = AxisScale::Linear;
    bool operator==(const CurveView&) const = default;
};

// A run whose curves are drawn; `curves` outlives its use.
struct PlottedRun {
    std::int64_t id = 0;
    QString name;
    int colour = 0;  // slot
    const RunCurves* curves = nullptr;
    bool hasRollouts = false;  // to be looked at step by step
    bool operator==(const PlottedRun&) const = default;
};

bool knows(const RunCurves& run, CurveAxis axis);
// Where the points of a curve are on an axis; empty when the run does not know.
std::vector<double> placesOf(const Curve& curve, const RunCurves& run, CurveAxis axis);

// "run,step,value,smoothed" rows of one metric's curves, by run.
QByteArray csvOf(const std::map<std::int64_t, Curve>& curves, double smoothing);

}  // namespace lvr
