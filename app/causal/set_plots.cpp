#include "app/causal/set_plots.h"

#include <algorithm>

namespace lvr {

std::vector<EffectSeries> doseSeries(const CausalReport& report) {
    EffectSeries noise{"noise", {}};
    for (const auto& summary : report.interventions) {
        const Intervention& each = summary.intervention;
        const bool isWhole = each.first == 0 && each.last < 0;
        if (each.kind == InterventionKind::Noise && isWhole && summary.count > 0)
            noise.points.push_back({each.strength, summary.originalChange, summary.count});
    }
    if (noise.points.empty()) return {};
    noise.points.push_back({0, {}, noise.points.front().count});  // nothing is done there
    std::ranges::stable_sort(noise.points, {}, &EffectPoint::x);
    return {noise};
}

std::vector<EffectSeries> shiftSeries(const CausalReport& report) {
    std::vector<EffectSeries> all;
    for (const auto& summary : report.interventions) {
        if (!needsDonor(summary.intervention.kind) || summary.bins.empty()) continue;
        EffectSeries series{wordsOf(summary.intervention.kind), {}};
        for (const auto& bin : summary.bins)
            series.points.push_back(
                {(bin.low + bin.high) / 2, {bin.shift, bin.shift, bin.shift}, bin.count});
        all.push_back(std::move(series));
    }
    return all;
}

}  // namespace lvr
