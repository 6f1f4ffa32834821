#pragma once

#include <cstdint>
#include <vector>

#include "core/statistics/statistics.h"

namespace lvr {

// Draws that come out the same everywhere: SplitMix64 (Steele, Lea, Flood 2014).
class SplitMix64 {
public:
    explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    std::uint64_t below(std::uint64_t count);  // 0 .. count - 1
    double unit();                             // [0, 1)

private:
    std::uint64_t state_;
};

// Resamples of `count` indices each, one after another from one stream.
std::vector<std::vector<std::size_t>> resampledIndices(std::size_t count, int resamples,
                                                       std::uint64_t seed);

// Means of differences that were drawn again and again, with replacement.
struct Bootstrap {
    double difference = 0;       // as seen
    std::vector<double> values;  // one a resample, in the order of drawing
    double mean = 0, deviation = 0;
    Interval within95, within90;  // percentiles
    double shareAtMostZero = 0;
};

// mean(second) - mean(first), items drawn in pairs. Items that share a cluster (pair, picture,
// question) are drawn together, when clusters are given; each resample then has as many clusters.
// Throws Error when lengths differ or nothing is there.
Bootstrap pairedBootstrap(const std::vector<double>& first, const std::vector<double>& second,
                          int resamples, std::uint64_t seed, const std::vector<int>& clusters = {});

// How many of `permutations` were at least as extreme as what was seen, ties included, and
// p = (1 + at least) / (1 + permutations).
struct PermutationTest {
    int atLeast = 0;
    double p = 1;
};

// Whether the mean of paired differences is off zero: signs are flipped at random, two-sided.
PermutationTest signFlipTest(const std::vector<double>& differences, int permutations,
                             std::uint64_t seed);
// The same over all 2^n signs, at most 20 differences. Throws Error.
double exactSignFlipTest(const std::vector<double>& differences);

// Whether the second sample's mean is above the first's (one-sided) or off it (two-sided).
struct TwoSampleTest {
    double difference = 0;  // mean(second) - mean(first)
    PermutationTest oneSided, twoSided;
};
TwoSampleTest twoSampleTest(const std::vector<double>& first, const std::vector<double>& second,
                            int permutations, SplitMix64& random);
// An order of 0 .. count - 1 (Fisher-Yates from the end).
std::vector<std::size_t> permutation(std::size_t count, SplitMix64& random);

// Whether a target's effect is larger than that of shams of its size, one-sided:
// (1 + shams at least as large) / (1 + shams).
double shamTest(double target, const std::vector<double>& shams);

// The value below which a share q of them lies, interpolated at (n - 1) q. Throws Error: none.
double percentile(std::vector<double> values, double q);

}  // namespace lvr
