#pragma once

#include <cstdint>

namespace lvr {

// What stands between the products of a layer, each in one pass over float32 numbers, by one
// thread.

// y[i] = weight[i] x[i] / sqrt(mean(x^2) + eps), over one row of `size`. y may be x.
void normaliseRow(const float* x, const float* weight, double eps, std::int64_t size, float* y);

// gate[i] = silu(gate[i]) up[i]
void gate(float* gate, const float* up, std::int64_t count);

// Rotary embedding of one head: y[i] = x[i] cos[i] - x[i + d/2] sin[i], and for the other half
// y[i + d/2] = x[i + d/2] cos[i + d/2] + x[i] sin[i + d/2]. d is even; y is not x.
void rotateHead(const float* x, const float* cos, const float* sin, std::int64_t d, float* y);

}  // namespace lvr
