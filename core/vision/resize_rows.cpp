#include <algorithm>

#include "core/vision/resize.h"

// AVX2 and AVX-512 on x86, NEON on ARM, and what every CPU can do.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/vision/resize_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int kFractionBits = 32 - 8 - 2;  // 8 for the byte, 2 for overshoot and sign
constexpr std::int32_t kRounding = 1 << (kFractionBits - 1);

// Bytes that stand `step` apart, weighed one by one: what is left over at an end.
std::uint8_t weighByte(const std::uint8_t* bytes, std::size_t step,
                       const std::vector<std::int32_t>& weights) {
    std::int32_t sum = kRounding;
    for (const auto weight : weights) sum += weight * *bytes, bytes += step;
    return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

void weighRowsHere(const std::uint8_t* rows, std::size_t stride,
                   const std::vector<std::int32_t>& weights, std::size_t length,
                   std::uint8_t* out) {
    const hn::ScalableTag<std::int32_t> wide;
    const hn::Rebind<std::uint8_t, decltype(wide)> bytes;
    const auto lanes = hn::Lanes(wide);
    const auto rounding = hn::Set(wide, kRounding);
    std::size_t i = 0;
    for (; i + 2 * lanes <= length; i += 2 * lanes) {
        auto low = rounding, high = rounding;
        const auto* row = rows + i;
        for (const auto weight : weights) {
            const auto w = hn::Set(wide, weight);
            low = hn::Add(low, hn::Mul(w, hn::PromoteTo(wide, hn::LoadU(bytes, row))));
            high = hn::Add(high, hn::Mul(w, hn::PromoteTo(wide, hn::LoadU(bytes, row + lanes))));
            row += stride;
        }
        hn::StoreU(hn::DemoteTo(bytes, hn::ShiftRight<kFractionBits>(low)), bytes, out + i);
        hn::StoreU(hn::DemoteTo(bytes, hn::ShiftRight<kFractionBits>(high)), bytes,
                   out + i + lanes);
    }
    for (; i < length; ++i) out[i] = weighByte(rows + i, stride, weights);
}

// Four bytes are read and written for the three of a pixel, where there is a pixel behind it.
void weighPixelsHere(const std::uint8_t* row, int from, const std::vector<ResampleWindow>& windows,
                     std::uint8_t* out) {
    const hn::CappedTag<std::int32_t, 4> wide;
    const bool fits = hn::Lanes(wide) == 4;
    const hn::Rebind<std::uint8_t, decltype(wide)> bytes;
    for (const auto& window : windows) {
        const auto* pixel = row + 3 * static_cast<std::ptrdiff_t>(window.first);
        if (fits && window.first + static_cast<int>(window.weights.size()) < from) {
            auto sum = hn::Set(wide, kRounding);
            for (const auto weight : window.weights) {
                sum = hn::Add(sum, hn::Mul(hn::Set(wide, weight),
                                           hn::PromoteTo(wide, hn::LoadU(bytes, pixel))));
                pixel += 3;
            }
            hn::StoreU(hn::DemoteTo(bytes, hn::ShiftRight<kFractionBits>(sum)), bytes, out);
        } else {
            for (int channel = 0; channel < 3; ++channel)
                out[channel] = weighByte(pixel + channel, 3, window.weights);
        }
        out += 3;
    }
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lvr {

HWY_EXPORT(weighRowsHere);
HWY_EXPORT(weighPixelsHere);

void weighRows(const std::uint8_t* rows, std::size_t stride,
               const std::vector<std::int32_t>& weights, std::size_t length, std::uint8_t* out) {
    HWY_DYNAMIC_DISPATCH(weighRowsHere)(rows, stride, weights, length, out);
}

void weighPixels(const std::uint8_t* row, int from, const std::vector<ResampleWindow>& windows,
                 std::uint8_t* out) {
    HWY_DYNAMIC_DISPATCH(weighPixelsHere)(row, from, windows, out);
}

}  // namespace lvr
#endif
