#pragma once

#include <vector>

#include "core/statistics/statistics.h"

namespace lvr {

// How sure a mean is when items of one cluster (pair, picture, question) are alike.
struct ClusteredMean {
    double mean = 0;
    int count = 0, clusters = 0;
    double independent = 0;   // standard error as if every item were its own cluster
    double miller = 0;        // Miller 2024, equation 4; what lmms-eval prints
    double cr0 = 0, cr1 = 0;  // sandwich; CR1 with G / (G - 1)
    Interval normal95;        // with CR0
    Interval student95;       // with CR1, G - 1 degrees of freedom; all of them when G is 1
};

// values: one an item; clusters: its cluster's number. For two runs give their differences. Throws
// Error when lengths differ or nothing is there.
ClusteredMean clusteredMean(const std::vector<double>& values, const std::vector<int>& clusters);

// Student's t of paired differences, as lmms-eval prints it.
struct PairedT {
    double mean = 0, error = 0, t = 0, p = 1;
    Interval within95;
};
// differences: second - first, at least two. Throws Error.
PairedT pairedT(const std::vector<double>& differences);

}  // namespace lvr
