#include "core/statistics/resampling.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/error.h"

namespace lvr {
namespace {

constexpr double kTie = 1e-12;

double sumOf(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

double meanOf(const std::vector<double>& values) { return sumOf(values) / values.size(); }

std::vector<double> differencesOf(const std::vector<double>& first,
                                  const std::vector<double>& second) {
    if (first.size() != second.size())
        throw Error("two runs of " + std::to_string(first.size()) + " and " +
                    std::to_string(second.size()) + " items can't be paired");
    if (first.empty()) throw Error("there are no items to draw from");
    std::vector<double> differences(first.size());
    for (std::size_t i = 0; i < first.size(); ++i) differences[i] = second[i] - first[i];
    return differences;
}

// What is drawn: sums and sizes of clusters, numbered by first appearance; without any, the items.
struct Draws {
    std::vector<double> sums, sizes;
};

Draws drawsOf(const std::vector<double>& differences, const std::vector<int>& clusters) {
    if (clusters.empty()) return {differences, std::vector<double>(differences.size(), 1)};
    if (clusters.size() != differences.size())
        throw Error("there are " + std::to_string(clusters.size()) + " clusters' numbers for " +
                    std::to_string(differences.size()) + " items");
    Draws draws;
    std::map<int, std::size_t> numbers;
    for (std::size_t i = 0; i < differences.size(); ++i) {
        const auto [at, isNew] = numbers.try_emplace(clusters[i], draws.sums.size());
        if (isNew) {
            draws.sums.push_back(0);
            draws.sizes.push_back(0);
        }
        draws.sums[at->second] += differences[i];
        draws.sizes[at->second] += 1;
    }
    return draws;
}

PermutationTest tested(int atLeast, int permutations) {
    return {atLeast, (1.0 + atLeast) / (1.0 + permutations)};
}

}  // namespace

std::uint64_t SplitMix64::next() {
    auto z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

std::uint64_t SplitMix64::below(std::uint64_t count) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * count) >> 64);
}

double SplitMix64::unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

std::vector<std::vector<std::size_t>> resampledIndices(std::size_t count, int resamples,
                                                       std::uint64_t seed) {
    SplitMix64 random(seed);
    std::vector<std::vector<std::size_t>> all(resamples, std::vector<std::size_t>(count));
    for (auto& indices : all)
        for (auto& index : indices) index = random.below(count);
    return all;
}

Bootstrap pairedBootstrap(const std::vector<double>& first, const std::vector<double>& second,
                          int resamples, std::uint64_t seed, const std::vector<int>& clusters) {
    const auto differences = differencesOf(first, second);
    const auto [sums, sizes] = drawsOf(differences, clusters);
    Bootstrap all;
    all.difference = meanOf(differences);
    SplitMix64 random(seed);
    for (int resample = 0; resample < resamples; ++resample) {
        double sum = 0, size = 0;
        for (std::size_t i = 0; i < sums.size(); ++i) {
            const auto index = random.below(sums.size());
            sum += sums[index];
            size += sizes[index];
        }
        all.values.push_back(sum / size);
    }
    if (all.values.empty()) return all;
    all.mean = meanOf(all.values);
    double squares = 0, few = 0;
    for (const double value : all.values) {
        squares += (value - all.mean) * (value - all.mean);
        few += value <= 0;
    }
    if (resamples > 1) all.deviation = std::sqrt(squares / (resamples - 1));
    all.shareAtMostZero = few / resamples;
    all.within95 = {percentile(all.values, 0.025), percentile(all.values, 0.975)};
    all.within90 = {percentile(all.values, 0.05), percentile(all.values, 0.95)};
    return all;
}

PermutationTest signFlipTest(const std::vector<double>& differences, int permutations,
                             std::uint64_t seed) {
    const double seen = std::abs(sumOf(differences));
    SplitMix64 random(seed);
    int atLeast = 0;
    for (int i = 0; i < permutations; ++i) {
        double sum = 0;
        for (const double difference : differences)
            sum += random.next() >> 63 ? difference : -difference;
        atLeast += std::abs(sum) >= seen - kTie * differences.size();
    }
    return tested(atLeast, permutations);
}

double exactSignFlipTest(const std::vector<double>& differences) {
    constexpr std::size_t kMost = 20;
    const auto n = differences.size();
    if (n > kMost)
        throw Error("all signs of " + std::to_string(n) + " differences are too many; draw some");
    const double seen = std::abs(sumOf(differences));
    std::uint64_t atLeast = 0;
    for (std::uint64_t signs = 0; signs < (1ULL << n); ++signs) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i)
            sum += signs >> i & 1 ? differences[i] : -differences[i];
        atLeast += std::abs(sum) >= seen - kTie * n;
    }
    return static_cast<double>(atLeast) / static_cast<double>(1ULL << n);
}

std::vector<std::size_t> permutation(std::size_t count, SplitMix64& random) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    for (auto i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    return order;
}

TwoSampleTest twoSampleTest(const std::vector<double>& first, const std::vector<double>& second,
                            int permutations, SplitMix64& random) {
    auto all = first;
    all.insert(all.end(), second.begin(), second.end());
    const auto split = [&](const std::vector<std::size_t>& order) {
        double ahead = 0, behind = 0;
        for (std::size_t i = 0; i < order.size(); ++i)
            (i < first.size() ? ahead : behind) += all[order[i]];
        return behind / second.size() - ahead / first.size();
    };
    TwoSampleTest test{.difference = meanOf(second) - meanOf(first)};
    int above = 0, off = 0;
    for (int i = 0; i < permutations; ++i) {
        const double permuted = split(permutation(all.size(), random));
        above += permuted >= test.difference - kTie;
        off += std::abs(permuted) >= std::abs(test.difference) - kTie;
    }
    test.oneSided = tested(above, permutations);
    test.twoSided = tested(off, permutations);
    return test;
}

double shamTest(double target, const std::vector<double>& shams) {
    const auto atLeast = std::count_if(shams.begin(), shams.end(),
                                       [=](double sham) { return sham >= target - kTie; });
    return (1.0 + atLeast) / (1.0 + shams.size());
}

double percentile(std::vector<double> values, double q) {
    if (values.empty()) throw Error("there is no percentile of no values");
    std::sort(values.begin(), values.end());
    const double at = (values.size() - 1) * q;
    const auto below = static_cast<std::size_t>(at);
    const auto above = std::min(below + 1, values.size() - 1);
    return values[below] + (at - below) * (values[above] - values[below]);
}

}  // namespace lvr
