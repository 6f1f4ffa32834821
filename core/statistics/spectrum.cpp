#include "core/statistics/spectrum.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/statistics/measures.h"

namespace lvr {
namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<std::vector<double>> vectorsOf(const Rows& rows) {
    std::vector<std::vector<double>> vectors;
    for (std::size_t i = 0; i < rows.count; ++i) {
        const auto row = rows.values.subspan(i * rows.size, rows.size);
        vectors.emplace_back(row.begin(), row.end());
    }
    return vectors;
}

std::vector<std::vector<double>> transposed(const Rows& rows) {
    std::vector<std::vector<double>> columns(rows.size, std::vector<double>(rows.count));
    for (std::size_t i = 0; i < rows.count; ++i)
        for (std::size_t j = 0; j < rows.size; ++j) columns[j][i] = rows.values[i * rows.size + j];
    return columns;
}

// Turns two vectors so that they are orthogonal. Whether they were not.
bool turn(std::vector<double>& a, std::vector<double>& b) {
    constexpr double kOrthogonal = 1e-15;
    const double aa = dot(a, a), bb = dot(b, b), ab = dot(a, b);
    if (ab == 0 || std::abs(ab) <= kOrthogonal * std::sqrt(aa * bb)) return false;
    const double zeta = (bb - aa) / (2 * ab);
    const double tangent = std::copysign(1.0, zeta) / (std::abs(zeta) + std::hypot(1, zeta));
    const double cosine = 1 / std::hypot(1, tangent), sine = cosine * tangent;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = a[i];
        a[i] = cosine * x - sine * b[i];
        b[i] = sine * x + cosine * b[i];
    }
    return true;
}

std::vector<double> shares(std::vector<double> values) {
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    for (auto& value : values) value /= sum > 0 ? sum : 1;
    return values;
}

std::vector<double> squared(std::vector<double> values) {
    for (auto& value : values) value *= value;
    return values;
}

double total(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

std::vector<double> singularValues(const Rows& rows) {
    constexpr int kSweeps = 60;
    auto vectors = rows.count < rows.size ? vectorsOf(rows) : transposed(rows);
    for (int sweep = 0, turned = 1; turned > 0 && sweep < kSweeps; ++sweep) {
        turned = 0;
        for (std::size_t i = 0; i + 1 < vectors.size(); ++i)
            for (std::size_t j = i + 1; j < vectors.size(); ++j)
                turned += turn(vectors[i], vectors[j]);
    }
    std::vector<double> values;
    for (const auto& vector : vectors) values.push_back(std::sqrt(dot(vector, vector)));
    std::sort(values.begin(), values.end(), std::greater<>());
    return values;
}

double effectiveRank(const std::vector<double>& singularValues) {
    return std::exp(entropyOf(shares(singularValues)));
}

double effectiveRankOfEnergy(const std::vector<double>& singularValues) {
    return effectiveRank(squared(singularValues));
}

double participationRatio(const std::vector<double>& singularValues) {
    const auto energy = squared(singularValues);
    const double fourth = total(squared(energy)), sum = total(energy);
    return fourth > 0 ? sum * sum / fourth : 0;
}

double stableRank(const std::vector<double>& singularValues) {
    const auto energy = squared(singularValues);
    const double most = energy.empty() ? 0 : *std::max_element(energy.begin(), energy.end());
    return most > 0 ? total(energy) / most : 0;
}

std::vector<double> explainedVariance(const Rows& rows) {
    std::vector<double> centred(rows.values.begin(), rows.values.end());
    for (std::size_t j = 0; j < rows.size; ++j) {
        double mean = 0;
        for (std::size_t i = 0; i < rows.count; ++i) mean += centred[i * rows.size + j];
        mean /= rows.count;
        for (std::size_t i = 0; i < rows.count; ++i) centred[i * rows.size + j] -= mean;
    }
    return shares(squared(singularValues({centred, rows.count, rows.size})));
}

std::vector<double> cosines(const Rows& rows) {
    const auto vectors = vectorsOf(rows);
    std::vector<double> all(rows.count * rows.count);
    for (std::size_t i = 0; i < rows.count; ++i)
        for (std::size_t j = 0; j < rows.count; ++j) {
            const double norms =
                std::sqrt(dot(vectors[i], vectors[i]) * dot(vectors[j], vectors[j]));
            all[i * rows.count + j] = norms > 0 ? dot(vectors[i], vectors[j]) / norms : 0;
        }
    return all;
}

double meanCosine(const std::vector<double>& cosines, std::size_t count) {
    if (count < 2) return 0;
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t j = 0; j < count; ++j)
            if (i != j) sum += cosines[i * count + j];
    return sum / static_cast<double>(count * (count - 1));
}

double meanSuccessiveCosine(const std::vector<double>& cosines, std::size_t count) {
    if (count < 2) return 0;
    double sum = 0;
    for (std::size_t i = 0; i + 1 < count; ++i) sum += cosines[i * count + i + 1];
    return sum / static_cast<double>(count - 1);
}

}  // namespace lvr
