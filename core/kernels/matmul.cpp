#include "core/kernels/matmul.h"

#include <bit>

namespace lvr {
namespace {

float wide(std::uint16_t bfloat16) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bfloat16) << 16);
}

float quantised(const WeightMatrix& w, std::int64_t o, std::int64_t i) {
    const float scale = wide(w.scales[(o * w.in + i) / w.group]);
    if (w.type == WeightType::I8)
        return scale * static_cast<const std::int8_t*>(w.data)[o * w.in + i];
    const auto block = (o * w.in + i) / 32, at = i % 32;
    const auto byte = static_cast<const std::uint8_t*>(w.data)[block * 16 + at % 16];
    return scale * static_cast<float>((at < 16 ? byte & 15 : byte >> 4) - 8);
}

float weightAt(const WeightMatrix& w, std::int64_t o, std::int64_t i) {
    switch (w.type) {
        case WeightType::F32:
            return static_cast<const float*>(w.data)[o * w.in + i];
        case WeightType::BF16:
            return wide(static_cast<const std::uint16_t*>(w.data)[o * w.in + i]);
        default:
            return quantised(w, o, i);
    }
}

}  // namespace

void multiplyRows(std::span<const Product> products, const Inputs& x, const ParallelFor& parallel) {
    for (const auto& product : products) multiply(product, x, parallel);
}

void multiply(const Product& p, const Inputs& x, const ParallelFor& parallel) {
    parallel(p.weight.out, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto o = begin; o < end; ++o)
            for (std::int64_t m = 0; m < x.rows; ++m) {
                float sum = p.bias ? p.bias[o] : 0;
                for (std::int64_t i = 0; i < p.weight.in; ++i)
                    sum += x.x[m * x.stride + i] * weightAt(p.weight, o, i);
                p.y[m * p.yStride + o] = sum;
            }
    });
}

void multiply(std::span<const Gemm> products, const ParallelFor& parallel) {
    parallel(std::ssize(products), 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto g = begin; g < end; ++g) {
            const auto& p = products[g];
            for (std::int64_t m = 0; m < p.m; ++m)
                for (std::int64_t n = 0; n < p.n; ++n) {
                    float sum = 0;
                    for (std::int64_t k = 0; k < p.k; ++k)
                        sum += p.a.data[m * p.a.row + k * p.a.column] *
                               p.b.data[k * p.b.row + n * p.b.column];
                    auto& c = p.c[m * p.cStride + n];
                    c = p.alpha * sum + (p.beta == 0 ? 0 : p.beta * c);
                }
        }
    });
}

}  // namespace lvr
