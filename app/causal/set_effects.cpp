#include "app/causal/set_effects.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/eval/power.h"
#include "core/eval/resampling.h"
#include "core/eval/statistics.h"
#include "core/values/csv_text.h"

namespace lvr {
namespace {

constexpr int kMarginBins = 3;
constexpr int kFlips = 4000;  // of signs, by chance

double meanOf(const std::vector<double>& values) {
    if (values.empty()) return 0;
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// With Student's interval.
Estimate estimateOf(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    const double mean = meanOf(values);
    if (values.size() < 2) return {mean, mean, mean};
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const double half = studentQuantile(0.95, static_cast<int>(values.size()) - 1) *
                        std::sqrt(squares / (n - 1) / n);
    return {mean, mean - half, mean + half};
}

struct Pair {
    const CausalPanel* before;
    const InterventionOutcome* after;
};

// Questions that were thought about and on which it could be done.
std::vector<Pair> pairsOf(const CausalSet& set, std::size_t intervention) {
    std::vector<Pair> pairs;
    for (const auto& tested : set.items) {
        const CausalPanel& panel = tested.item.panel;
        if (!tested.problem.empty() || panel.latents == 0) continue;
        if (intervention < panel.outcomes.size() && panel.outcomes[intervention].impossible.empty())
            pairs.push_back({&panel, &panel.outcomes[intervention]});
    }
    return pairs;
}

void countRight(InterventionSummary& summary, const Pair& pair) {
    if (!pair.before->right || !pair.after->right) return;
    ++summary.judged;
    const bool before = *pair.before->right, after = *pair.after->right;
    summary.rightRight += before && after;
    summary.rightWrong += before && !after;
    summary.wrongRight += !before && after;
    summary.wrongWrong += !before && !after;
}

template <class ValueOf>
std::vector<double> valuesOf(const std::vector<Pair>& pairs, const ValueOf& valueOf) {
    std::vector<double> values;
    for (const Pair& pair : pairs)
        if (const std::optional<double> value = valueOf(*pair.after)) values.push_back(*value);
    return values;
}

void measureShift(InterventionSummary& summary, const std::vector<Pair>& pairs) {
    std::vector<double> donor, random, beyond;
    for (const Pair& pair : pairs) {
        if (!pair.after->towardsDonor || !pair.after->towardsRandom) continue;
        donor.push_back(*pair.after->towardsDonor);
        random.push_back(*pair.after->towardsRandom);
        beyond.push_back(donor.back() - random.back());
    }
    summary.paired = static_cast<int>(beyond.size());
    if (beyond.empty()) return;
    summary.towardsDonor = estimateOf(donor);
    summary.towardsRandom = estimateOf(random);
    summary.beyondRandom = estimateOf(beyond);
    summary.shiftP = signFlipTest(beyond, kFlips, 1).p;
}

// Of none that differ one more is assumed: nothing at all can't be planned with.
void measurePower(InterventionSummary& summary) {
    if (summary.judged == 0) return;
    const double n = summary.judged;
    const double discordant = (summary.rightWrong + summary.wrongRight) / n;
    const double assumed = std::clamp(discordant, 1 / n, 1.0);
    summary.smallestDifference = detectableDifference(summary.judged, assumed);
    summary.power =
        mcnemarPower(summary.judged, assumed, (summary.wrongRight - summary.rightWrong) / n);
}

InterventionSummary summaryOf(const CausalSet& set, std::size_t intervention) {
    InterventionSummary summary{.intervention = set.interventions[intervention]};
    const auto pairs = pairsOf(set, intervention);
    summary.count = static_cast<int>(pairs.size());
    for (const Pair& pair : pairs) {
        summary.flips += pair.after->flipped;
        countRight(summary, pair);
    }
    const Interval flips = wilson95(summary.flips, summary.count);
    summary.flipRate = {double(summary.flips) / std::max(summary.count, 1), flips.low, flips.high};
    summary.originalChange =
        estimateOf(valuesOf(pairs, [](const auto& o) { return std::optional(o.originalChange); }));
    summary.goldChange = meanOf(valuesOf(pairs, [](const auto& o) { return o.goldChange; }));
    summary.divergence =
        meanOf(valuesOf(pairs, [](const auto& o) { return std::optional(o.divergence); }));
    summary.mcnemar = mcnemarExact(summary.rightWrong, summary.wrongRight);
    summary.mcnemarMidP = mcnemarMidP(summary.rightWrong, summary.wrongRight);
    measureShift(summary, pairs);
    measurePower(summary);
    return summary;
}

}  // namespace

std::vector<InterventionSummary> effectsOf(const CausalSet& set) {
    std::vector<InterventionSummary> summaries;
    std::vector<double> mcnemar, shift;
    for (std::size_t i = 0; i < set.interventions.size(); ++i) {
        summaries.push_back(summaryOf(set, i));
        mcnemar.push_back(summaries.back().mcnemar);
        if (summaries.back().paired > 0) shift.push_back(summaries.back().shiftP);
    }
    mcnemar = holm(mcnemar);
    shift = holm(shift);
    auto nextShift = shift.begin();
    for (std::size_t i = 0; i < summaries.size(); ++i) {
        summaries[i].mcnemarHolm = mcnemar[i];
        if (summaries[i].paired > 0) summaries[i].shiftHolm = *nextShift++;
    }
    return summaries;
}

std::vector<EffectPoint> doseResponse(const std::vector<InterventionSummary>& summaries) {
    std::vector<EffectPoint> points;
    for (const auto& summary : summaries) {
        const Intervention& each = summary.intervention;
        const bool isWhole = each.first == 0 && each.last < 0;
        if (each.kind == InterventionKind::Noise && isWhole && summary.count > 0)
            points.push_back({each.strength, summary.originalChange, summary.count});
    }
    if (points.empty()) return points;
    points.push_back({0, {}, points.front().count});  // nothing is done there
    std::ranges::stable_sort(points, {}, &EffectPoint::x);
    return points;
}

std::vector<EffectSeries> shiftByMargin(const CausalSet& set) {
    struct Shift {
        double margin, donor, control;
    };
    std::vector<Shift> shifts;
    for (std::size_t i = 0; i < set.interventions.size(); ++i)
        for (const Pair& pair : pairsOf(set, i))
            if (pair.after->towardsDonor && pair.after->towardsRandom)
                shifts.push_back(
                    {pair.before->margin, *pair.after->towardsDonor, *pair.after->towardsRandom});
    if (std::ssize(shifts) < kMarginBins) return {};
    std::ranges::stable_sort(shifts, {}, &Shift::margin);
    EffectSeries donor{"to the donor's answer", {}}, control{"to a random answer", {}};
    for (int bin = 0; bin < kMarginBins; ++bin) {
        const auto begin = shifts.begin() + std::ssize(shifts) * bin / kMarginBins;
        const auto end = shifts.begin() + std::ssize(shifts) * (bin + 1) / kMarginBins;
        std::vector<double> margins, toDonor, toRandom;
        for (auto each = begin; each != end; ++each) {
            margins.push_back(each->margin);
            toDonor.push_back(each->donor);
            toRandom.push_back(each->control);
        }
        const double middle = meanOf(margins);
        const auto count = static_cast<int>(margins.size());
        donor.points.push_back({middle, estimateOf(toDonor), count});
        control.points.push_back({middle, estimateOf(toRandom), count});
    }
    return {donor, control};
}

SetEffects measured(const CausalSet& set) {
    if (set.items.empty()) return {};
    auto summaries = effectsOf(set);
    auto dose = doseResponse(summaries);
    return {std::move(summaries), std::move(dose), shiftByMargin(set)};
}

nlohmann::ordered_json toJson(const InterventionSummary& s) {
    using Json = nlohmann::ordered_json;
    const auto json = [](const Estimate& e) {
        return Json{{"value", e.value}, {"low95", e.low}, {"high95", e.high}};
    };
    const Json none{{"value", nullptr}, {"low95", nullptr}, {"high95", nullptr}};
    const auto paired = [&](const Estimate& e) { return s.paired > 0 ? json(e) : none; };
    return {{"intervention", toText(s.intervention)},
            {"n", s.count},
            {"flips", s.flips},
            {"flip_rate", json(s.flipRate)},
            {"judged", s.judged},
            {"right_right", s.rightRight},
            {"right_wrong", s.rightWrong},
            {"wrong_right", s.wrongRight},
            {"wrong_wrong", s.wrongWrong},
            {"original_change", json(s.originalChange)},
            {"gold_change", s.goldChange},
            {"divergence", s.divergence},
            {"paired", s.paired},
            {"towards_donor", paired(s.towardsDonor)},
            {"towards_random", paired(s.towardsRandom)},
            {"beyond_random", paired(s.beyondRandom)},
            {"shift_p", s.shiftP},
            {"shift_holm", s.shiftHolm},
            {"mcnemar_p", s.mcnemar},
            {"mcnemar_mid_p", s.mcnemarMidP},
            {"mcnemar_holm", s.mcnemarHolm},
            {"power", s.power},
            {"smallest_difference", s.smallestDifference ? Json(*s.smallestDifference) : Json()},
            {"saying", sayingOf(s).toStdString()}};
}

std::string toCsv(const std::vector<InterventionSummary>& summaries, const std::string& command) {
    std::string csv;
    for (const auto& summary : summaries) {
        std::vector<std::string> heading, row;
        for (const auto& [key, value] : toJson(summary).items()) {
            const auto put = [&](const std::string& name, const nlohmann::ordered_json& cell) {
                heading.push_back(name);
                row.push_back(cell.is_null() ? "" : cell.is_string() ? cell : cell.dump());
            };
            if (!value.is_object()) put(key, value);
            if (!value.is_object()) continue;
            for (const auto& [part, number] : value.items())
                put(part == "value" ? key : key + "_" + part, number);
        }
        heading.push_back("command");
        row.push_back(command);
        if (csv.empty()) csv = csvLine(heading);
        csv += csvLine(row);
    }
    return csv;
}

}  // namespace lvr
