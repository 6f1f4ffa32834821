#include "widgets/runs/curve_view.h"

#include <QByteArray>
#include <algorithm>

namespace lvr {
namespace {

const Curve* metricOf(const RunCurves& run, CurveAxis axis) {
    return run.find(axis == CurveAxis::Time ? "time/elapsed" : "tokens/seen");
}

}  // namespace

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
