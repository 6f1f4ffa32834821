#include "core/statistics/power.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/statistics/statistics.h"

namespace lvr {
namespace {

constexpr double kLevel = 0.05;

double upTo(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double valueOf(int fewer, int discordant, McNemar test) {
    return test == McNemar::Exact ? mcnemarExact(fewer, discordant - fewer)
                                  : mcnemarMidP(fewer, discordant - fewer);
}

// The most items on the smaller side with which the test still rejects; grows with the number of
// discordant items. -1: none.
int lastRejected(int discordant, McNemar test, int from) {
    while (2 * (from + 1) <= discordant && valueOf(from + 1, discordant, test) <= kLevel) ++from;
    return from;
}

// A number of discordant items, how likely it is, and with how few on the smaller side the test
// rejects then.
struct Discordant {
    int count = 0;
    double mass = 0;
    int fewer = -1;
};

std::vector<Discordant> discordantOf(int items, double share, McNemar test) {
    constexpr double kNothing = 1e-16;
    std::vector<Discordant> all;
    int fewer = -1;
    for (int count = 1; count <= items; ++count) {
        const double mass = binomialMass(count, items, share);
        if (mass < kNothing) continue;
        fewer = lastRejected(count, test, fewer);
        if (fewer >= 0) all.push_back({count, mass, fewer});
    }
    return all;
}

// Each discordant item is a gain with the probability `gain`; both tails count.
double powerOf(const std::vector<Discordant>& all, double gain) {
    double power = 0;
    for (const auto& [count, mass, fewer] : all)
        power += mass * (binomialCdf(fewer, count, gain) + binomialCdf(fewer, count, 1 - gain));
    return power;
}

double gainOf(double discordant, double difference) {
    return std::clamp((discordant + difference) / (2 * discordant), 0.0, 1.0);
}

// The difference at which a growing power reaches what is asked for.
template <class Power>
std::optional<double> reached(const Power& powerAt, double most, double wanted) {
    if (powerAt(most) < wanted) return std::nullopt;
    double low = 0, high = most;
    for (int halving = 0; halving < 60; ++halving) {
        const double middle = low + (high - low) / 2;
        (powerAt(middle) < wanted ? low : high) = middle;
    }
    return low + (high - low) / 2;
}

}  // namespace

double mcnemarPower(int items, double discordant, double difference, McNemar test) {
    return powerOf(discordantOf(items, discordant, test), gainOf(discordant, difference));
}

std::optional<double> detectableDifference(int items, double discordant, McNemar test,
                                           double power) {
    const auto all = discordantOf(items, discordant, test);
    return reached([&](double difference) { return powerOf(all, gainOf(discordant, difference)); },
                   discordant, power);
}

std::optional<double> detectableDifferenceNormal(int items, double discordant, double power) {
    const double level = normalQuantile(1 - kLevel / 2), wanted = normalQuantile(power);
    const auto powerAt = [&](double d) {
        const double spread = std::sqrt(std::max(0.0, discordant - d * d));
        return d * std::sqrt(items) - level * std::sqrt(discordant) - wanted * spread;
    };
    return reached(powerAt, discordant, 0);
}

PairedPlan pairedPlan(double effect, int items, double deviation, double correlation) {
    const double level = normalQuantile(1 - kLevel / 2), wanted = normalQuantile(0.8);
    const double spread = deviation * std::sqrt(2 * (1 - correlation));
    const double needed = (level + wanted) * spread / effect;
    return {static_cast<int>(std::ceil(needed * needed)),
            upTo(std::abs(effect) * std::sqrt(items) / spread - level),
            (level + wanted) * spread / std::sqrt(items)};
}

}  // namespace lvr
