#pragma once

namespace lvr {

struct Interval {
    double low = 0, high = 0;
};

// 95 % Wilson score interval of a share: `right` out of `count`. 0..1 when nothing was counted.
Interval wilson95(int right, int count);

// Two-sided exact McNemar test of two methods asked the same questions: how likely at least as
// uneven a split of the questions that only one of them got right would be by chance. 1 when there
// is no such question.
double mcnemarExact(int onlyFirst, int onlySecond);

}  // namespace lvr
