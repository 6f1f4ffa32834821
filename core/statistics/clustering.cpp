#include "core/statistics/clustering.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/error.h"

namespace lvr {
namespace {

double average(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / values.size();
}

Interval around(double mean, double half) { return {mean - half, mean + half}; }

}  // namespace

ClusteredMean clusteredMean(const std::vector<double>& values, const std::vector<int>& clusters) {
    if (values.size() != clusters.size() || values.empty())
        throw Error("there are " + std::to_string(clusters.size()) + " clusters' numbers for " +
                    std::to_string(values.size()) + " items");
    const double n = values.size(), mean = average(values);
    std::map<int, double> sums;  // of deviations
    double squares = 0, together = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        sums[clusters[i]] += values[i] - mean;
        squares += (values[i] - mean) * (values[i] - mean);
    }
    for (const auto& [cluster, sum] : sums) together += sum * sum;
    const double groups = sums.size(), variance = n > 1 ? squares / (n - 1) : 0;

    ClusteredMean all{
        .mean = mean, .count = static_cast<int>(n), .clusters = static_cast<int>(groups)};
    all.independent = std::sqrt(variance / n);
    all.miller = std::sqrt(std::max(0.0, variance / n + (together - squares) / (n * n)));
    all.cr0 = std::sqrt(together) / n;
    all.normal95 = around(mean, normalQuantile(0.975) * all.cr0);
    const double all_of_them = std::numeric_limits<double>::infinity();
    all.student95 = {-all_of_them, all_of_them};
    if (groups < 2) return all;
    all.cr1 = all.cr0 * std::sqrt(groups / (groups - 1));
    all.student95 = around(mean, studentQuantile(0.95, all.clusters - 1) * all.cr1);
    return all;
}

PairedT pairedT(const std::vector<double>& differences) {
    const int n = static_cast<int>(differences.size());
    if (n < 2) throw Error("a paired t needs at least two differences");
    const double mean = average(differences);
    double squares = 0;
    for (const double difference : differences)
        squares += (difference - mean) * (difference - mean);
    PairedT test{.mean = mean, .error = std::sqrt(squares / (n - 1) / n)};
    test.within95 = around(mean, studentQuantile(0.95, n - 1) * test.error);
    if (test.error == 0) {  // all equal: certain, or no difference at all
        test.p = mean == 0;
        return test;
    }
    test.t = mean / test.error;
    test.p = studentTwoSided(test.t, n - 1);
    return test;
}

}  // namespace lvr
