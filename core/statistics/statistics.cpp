#include "core/statistics/statistics.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/error.h"

namespace lvr {
namespace {

double normalCdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

// The x in [low, high] where a growing function is 0.
template <class Function>
double rootOf(const Function& growing, double low, double high) {
    for (int halving = 0; halving < 200 && low < high; ++halving) {
        const double middle = low + (high - low) / 2;
        if (middle == low || middle == high) break;
        (growing(middle) < 0 ? low : high) = middle;
    }
    return low + (high - low) / 2;
}

// log n! less Stirling's approximation of it (Loader 2000).
double stirlingError(double n) {
    constexpr double kFew = 15;
    if (n <= kFew)
        return std::lgamma(n + 1) - (n + 0.5) * std::log(n == 0 ? 1 : n) + n -
               0.5 * std::log(2 * std::numbers::pi);
    const double nn = n * n;
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / nn) / nn) / nn) / nn) /
           n;
}

// x log(x / m) + m - x, without cancellation where they are near.
double deviance(double x, double mean) {
    const double d = x - mean;
    if (std::abs(d) >= 0.1 * (x + mean)) return x * std::log(x / mean) - d;
    const double v = d / (x + mean);
    double sum = d * v, term = 2 * x * v;
    for (int j = 1; j < 1000; ++j) {
        term *= v * v;
        const double next = sum + term / (2 * j + 1);
        if (next == sum) break;
        sum = next;
    }
    return sum;
}

// P(X <= k) on the thin side of the mean: each term from the one above it.
double massesDown(int k, int n, double p) {
    double sum = 0, mass = binomialMass(k, n, p);
    for (int i = k; i >= 0 && mass > sum * 1e-18; --i) {
        sum += mass;
        mass *= i / (n - i + 1.0) * ((1 - p) / p);
    }
    return sum;
}

// Half of McNemar's table or less: P(X <= fewer), X ~ binomial(n, 1/2).
double smallerTail(int onlyFirst, int onlySecond) {
    return binomialCdf(std::min(onlyFirst, onlySecond), onlyFirst + onlySecond, 0.5);
}

// Indices from the smallest value to the largest.
std::vector<std::size_t> ascending(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return values[a] < values[b]; });
    return order;
}

}  // namespace

double normalQuantile(double p) {
    if (p > 0.5) return -normalQuantile(1 - p);
    return rootOf([p](double z) { return normalCdf(z) - p; }, -40, 0);
}

double binomialMass(int k, int n, double p) {
    if (k < 0 || k > n) return 0;
    if (p <= 0) return k == 0;
    if (p >= 1) return k == n;
    if (k == 0) return std::exp(n * std::log1p(-p));
    if (k == n) return std::exp(n * std::log(p));
    const double x = k, rest = n - k, total = n;
    const double exponent = stirlingError(total) - stirlingError(x) - stirlingError(rest) -
                            deviance(x, total * p) - deviance(rest, total * (1 - p));
    return std::exp(exponent) * std::sqrt(total / (2 * std::numbers::pi * x * rest));
}

double binomialCdf(int k, int n, double p) {
    if (k >= n || p <= 0) return k >= 0;
    if (k < 0 || p >= 1) return 0;
    return k < n * p ? massesDown(k, n, p) : 1 - massesDown(n - k - 1, n, 1 - p);
}

// A finite sum (Abramowitz and Stegun 26.7.3, 26.7.4).
double studentTwoSided(double t, int degrees) {
    const double angle = std::atan(std::abs(t) / std::sqrt(degrees));
    const double cosine = std::cos(angle), square = cosine * cosine;
    const bool odd = degrees % 2 == 1;
    double term = odd ? cosine : 1, sum = degrees > 1 ? term : 0;
    for (int i = odd ? 3 : 2; i <= degrees - 2; i += 2) {
        term *= square * (i - 1) / i;
        sum += term;
    }
    const double within =
        odd ? 2 / std::numbers::pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
    return std::clamp(1 - within, 0.0, 1.0);
}

double studentQuantile(double confidence, int degrees) {
    constexpr double kFar = 1e9;
    return rootOf([&](double t) { return 1 - studentTwoSided(t, degrees) - confidence; }, 0, kFar);
}

Interval wilson(int right, int count, double confidence) {
    if (count == 0) return {0, 1};
    const double z = normalQuantile(0.5 + confidence / 2);
    const double n = count, p = right / n, zz = z * z / n;
    const double centre = (p + zz / 2) / (1 + zz);
    const double half = z * std::sqrt(p * (1 - p) / n + zz / (4 * n)) / (1 + zz);
    return {right == 0 ? 0 : std::max(0.0, centre - half),
            right == count ? 1 : std::min(1.0, centre + half)};
}

Interval clopperPearson(int right, int count, double confidence) {
    if (count == 0) return {0, 1};
    const double tail = (1 - confidence) / 2;
    const auto atLeast = [&](double p) { return binomialCdf(count - right, count, 1 - p) - tail; };
    const auto moreThan = [&](double p) { return tail - binomialCdf(right, count, p); };
    return {right == 0 ? 0 : rootOf(atLeast, 0, 1), right == count ? 1 : rootOf(moreThan, 0, 1)};
}

double halfWidth(double share, int count, double confidence) {
    return normalQuantile(0.5 + confidence / 2) * std::sqrt(share * (1 - share) / count);
}

double binomialTest(int right, int count, double expected) {
    constexpr double kSame = 1 + 1e-7;
    const double seen = binomialMass(right, count, expected);
    double p = 0;
    for (int k = 0; k <= count; ++k)
        if (const double mass = binomialMass(k, count, expected); mass <= seen * kSame) p += mass;
    return std::min(1.0, p);
}

PairedTable pairedTable(const std::vector<bool>& first, const std::vector<bool>& second) {
    if (first.size() != second.size())
        throw Error("two runs of " + std::to_string(first.size()) + " and " +
                    std::to_string(second.size()) + " items can't be paired");
    PairedTable table;
    for (std::size_t i = 0; i < first.size(); ++i)
        ++(first[i]    ? second[i] ? table.bothRight : table.onlyFirst
           : second[i] ? table.onlySecond
                       : table.bothWrong);
    return table;
}

double mcnemarExact(int onlyFirst, int onlySecond) {
    return std::min(1.0, 2 * smallerTail(onlyFirst, onlySecond));
}

double mcnemarMidP(int onlyFirst, int onlySecond) {
    const int n = onlyFirst + onlySecond;
    if (n == 0) return 1;
    return 2 * smallerTail(onlyFirst, onlySecond) -
           binomialMass(std::min(onlyFirst, onlySecond), n, 0.5);
}

double mcnemarOneSided(int onlyFirst, int onlySecond) {
    return binomialCdf(onlyFirst, onlyFirst + onlySecond, 0.5);
}

std::optional<ChiSquare> mcnemarChiSquare(int onlyFirst, int onlySecond, bool corrected) {
    if (onlyFirst + onlySecond == 0) return std::nullopt;
    const double apart = std::abs(onlyFirst - onlySecond) - (corrected ? 1 : 0);
    const double statistic = apart * apart / (onlyFirst + onlySecond);
    return ChiSquare{statistic, std::erfc(std::sqrt(statistic / 2))};
}

PairedDifference pairedDifference(const PairedTable& table) {
    const double n = table.count(), cw = table.onlyFirst, wc = table.onlySecond;
    const double difference = (cw - wc) / n;
    const double z = normalQuantile(0.975);
    const double wald = z * std::sqrt(cw + wc - (cw - wc) * (cw - wc) / n) / n;

    const int right1 = table.bothRight + table.onlyFirst;
    const int right2 = table.bothRight + table.onlySecond;
    const double p1 = right1 / n, p2 = right2 / n;
    const auto one = wilson95(right1, table.count()), two = wilson95(right2, table.count());
    const double a = table.bothRight, d = table.bothWrong;
    const double margins = (a + cw) * (wc + d) * (a + wc) * (cw + d);
    const double phi = margins > 0 ? (a * d - cw * wc) / std::sqrt(margins) : 0;
    const auto reach = [phi](double x, double y) {
        return std::sqrt(std::max(0.0, x * x - 2 * phi * x * y + y * y));
    };
    return {difference,
            {difference - wald, difference + wald},
            {difference - reach(p1 - one.low, two.high - p2),
             difference + reach(one.high - p1, p2 - two.low)}};
}

std::vector<double> holm(const std::vector<double>& p) {
    std::vector<double> adjusted(p.size());
    double most = 0;
    const auto order = ascending(p);
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
        most = std::max(most, p[order[rank]] * static_cast<double>(p.size() - rank));
        adjusted[order[rank]] = std::min(1.0, most);
    }
    return adjusted;
}

std::vector<double> benjaminiHochberg(const std::vector<double>& p) {
    std::vector<double> adjusted(p.size());
    double least = 1;
    const auto order = ascending(p);
    for (std::size_t rank = order.size(); rank > 0; --rank) {
        least = std::min(least, p[order[rank - 1]] * static_cast<double>(p.size()) / rank);
        adjusted[order[rank - 1]] = least;
    }
    return adjusted;
}

std::vector<double> bonferroni(const std::vector<double>& p) {
    auto adjusted = p;
    for (auto& value : adjusted) value = std::min(1.0, value * static_cast<double>(p.size()));
    return adjusted;
}

Stability stability(const std::vector<std::vector<double>>& scores) {
    Stability all;
    const double items = scores.size();
    for (const auto& runs : scores) {
        const double n = runs.size(), mean = std::accumulate(runs.begin(), runs.end(), 0.0) / n;
        double squares = 0;
        for (const double score : runs) squares += (score - mean) * (score - mean);
        all.expectedAccuracy += mean / items;
        all.consensusAccuracy += (mean > 0.5) / items;
        all.instability += (n > 1 ? squares / (n - 1) : 0) / items;
        all.consistency += (squares == 0) / items;
    }
    return all;
}

}  // namespace lvr
