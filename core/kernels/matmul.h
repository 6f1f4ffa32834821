#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/kernels/weight_matrix.h"

namespace lvr {

// Runs body(begin, end) on parts of [0, count) of at least `grain` each, on the threads that the
// caller has, and returns when all are done.
using ParallelFor =
    std::function<void(std::int64_t count, std::int64_t grain,
                       const std::function<void(std::int64_t, std::int64_t)>& body)>;

// y[m, o] = sum_i x[m, i] W[o, i] + bias[o], for `rows` rows.
struct Product {
    WeightMatrix weight;
    const float* bias = nullptr;  // [out] or nullptr
    float* y = nullptr;           // [rows, out], rows `yStride` floats apart
    std::int64_t yStride = 0;
};

// x: [rows, in], rows `stride` floats apart.
struct Inputs {
    const float* x = nullptr;
    std::int64_t rows = 0, stride = 0;
};

// Up to so many rows the time is that of reading the weights: multiplyRows is for these.
constexpr std::int64_t kFewRows = 16;

// Few rows (1 to kFewRows), products of the same x with several matrices (q, k and v) in one go:
// each weight is read once, in its own numbers. A row's result does not depend on the rows beside
// it. Sums are float32.
void multiplyRows(std::span<const Product> products, const Inputs& x, const ParallelFor& parallel);

// Any number of rows: panels of x and of the weights, widened to float32, are packed as they are
// needed, so that no second copy of the weights is made.
void multiply(const Product& product, const Inputs& x, const ParallelFor& parallel);

}  // namespace lvr
