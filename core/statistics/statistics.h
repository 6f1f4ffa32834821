#pragma once

#include <optional>
#include <vector>

namespace lvr {

// Statistics of shares of right answers and of pairs of runs. Shares are 0..1; each test says what
// its value p is. Tables of two runs over the same items count them by right and wrong.

struct Interval {
    double low = 0, high = 0;
};

// z so that a standard normal is below it with probability p; p in (0, 1).
double normalQuantile(double p);
// P(X <= k) of a binomial, summed from exact terms.
double binomialCdf(int k, int n, double p);
// P(X = k).
double binomialMass(int k, int n, double p);
// Two-sided p value of |t| under Student's t; degrees >= 1.
double studentTwoSided(double t, int degrees);
// t so that |T| is below it with the given probability.
double studentQuantile(double confidence, int degrees);

// Wilson score interval of a share: `right` out of `count`. 0..1 when nothing was counted.
Interval wilson(int right, int count, double confidence);
inline Interval wilson95(int right, int count) { return wilson(right, count, 0.95); }
// Clopper-Pearson: exact, and so wider.
Interval clopperPearson(int right, int count, double confidence = 0.95);
// Half the width of a share's normal interval.
double halfWidth(double share, int count, double confidence = 0.95);

// Two-sided exact test of a share against `expected`: the outcomes that are not likelier than the
// one seen (as scipy's binomtest).
double binomialTest(int right, int count, double expected);

// Two runs over the same items: both right, only the first, only the second, neither.
struct PairedTable {
    int bothRight = 0, onlyFirst = 0, onlySecond = 0, bothWrong = 0;
    int count() const { return bothRight + onlyFirst + onlySecond + bothWrong; }
    bool operator==(const PairedTable&) const = default;
};
// Throws Error when the runs don't have the same number of items.
PairedTable pairedTable(const std::vector<bool>& first, const std::vector<bool>& second);

// McNemar's tests of the table's off-diagonal: how likely a difference at least this large is when
// both runs are as good.
double mcnemarExact(int onlyFirst, int onlySecond);     // two-sided
double mcnemarMidP(int onlyFirst, int onlySecond);      // less conservative
double mcnemarOneSided(int onlyFirst, int onlySecond);  // that the second is better
struct ChiSquare {
    double statistic = 0, p = 1;
};
// Without and with continuity correction; nothing when no item tells the runs apart.
std::optional<ChiSquare> mcnemarChiSquare(int onlyFirst, int onlySecond, bool corrected = false);

// 95 % interval of share(first) - share(second).
struct PairedDifference {
    double difference = 0;
    Interval wald, newcombe;  // Newcombe 1998, method 10 without correction of phi
};
PairedDifference pairedDifference(const PairedTable& table);

// p values of one family, in their order, adjusted so that each can be held against the level.
std::vector<double> holm(const std::vector<double>& p);
std::vector<double> benjaminiHochberg(const std::vector<double>& p);
std::vector<double> bonferroni(const std::vector<double>& p);

// Several runs of the same items with other seeds, one row an item (lmms-eval's names).
struct Stability {
    double expectedAccuracy = 0;   // EA: mean over all
    double consensusAccuracy = 0;  // CA: share of items that more than half of the runs got right
    double instability = 0;        // IV: mean over items of the variance over runs
    double consistency = 0;        // CR: share of items on which all runs agree
};
Stability stability(const std::vector<std::vector<double>>& scores);

}  // namespace lvr
