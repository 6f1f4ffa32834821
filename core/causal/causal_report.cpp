#include "core/causal/causal_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>

#include "core/eval/answer.h"
#include "core/statistics/clustering.h"
#include "core/statistics/power.h"
#include "core/statistics/resampling.h"
#include "core/statistics/statistics.h"

namespace lvr {
namespace {

constexpr int kResamples = 2000, kPermutations = 4999;
constexpr int kLeastThought = 30, kLeastPaired = 20;
constexpr double kLeastFlips = 0.05, kLeastShift = 0.1, kLevel = 0.05;

// One intervention's outcomes with the items they belong to.
struct Pairing {
    std::vector<const CausalItem*> items;
    std::vector<const InterventionOutcome*> outcomes;
    std::vector<int> clusters;
};

std::string clusterOf(const CausalItem& item) {
    return item.cluster.empty() ? item.id : item.cluster;
}

Pairing pairingOf(const std::vector<const CausalItem*>& items, const Intervention& intervention) {
    Pairing pairing;
    std::map<std::string, int> numbers;
    for (const auto* item : items)
        for (const auto& outcome : item->panel.outcomes) {
            if (outcome.intervention != intervention || !outcome.impossible.empty()) continue;
            pairing.items.push_back(item);
            pairing.outcomes.push_back(&outcome);
            pairing.clusters.push_back(
                numbers.emplace(clusterOf(*item), static_cast<int>(numbers.size())).first->second);
        }
    return pairing;
}

// Mean with the interval of a bootstrap over clusters.
Estimate meanOf(const std::vector<double>& values, const std::vector<int>& clusters,
                std::uint64_t seed) {
    if (values.empty()) return {};
    const auto drawn =
        pairedBootstrap(std::vector<double>(values.size()), values, kResamples, seed, clusters);
    return {drawn.difference, drawn.within95.low, drawn.within95.high};
}

// Differences of one cluster go one way together: signs are flipped by cluster.
double signFlipP(const std::vector<double>& values, const std::vector<int>& clusters,
                 std::uint64_t seed) {
    if (values.empty()) return 1;
    std::map<int, double> sums;
    for (std::size_t i = 0; i < values.size(); ++i) sums[clusters[i]] += values[i];
    std::vector<double> differences;
    for (const auto& [cluster, sum] : sums) differences.push_back(sum);
    return signFlipTest(differences, kPermutations, seed).p;
}

void countAnswers(const Pairing& pairing, InterventionSummary& summary) {
    for (std::size_t i = 0; i < pairing.items.size(); ++i) {
        const auto& outcome = *pairing.outcomes[i];
        summary.flips += outcome.flipped;
        const auto before = pairing.items[i]->panel.right;
        if (!before || !outcome.right) continue;
        ++summary.judged;
        auto& cell = *before ? (*outcome.right ? summary.rightRight : summary.rightWrong)
                             : (*outcome.right ? summary.wrongRight : summary.wrongWrong);
        ++cell;
    }
    const auto flips = wilson95(summary.flips, summary.count);
    summary.flipRate = {summary.count ? static_cast<double>(summary.flips) / summary.count : 0,
                        flips.low, flips.high};
}

void compareAnswers(InterventionSummary& summary) {
    if (summary.judged == 0) return;
    summary.mcnemar = mcnemarExact(summary.rightWrong, summary.wrongRight);
    summary.mcnemarMidP = mcnemarMidP(summary.rightWrong, summary.wrongRight);
    const double n = summary.judged, apart = (summary.rightWrong + summary.wrongRight) / n,
                 difference = std::abs(summary.wrongRight - summary.rightWrong) / n;
    if (apart > 0) summary.power = mcnemarPower(summary.judged, apart, difference);
    // Of what nothing tells apart one item in ten is supposed to be.
    summary.smallestDifference = detectableDifference(summary.judged, std::max(apart, 0.1));
}

// Values of those that have one, with their clusters.
struct Values {
    std::vector<double> values;
    std::vector<int> clusters;
    void add(double value, int cluster) {
        values.push_back(value);
        clusters.push_back(cluster);
    }
};

void compareMargins(const Pairing& pairing, std::uint64_t seed, InterventionSummary& summary) {
    Values donor, random, beyond, original;
    double divergence = 0, gold = 0;
    int golds = 0;
    for (std::size_t i = 0; i < pairing.items.size(); ++i) {
        const auto& outcome = *pairing.outcomes[i];
        const auto cluster = pairing.clusters[i];
        original.add(outcome.originalChange, cluster);
        divergence += outcome.divergence;
        if (outcome.goldChange) gold += *outcome.goldChange, ++golds;
        if (!outcome.towardsDonor || !outcome.towardsRandom) continue;
        donor.add(*outcome.towardsDonor, cluster);
        random.add(*outcome.towardsRandom, cluster);
        beyond.add(*outcome.towardsDonor - *outcome.towardsRandom, cluster);
    }
    summary.originalChange = meanOf(original.values, original.clusters, seed);
    summary.divergence = summary.count ? divergence / summary.count : 0;
    summary.goldChange = golds ? gold / golds : 0;
    summary.paired = static_cast<int>(beyond.values.size());
    summary.towardsDonor = meanOf(donor.values, donor.clusters, seed);
    summary.towardsRandom = meanOf(random.values, random.clusters, seed);
    summary.beyondRandom = meanOf(beyond.values, beyond.clusters, seed);
    summary.shiftP = signFlipP(beyond.values, beyond.clusters, seed);
}

// Four bins of as many questions each, by how sure the untouched answer was.
void binByMargin(const Pairing& pairing, InterventionSummary& summary) {
    constexpr std::size_t kBins = 4;
    std::vector<std::size_t> order(pairing.items.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {},
                             [&](std::size_t i) { return pairing.items[i]->panel.margin; });
    const auto bins = std::min(kBins, order.size());
    for (std::size_t b = 0; b < bins; ++b) {
        const auto from = b * order.size() / bins, to = (b + 1) * order.size() / bins;
        MarginBin bin{.low = pairing.items[order[from]]->panel.margin,
                      .high = pairing.items[order[to - 1]]->panel.margin,
                      .count = static_cast<int>(to - from)};
        for (auto i = from; i < to; ++i) {
            const auto& outcome = *pairing.outcomes[order[i]];
            bin.flips += outcome.flipped;
            bin.shift += outcome.towardsDonor.value_or(-outcome.originalChange) / bin.count;
        }
        summary.bins.push_back(bin);
    }
}

InterventionSummary summaryOf(const std::vector<const CausalItem*>& items,
                              const Intervention& intervention, std::uint64_t seed) {
    const auto pairing = pairingOf(items, intervention);
    InterventionSummary summary{.intervention = intervention,
                                .count = static_cast<int>(pairing.items.size())};
    countAnswers(pairing, summary);
    compareAnswers(summary);
    compareMargins(pairing, seed, summary);
    binByMargin(pairing, summary);
    return summary;
}

std::vector<Intervention> askedWith(const std::vector<const CausalItem*>& items) {
    std::vector<Intervention> all;
    for (const auto* item : items)
        for (const auto& outcome : item->panel.outcomes)
            if (std::ranges::find(all, outcome.intervention) == all.end())
                all.push_back(outcome.intervention);
    return all;
}

void adjustTogether(std::vector<InterventionSummary>& summaries) {
    std::vector<double> answers, shifts;
    for (const auto& summary : summaries) {
        if (summary.judged > 0) answers.push_back(summary.mcnemar);
        if (summary.paired > 0) shifts.push_back(summary.shiftP);
    }
    const auto adjustedAnswers = holm(answers), adjustedShifts = holm(shifts);
    std::size_t answer = 0, shift = 0;
    for (auto& summary : summaries) {
        if (summary.judged > 0) summary.mcnemarHolm = adjustedAnswers[answer++];
        if (summary.paired > 0) summary.shiftHolm = adjustedShifts[shift++];
    }
}

void addEarly(const std::vector<const CausalItem*>& items, CausalReport& report) {
    struct Sum {
        int judged = 0, right = 0, count = 0;
        double entropy = 0;
    };
    std::size_t longest = 0;
    for (const auto* item : items) longest = std::max(longest, item->panel.early.size());
    // A thought that was over before keeps its answer, so that every point is of the same items.
    std::map<int, Sum> sums;
    for (const auto* item : items)
        for (std::size_t k = 0; k < longest && !item->panel.early.empty(); ++k) {
            const auto& early = item->panel.early[std::min(k, item->panel.early.size() - 1)];
            auto& sum = sums[static_cast<int>(k)];
            ++sum.count;
            sum.entropy += early.entropy;
            if (item->panel.expected.empty()) continue;
            ++sum.judged;
            sum.right += isRightAnswer(early.answer, item->panel.expected, item->panel.question);
        }
    for (const auto& [latents, sum] : sums) {
        if (sum.judged)
            report.earlyRight.emplace_back(latents, static_cast<double>(sum.right) / sum.judged);
        report.earlyEntropy.emplace_back(latents, sum.entropy / sum.count);
    }
}

struct RankCount {
    int count = 0, at1 = 0, at5 = 0;
    double chance1 = 0, chance5 = 0;

    void add(int rank, int target, int tokens) {
        ++count;
        at1 += rank <= 1;
        at5 += rank <= 5;
        // That none of the first places, drawn blindly, is of the region.
        double none = 1;
        for (int place = 0; place < std::min(5, tokens); ++place) {
            none *= std::max(0.0, static_cast<double>(tokens - target - place) / (tokens - place));
            if (place == 0) chance1 += 1 - none;
        }
        chance5 += 1 - none;
    }
    RetrievalRow row(const std::string& name) const {
        const double n = std::max(1, count);
        return {name, count, at1 / n, at5 / n, chance1 / n, chance5 / n};
    }
};

void addRetrieval(const std::vector<const CausalItem*>& items, CausalReport& report) {
    RankCount own;
    std::map<std::string, RankCount> fed;
    for (const auto* item : items) {
        const auto& steps = item->panel.steps;
        const int tokens = item->panel.grid.count();
        for (const auto& step : steps)
            if (step.targetRank) own.add(*step.targetRank, step.targetTokens, tokens);
        for (const auto& outcome : item->panel.outcomes)
            for (std::size_t i = 0; i < std::min(outcome.targetRanks.size(), steps.size()); ++i)
                if (steps[i].targetRank)
                    fed[toText(outcome.intervention)].add(outcome.targetRanks[i],
                                                          steps[i].targetTokens, tokens);
    }
    if (own.count) report.retrieval.push_back(own.row("own"));
    for (const auto* name : {"oracle", "snap", "other-question", "random-patches"})
        if (const auto at = fed.find(name); at != fed.end())
            report.retrieval.push_back(at->second.row(name));
}

std::string percent(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.0f %%", 100 * share);
    return text;
}

std::string fixed(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string pText(double p) { return p < 0.0005 ? "< 0.001" : "= " + fixed(p, 3); }

bool movesTowardsDonor(const InterventionSummary& s) {
    return s.paired >= kLeastPaired && s.shiftHolm < kLevel &&
           s.beyondRandom.value >= kLeastShift && s.flipRate.low > kLeastFlips;
}

bool takesAwaySlots(InterventionKind kind) {
    return kind == InterventionKind::MarkersOnly || kind == InterventionKind::SpanRemoved;
}

std::string shiftText(const InterventionSummary& s) {
    return wordsOf(s.intervention.kind) + ": margin moved " + fixed(s.towardsDonor.value, 2) +
           " nats towards the lent answer and " + fixed(s.towardsRandom.value, 2) +
           " towards a random one (N = " + std::to_string(s.paired) + ", Holm p " +
           pText(s.shiftHolm) + "), " + percent(s.flipRate.value) + " of " +
           std::to_string(s.count) + " answers flipped (at least " + percent(s.flipRate.low) + ")";
}

std::string slotsText(const InterventionSummary& s) {
    return wordsOf(s.intervention.kind) + ": " + percent(s.flipRate.value) + " of " +
           std::to_string(s.count) + " answers flipped (at least " + percent(s.flipRate.low) + ")";
}

std::string sentenceFor(LatentUse use) {
    switch (use) {
        case LatentUse::Used:
            return "What is fed in place of the latents decides the answer.";
        case LatentUse::SlotsOnly:
            return "The answer needs the slots, but not what is fed back in them.";
        case LatentUse::NotUsed:
            return "Neither other latents nor none at all change the answer.";
        case LatentUse::TooFew:
            break;
    }
    return "A verdict needs 30 answers that thought, 20 of them with a donor whose answer differs.";
}

}  // namespace

std::string toText(LatentUse use) {
    switch (use) {
        case LatentUse::Used:
            return "used";
        case LatentUse::SlotsOnly:
            return "slots, no feedback";
        case LatentUse::NotUsed:
            return "not used";
        case LatentUse::TooFew:
            break;
    }
    return "too few to tell";
}

LatentVerdict verdictOn(const CausalReport& report) {
    LatentVerdict verdict;
    int paired = 0;
    bool moves = false, needsSlots = false;
    for (const auto& summary : report.interventions) {
        if (needsDonor(summary.intervention.kind) && summary.paired > 0) {
            paired = std::max(paired, summary.paired);
            moves |= movesTowardsDonor(summary);
            verdict.evidence.push_back(shiftText(summary));
        }
        if (takesAwaySlots(summary.intervention.kind) && summary.count > 0) {
            // Without its markers a model is asked what it was never trained on.
            if (summary.intervention.kind == InterventionKind::MarkersOnly)
                needsSlots |= summary.flipRate.low > kLeastFlips;
            verdict.evidence.push_back(slotsText(summary));
        }
    }
    if (report.thought >= kLeastThought && paired >= kLeastPaired)
        verdict.use = moves        ? LatentUse::Used
                      : needsSlots ? LatentUse::SlotsOnly
                                   : LatentUse::NotUsed;
    verdict.sentence = sentenceFor(verdict.use);
    return verdict;
}

CausalReport summarise(const std::vector<CausalItem>& items, std::uint64_t seed) {
    CausalReport report{.seed = seed, .asked = static_cast<int>(items.size())};
    std::vector<const CausalItem*> thought;
    std::vector<double> decodes;
    for (const auto& item : items) {
        if (item.panel.latents == 0) continue;
        thought.push_back(&item);
        report.right += item.panel.right.value_or(false);
        decodes.push_back(item.panel.decodes);
    }
    report.thought = static_cast<int>(thought.size());
    for (const auto& intervention : askedWith(thought))
        report.interventions.push_back(summaryOf(thought, intervention, seed));
    adjustTogether(report.interventions);
    addEarly(thought, report);
    addRetrieval(thought, report);
    if (!decodes.empty()) report.decodes = percentile(decodes, 0.5);
    report.verdict = verdictOn(report);
    return report;
}

}  // namespace lvr
