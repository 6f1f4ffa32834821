#include "app/cli/bench_ceilings.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "app/cli/bench_peak.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Twelve sums beside each other hide how long one takes. They stay finite: x -> x / 2 + 1.
double multiplyAddHere(std::int64_t rounds) {
    const hn::ScalableTag<float> tag;
    const auto half = hn::Set(tag, 0.5F), one = hn::Set(tag, 1.0F);
    auto a = one, b = one, c = one, d = one, e = one, f = one;
    auto g = half, h = half, i = half, j = half, k = half, l = half;
    for (std::int64_t round = 0; round < rounds; ++round) {
        a = hn::MulAdd(a, half, one), b = hn::MulAdd(b, half, one), c = hn::MulAdd(c, half, one);
        d = hn::MulAdd(d, half, one), e = hn::MulAdd(e, half, one), f = hn::MulAdd(f, half, one);
        g = hn::MulAdd(g, half, one), h = hn::MulAdd(h, half, one), i = hn::MulAdd(i, half, one);
        j = hn::MulAdd(j, half, one), k = hn::MulAdd(k, half, one), l = hn::MulAdd(l, half, one);
    }
    const auto sum = hn::Add(hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, d)), hn::Add(e, f)),
                             hn::Add(hn::Add(hn::Add(g, h), hn::Add(i, j)), hn::Add(k, l)));
    const double done = 24.0 * static_cast<double>(hn::Lanes(tag)) * static_cast<double>(rounds);
    return done + 0 * hn::GetLane(sum);  // so that the sums are needed
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lvr {

HWY_EXPORT(multiplyAddHere);

double multiplyAddInRegisters(std::int64_t rounds) {
    return HWY_DYNAMIC_DISPATCH(multiplyAddHere)(rounds);
}

}  // namespace lvr
#endif
