#pragma once

namespace lvr {

struct Interval {
    double low = 0, high = 0;
};

// 95 % Wilson score interval of a share: `right` out of `count`. 0..1 when nothing was counted.
Interval wilson95(int right, int count);

}  // namespace lvr
