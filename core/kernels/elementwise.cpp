#include "core/kernels/elementwise.h"

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/elementwise.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which chooses what these are compiled for.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

float sumOfSquares(const float* x, std::int64_t size) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    auto even = hn::Zero(d), odd = hn::Zero(d);
    std::int64_t i = 0;
    for (; i + 2 * lanes <= size; i += 2 * lanes) {
        const auto a = hn::LoadU(d, x + i), b = hn::LoadU(d, x + i + lanes);
        even = hn::MulAdd(a, a, even);
        odd = hn::MulAdd(b, b, odd);
    }
    float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
    for (; i < size; ++i) sum += x[i] * x[i];
    return sum;
}

void normaliseRowHere(const float* x, const float* weight, double eps, std::int64_t size,
                      float* y) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const float mean = sumOfSquares(x, size) / static_cast<float>(size);
    const float scale = 1.0F / std::sqrt(mean + static_cast<float>(eps));
    const auto scales = hn::Set(d, scale);
    std::int64_t i = 0;
    for (; i + lanes <= size; i += lanes)
        hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, x + i), scales), hn::LoadU(d, weight + i)), d,
                   y + i);
    for (; i < size; ++i) y[i] = x[i] * scale * weight[i];
}

void gateHere(float* gate, const float* up, std::int64_t count) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto one = hn::Set(d, 1.0F);
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto x = hn::LoadU(d, gate + i);
        const auto silu = hn::Div(x, hn::Add(one, hn::Exp(d, hn::Neg(x))));
        hn::StoreU(hn::Mul(silu, hn::LoadU(d, up + i)), d, gate + i);
    }
    for (; i < count; ++i) gate[i] = gate[i] / (1.0F + std::exp(-gate[i])) * up[i];
}

void rotateHeadHere(const float* x, const float* cos, const float* sin, std::int64_t size,
                    float* y) {
    const hn::ScalableTag<float> d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d)), half = size / 2;
    std::int64_t i = 0;
    for (; i + lanes <= half; i += lanes) {
        const auto a = hn::LoadU(d, x + i), b = hn::LoadU(d, x + half + i);
        const auto low = hn::Mul(b, hn::LoadU(d, sin + i));
        const auto high = hn::Mul(a, hn::LoadU(d, sin + half + i));
        hn::StoreU(hn::MulSub(a, hn::LoadU(d, cos + i), low), d, y + i);
        hn::StoreU(hn::MulAdd(b, hn::LoadU(d, cos + half + i), high), d, y + half + i);
    }
    for (; i < half; ++i) {
        const float a = x[i], b = x[half + i];
        y[i] = a * cos[i] - b * sin[i];
        y[half + i] = b * cos[half + i] + a * sin[half + i];
    }
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lvr {

HWY_EXPORT(normaliseRowHere);
HWY_EXPORT(gateHere);
HWY_EXPORT(rotateHeadHere);

void normaliseRow(const float* x, const float* weight, double eps, std::int64_t size, float* y) {
    HWY_DYNAMIC_DISPATCH(normaliseRowHere)(x, weight, eps, size, y);
}

void gate(float* gate, const float* up, std::int64_t count) {
    HWY_DYNAMIC_DISPATCH(gateHere)(gate, up, count);
}

void rotateHead(const float* x, const float* cos, const float* sin, std::int64_t d, float* y) {
    HWY_DYNAMIC_DISPATCH(rotateHeadHere)(x, cos, sin, d, y);
}

}  // namespace lvr
#endif
