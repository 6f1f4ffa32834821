#pragma once

#include <vector>

namespace lvr {

// Measures of distributions, predictions and curves. Logarithms are natural.

// Sum 1, none below 0. Shares of zero add nothing.
double entropyOf(const std::vector<double>& probabilities);
// KL(p || q); infinite where q has none of what p has.
double klDivergence(const std::vector<double>& p, const std::vector<double>& q);
// Jensen-Shannon: 0 .. log 2, symmetric.
double jsDivergence(const std::vector<double>& p, const std::vector<double>& q);

// How well scores tell positives from the others: Mann-Whitney with ties counted half; 0.5 when
// one kind is missing.
double areaUnderRoc(const std::vector<int>& labels, const std::vector<double>& scores);
// Expected calibration error over `bins` equal bins; the last one is closed.
double calibrationError(const std::vector<double>& confidences, const std::vector<int>& correct,
                        int bins = 10);
double brierScore(const std::vector<double>& confidences, const std::vector<int>& correct);

// How y goes with x. At least two points, three for the p value; 0 when x or y does not vary.
double pearson(const std::vector<double>& x, const std::vector<double>& y);
double spearman(const std::vector<double>& x, const std::vector<double>& y);  // mean ranks of ties
struct FittedLine {
    double slope = 0, intercept = 0, slopeError = 0;
    double p = 1;  // two-sided, that the slope is 0
};
FittedLine fittedLine(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace lvr
