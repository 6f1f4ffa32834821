#include "core/statistics/measures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/statistics/statistics.h"

namespace lvr {
namespace {

double middleOf(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / values.size();
}

// Sum of (x - mean x)(y - mean y).
double coSquares(const std::vector<double>& x, const std::vector<double>& y) {
    const double middleX = middleOf(x), middleY = middleOf(y);
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - middleX) * (y[i] - middleY);
    return sum;
}

// From 1; equals share the mean of their ranks.
std::vector<double> ranksOf(const std::vector<double>& values) {
    std::vector<double> ranks;
    for (const double value : values) {
        double below = 0, same = 0;
        for (const double other : values) {
            below += other < value;
            same += other == value;
        }
        ranks.push_back(below + (same + 1) / 2);
    }
    return ranks;
}

}  // namespace

double entropyOf(const std::vector<double>& probabilities) {
    double sum = 0;
    for (const double p : probabilities)
        if (p > 0) sum -= p * std::log(p);
    return sum;
}

double klDivergence(const std::vector<double>& p, const std::vector<double>& q) {
    double sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i)
        if (p[i] > 0) sum += p[i] * std::log(p[i] / q[i]);
    return sum;
}

double jsDivergence(const std::vector<double>& p, const std::vector<double>& q) {
    std::vector<double> middle(p.size());
    for (std::size_t i = 0; i < p.size(); ++i) middle[i] = (p[i] + q[i]) / 2;
    return (klDivergence(p, middle) + klDivergence(q, middle)) / 2;
}

double areaUnderRoc(const std::vector<int>& labels, const std::vector<double>& scores) {
    double wins = 0, pairs = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
        for (std::size_t j = 0; labels[i] && j < labels.size(); ++j) {
            if (labels[j]) continue;
            wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            ++pairs;
        }
    return pairs > 0 ? wins / pairs : 0.5;
}

double calibrationError(const std::vector<double>& confidences, const std::vector<int>& correct,
                        int bins) {
    std::vector<double> excess(bins);  // confidence less correctness
    for (std::size_t i = 0; i < confidences.size(); ++i) {
        int bin = std::clamp(static_cast<int>(confidences[i] * bins), 0, bins - 1);
        if (bin + 1 < bins && confidences[i] >= (bin + 1.0) / bins) ++bin;
        if (bin > 0 && confidences[i] < static_cast<double>(bin) / bins) --bin;
        excess[bin] += confidences[i] - correct[i];
    }
    double sum = 0;
    for (const double each : excess) sum += std::abs(each);
    return sum / confidences.size();
}

double brierScore(const std::vector<double>& confidences, const std::vector<int>& correct) {
    double sum = 0;
    for (std::size_t i = 0; i < confidences.size(); ++i)
        sum += (confidences[i] - correct[i]) * (confidences[i] - correct[i]);
    return sum / confidences.size();
}

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
    const double spread = std::sqrt(coSquares(x, x) * coSquares(y, y));
    return spread > 0 ? coSquares(x, y) / spread : 0;
}

double spearman(const std::vector<double>& x, const std::vector<double>& y) {
    return pearson(ranksOf(x), ranksOf(y));
}

FittedLine fittedLine(const std::vector<double>& x, const std::vector<double>& y) {
    FittedLine line;
    const double squares = coSquares(x, x);
    line.intercept = middleOf(y);
    if (squares == 0) return line;
    line.slope = coSquares(x, y) / squares;
    line.intercept -= line.slope * middleOf(x);
    const int degrees = static_cast<int>(x.size()) - 2;
    if (degrees < 1) return line;
    double rest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double off = y[i] - line.intercept - line.slope * x[i];
        rest += off * off;
    }
    line.slopeError = std::sqrt(rest / degrees / squares);
    line.p = line.slopeError > 0 ? studentTwoSided(line.slope / line.slopeError, degrees) : 0;
    return line;
}

}  // namespace lvr
