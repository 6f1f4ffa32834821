// Per-target: how a row of a weight matrix is read. Include guard of Highway's kind: this file is
// compiled once for each instruction set.
#if defined(LVR_KERNELS_WEIGHT_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LVR_KERNELS_WEIGHT_ROWS_INL_H
#undef LVR_KERNELS_WEIGHT_ROWS_INL_H
#else
#define LVR_KERNELS_WEIGHT_ROWS_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "core/kernels/weight_matrix.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;
constexpr std::int64_t kLanes = HWY_LANES(float);

// Weights are read in blocks of so many columns, each as kPairs pairs of vectors.
constexpr std::int64_t kBlock = 32;
constexpr std::int64_t kPairs = kBlock / 2 / kLanes;

struct Pair {
    Vector first, second;
};

HWY_INLINE float widened(std::uint16_t bfloat16) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bfloat16) << 16);
}

// A row [in] of a matrix. pair(b, p) gives 2 * kLanes of the weights of block b; the lane `lane` of
// its half `half` is the block's column `column(p, half, lane)`.

struct F32Row {
    using Number = float;
    static constexpr bool kIsScaled = false;
    const float* data;

    static F32Row of(const WeightMatrix& w, std::int64_t row) {
        return {static_cast<const float*>(w.data) + row * w.in};
    }
    static std::int64_t column(std::int64_t p, std::int64_t half, std::int64_t lane) {
        return (2 * p + half) * kLanes + lane;
    }
    HWY_INLINE void useGroup(std::int64_t) {}
    HWY_INLINE Pair pair(std::int64_t block, std::int64_t p) const {
        const float* at = data + block * kBlock + 2 * p * kLanes;
        return {hn::LoadU(Floats(), at), hn::LoadU(Floats(), at + kLanes)};
    }
};

// Two neighbours are one 32-bit number: the even columns are its lower half, the odd ones its upper
// half, so that no lanes have to change their places.
struct BF16Row {
    using Number = std::uint16_t;
    static constexpr bool kIsScaled = false;
    const std::uint16_t* data;

    static BF16Row of(const WeightMatrix& w, std::int64_t row) {
        return {static_cast<const std::uint16_t*>(w.data) + row * w.in};
    }
    static std::int64_t column(std::int64_t p, std::int64_t half, std::int64_t lane) {
        return 2 * (p * kLanes + lane) + half;
    }
    HWY_INLINE void useGroup(std::int64_t) {}
    HWY_INLINE Pair pair(std::int64_t block, std::int64_t p) const {
        const hn::RebindToUnsigned<Floats> bits;
        const auto* at = reinterpret_cast<const std::uint32_t*>(data + block * kBlock) + p * kLanes;
        const auto two = hn::LoadU(bits, at);
        return {hn::BitCast(Floats(), hn::ShiftLeft<16>(two)),
                hn::BitCast(Floats(), hn::And(two, hn::Set(bits, 0xFFFF0000u)))};
    }
};

struct I8Row {
    using Number = std::int8_t;
    static constexpr bool kIsScaled = true;
    const std::int8_t* data;
    const std::uint16_t* scales;
    Vector scale;

    static I8Row of(const WeightMatrix& w, std::int64_t row) {
        I8Row it;
        it.data = static_cast<const std::int8_t*>(w.data) + row * w.in;
        it.scales = w.scales + row * (w.in / w.group);
        return it;
    }
    static std::int64_t column(std::int64_t p, std::int64_t half, std::int64_t lane) {
        return F32Row::column(p, half, lane);
    }
    HWY_INLINE void useGroup(std::int64_t g) { scale = hn::Set(Floats(), widened(scales[g])); }
    HWY_INLINE Pair pair(std::int64_t block, std::int64_t p) const {
        const auto* at = data + block * kBlock + 2 * p * kLanes;
        return {weights(at), weights(at + kLanes)};
    }
    HWY_INLINE Vector weights(const std::int8_t* at) const {
        const hn::RebindToSigned<Floats> integers;
        const hn::Rebind<std::int8_t, Floats> bytes;
        return hn::Mul(hn::ConvertTo(Floats(), hn::PromoteTo(integers, hn::LoadU(bytes, at))),
                       scale);
    }
};

// (bits - 8) * scale is exact as bits * scale - 8 * scale: a scale has 8 significant bits.
struct I4Row {
    using Number = std::uint8_t;
    static constexpr bool kIsScaled = true;
    const std::uint8_t* data;
    const std::uint16_t* scales;
    Vector scale, eight;

    static I4Row of(const WeightMatrix& w, std::int64_t row) {
        I4Row it;
        it.data = static_cast<const std::uint8_t*>(w.data) + row * w.in / 2;
        it.scales = w.scales + row * (w.in / w.group);
        return it;
    }
    static std::int64_t column(std::int64_t p, std::int64_t half, std::int64_t lane) {
        return half * (kBlock / 2) + p * kLanes + lane;
    }
    HWY_INLINE void useGroup(std::int64_t g) {
        scale = hn::Set(Floats(), widened(scales[g]));
        eight = hn::Mul(scale, hn::Set(Floats(), 8.0f));
    }
    HWY_INLINE Pair pair(std::int64_t block, std::int64_t p) const {
        const hn::RebindToSigned<Floats> integers;
        const hn::Rebind<std::uint8_t, Floats> bytes;
        const auto* at = data + block * (kBlock / 2) + p * kLanes;
        const auto both = hn::PromoteTo(integers, hn::LoadU(bytes, at));
        return {weights(hn::And(both, hn::Set(integers, 15))), weights(hn::ShiftRight<4>(both))};
    }
    template <class Integers>
    HWY_INLINE Vector weights(Integers bits) const {
        return hn::MulSub(hn::ConvertTo(Floats(), bits), scale, eight);
    }
};

// The last in % kBlock columns of a row, with zeros behind them. Only unquantised rows have such.
template <class Row>
struct PaddedTail {
    typename Row::Number numbers[kBlock] = {};
    Row fill(Row row, std::int64_t in) {
        std::copy(row.data + in / kBlock * kBlock, row.data + in, numbers);
        row.data = numbers;
        return row;
    }
};

// How many blocks of columns share a scale.
inline std::int64_t blocksOfGroup(const WeightMatrix& w) {
    return std::max<std::int64_t>(w.scales ? w.group / kBlock : w.in / kBlock, 1);
}

// work(Row type) for the matrix's type of numbers.
template <class Work>
void forRowsOf(WeightType type, const Work& work) {
    switch (type) {
        case WeightType::F32:
            return work.template operator()<F32Row>();
        case WeightType::BF16:
            return work.template operator()<BF16Row>();
        case WeightType::I8:
            return work.template operator()<I8Row>();
        case WeightType::I4:
            return work.template operator()<I4Row>();
    }
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
