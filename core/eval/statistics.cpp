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

}  // namespace lvr
