#include "core/eval/statistics.h"

#include <algorithm>
#include <cmath>

namespace lvr {

Interval wilson95(int right, int count) {
    if (count == 0) return {0, 1};
    constexpr double z = 1.959963984540054;
    const double n = count, p = right / n, zz = z * z / n;
    const double centre = (p + zz / 2) / (1 + zz);
    const double half = z * std::sqrt(p * (1 - p) / n + zz / (4 * n)) / (1 + zz);
    return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

double mcnemarExact(int onlyFirst, int onlySecond) {
    const int n = onlyFirst + onlySecond, fewer = std::min(onlyFirst, onlySecond);
    double tail = 0;  // P(X <= fewer), X ~ binomial(n, 1/2); logarithms, since 2^n overflows
    for (int k = 0; k <= fewer; ++k)
        tail += std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) -
                         n * std::log(2.0));
    return std::min(1.0, 2 * tail);
}

}  // namespace lvr
