#include "app/causal/set_effects.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/eval/power.h"
#include "core/eval/statistics.h"
#include "core/values/csv_text.h"

namespace lvr {
namespace {

constexpr double kLevel = 0.05;
constexpr int kFewest = 10;  // questions of which anything is said
constexpr int kMarginBins = 3;

MeanEffect meanOf(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    if (values.empty()) return {};
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    MeanEffect effect{static_cast<int>(values.size()), mean, mean, mean};
    if (values.size() < 2) return effect;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const double half = studentQuantile(0.95, static_cast<int>(values.size()) - 1) *
                        std::sqrt(squares / (n - 1) / n);
    effect.low = mean - half;
    effect.high = mean + half;
    return effect;
}

std::optional<MeanEffect> meanWhereKnown(const std::vector<double>& values) {
    return values.empty() ? std::nullopt : std::optional(meanOf(values));
}

struct Pair {
    const CausalPanel* before;
    const InterventionOutcome* after;
};

// Questions that were thought about, with what this intervention made of them.
std::vector<Pair> pairsOf(const CausalSet& set, std::size_t intervention) {
    std::vector<Pair> pairs;
    for (const auto& item : set.items)
        if (item.problem.empty() && item.panel.latents > 0 &&
            intervention < item.panel.outcomes.size())
            pairs.push_back({&item.panel, &item.panel.outcomes[intervention]});
    return pairs;
}

void count(InterventionEffect& effect, const Pair& pair) {
    if (!pair.after->impossible.empty()) {
        ++effect.impossible;
        return;
    }
    ++effect.count;
    effect.flips += pair.after->flipped;
    if (!pair.before->right || !pair.after->right) return;
    ++effect.judged;
    effect.rightBefore += *pair.before->right;
    effect.rightAfter += *pair.after->right;
    effect.lost += *pair.before->right && !*pair.after->right;
    effect.gained += !*pair.before->right && *pair.after->right;
}

std::string percent(double share) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), 100 * share,
                                   std::chars_format::fixed, 0);
    return {text.data(), end.ptr};
}

// By the panel's p, by the donor against its control, and by what so few questions can show.
std::string verdictOf(const InterventionEffect& e) {
    if (e.count < kFewest) return "too few questions to tell";
    const bool follows = e.donor && e.control && e.donor->low > e.control->high;
    if (follows) return "the answer follows what is fed";
    if (e.holm < kLevel)
        return e.lost > e.gained ? "it costs right answers" : "it brings right answers";
    if (e.flips == 0 && std::abs(e.change.mean) < kLevel) return "nothing moves";
    if (e.change.high < 0) return "less sure, but as often right";
    if (!e.detectable) return "no difference was seen, and so few could show none";
    return "no difference of " + percent(*e.detectable) + " % or more";
}

InterventionEffect effectOf(const CausalSet& set, std::size_t intervention) {
    InterventionEffect effect{.intervention = set.interventions[intervention]};
    std::vector<double> changes, donor, control;
    for (const Pair& pair : pairsOf(set, intervention)) {
        count(effect, pair);
        if (!pair.after->impossible.empty()) continue;
        changes.push_back(pair.after->originalChange);
        if (pair.after->towardsDonor) donor.push_back(*pair.after->towardsDonor);
        if (pair.after->towardsRandom) control.push_back(*pair.after->towardsRandom);
    }
    effect.change = meanOf(changes);
    effect.donor = meanWhereKnown(donor);
    effect.control = meanWhereKnown(control);
    effect.p = mcnemarExact(effect.lost, effect.gained);
    const double discordant = double(effect.lost + effect.gained) / std::max(effect.judged, 1);
    // Of none that differ one more is assumed: nothing at all can't be planned with.
    if (effect.judged > 0)
        effect.detectable = detectableDifference(
            effect.judged, std::min(1.0, std::max(discordant, 1.0 / effect.judged)));
    return effect;
}

}  // namespace

std::vector<InterventionEffect> effectsOf(const CausalSet& set) {
    std::vector<InterventionEffect> effects;
    std::vector<double> p;
    for (std::size_t i = 0; i < set.interventions.size(); ++i) {
        effects.push_back(effectOf(set, i));
        p.push_back(effects.back().p);
    }
    const auto adjusted = holm(p);
    for (std::size_t i = 0; i < effects.size(); ++i) {
        effects[i].holm = adjusted[i];
        effects[i].verdict = verdictOf(effects[i]);
    }
    return effects;
}

std::vector<EffectPoint> doseResponse(const CausalSet& set) {
    std::vector<EffectPoint> points;
    for (std::size_t i = 0; i < set.interventions.size(); ++i) {
        const Intervention& each = set.interventions[i];
        const bool isWhole = each.first == 0 && each.last < 0;
        if (each.kind != InterventionKind::Noise || !isWhole) continue;
        points.push_back({each.strength, effectOf(set, i).change});
    }
    if (points.empty()) return points;
    points.push_back({0, {points.front().y.count, 0, 0, 0}});  // nothing is done there
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
        const double middle = meanOf(margins).mean;
        donor.points.push_back({middle, meanOf(toDonor)});
        control.points.push_back({middle, meanOf(toRandom)});
    }
    return {donor, control};
}

nlohmann::ordered_json toJson(const InterventionEffect& e) {
    using Json = nlohmann::ordered_json;
    const auto mean = [](const MeanEffect& m) {
        return Json{{"n", m.count}, {"mean", m.mean}, {"low95", m.low}, {"high95", m.high}};
    };
    const auto known = [&](const std::optional<MeanEffect>& m) { return m ? mean(*m) : Json(); };
    return {{"intervention", toText(e.intervention)},
            {"n", e.count},
            {"impossible", e.impossible},
            {"flips", e.flips},
            {"judged", e.judged},
            {"right_before", e.rightBefore},
            {"right_after", e.rightAfter},
            {"lost", e.lost},
            {"gained", e.gained},
            {"original_change", mean(e.change)},
            {"towards_donor", known(e.donor)},
            {"towards_random", known(e.control)},
            {"mcnemar_p", e.p},
            {"holm_p", e.holm},
            {"detectable", e.detectable ? Json(*e.detectable) : Json()},
            {"verdict", e.verdict}};
}

std::string toCsv(const std::vector<InterventionEffect>& effects, const std::string& command) {
    const auto number = [](double value) {
        std::array<char, 32> text{};
        return std::string(text.data(),
                           std::to_chars(text.data(), text.data() + text.size(), value).ptr);
    };
    std::string csv = csvLine({"intervention", "n", "impossible", "flips", "judged", "right_before",
                               "right_after", "lost", "gained", "original_change", "low95",
                               "high95", "towards_donor", "towards_random", "mcnemar_p", "holm_p",
                               "detectable", "verdict", "command"});
    for (const auto& e : effects)
        csv += csvLine({toText(e.intervention), std::to_string(e.count),
                        std::to_string(e.impossible), std::to_string(e.flips),
                        std::to_string(e.judged), std::to_string(e.rightBefore),
                        std::to_string(e.rightAfter), std::to_string(e.lost),
                        std::to_string(e.gained), number(e.change.mean), number(e.change.low),
                        number(e.change.high), e.donor ? number(e.donor->mean) : "",
                        e.control ? number(e.control->mean) : "", number(e.p), number(e.holm),
                        e.detectable ? number(*e.detectable) : "", e.verdict, command});
    return csv;
}

}  // namespace lvr
