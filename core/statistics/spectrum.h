#pragma once

#include <span>
#include <vector>

namespace lvr {

// In how many directions a set of vectors really spreads: latents of a thought, of many pictures.

// Vectors as rows, one after another.
struct Rows {
    std::span<const double> values;  // [count, size]
    std::size_t count = 0, size = 0;
};

// Largest first, min(count, size) of them. One-sided Jacobi: exact to rounding, for some hundred
// rows or columns; cost count * size * min(count, size) a sweep.
std::vector<double> singularValues(const Rows& rows);

// exp(entropy of s / sum s) (Roy and Vetterli 2007): 1 when all are parallel.
double effectiveRank(const std::vector<double>& singularValues);
double effectiveRankOfEnergy(const std::vector<double>& singularValues);  // with s^2
double participationRatio(const std::vector<double>& singularValues);     // (sum s^2)^2 / sum s^4
double stableRank(const std::vector<double>& singularValues);             // sum s^2 / max s^2
// Share of the variance around the mean row that each principal direction explains.
std::vector<double> explainedVariance(const Rows& rows);

// [count, count]; 0 with a row of zeros.
std::vector<double> cosines(const Rows& rows);
// Of a matrix of cosines: between different rows, and between each row and the next. 0: none.
double meanCosine(const std::vector<double>& cosines, std::size_t count);
double meanSuccessiveCosine(const std::vector<double>& cosines, std::size_t count);

}  // namespace lvr
