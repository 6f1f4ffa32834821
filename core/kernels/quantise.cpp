#include "core/kernels/quantise.h"

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/quantise.cpp"
#include <hwy/aligned_allocator.h>
#include <hwy/foreach_target.h>
// After foreach_target.h, which chooses what these are compiled for.
#include "core/kernels/weight_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

using Bits = hn::RebindToUnsigned<Floats>;

HWY_INLINE Vector all(float x) { return hn::Set(Floats(), x); }

// To the nearest whole number, ties to even, as long as it is small.
HWY_INLINE Vector nearest(Vector x) {
    const auto shift = all(12582912.0F);  // 1.5 * 2^23: its last bit is worth 1
    return hn::Sub(hn::Add(x, shift), shift);
}

struct Levels {
    Vector lowest, highest;
    HWY_INLINE Vector of(Vector weights, Vector perScale) const {
        return hn::Min(hn::Max(nearest(hn::Mul(weights, perScale)), lowest), highest);
    }
};
HWY_INLINE Levels levelsOf(int bits) {
    return bits == 8 ? Levels{all(-127), all(127)} : Levels{all(-8), all(7)};
}

// To the nearest number that bfloat16 holds, ties to even; 0 where its reciprocal would overflow.
HWY_INLINE Vector usable(Vector scales) {
    const auto bits = hn::BitCast(Bits(), scales);
    const auto even = hn::And(hn::ShiftRight<16>(bits), hn::Set(Bits(), 1U));
    const auto up = hn::Add(bits, hn::Add(hn::Set(Bits(), 0x7FFFU), even));
    const auto stored = hn::BitCast(Floats(), hn::And(up, hn::Set(Bits(), 0xFFFF0000U)));
    return hn::IfThenElseZero(hn::Ge(hn::Abs(stored), all(1e-35F)), stored);
}

HWY_INLINE Vector reciprocal(Vector x) {
    return hn::IfThenElseZero(hn::Ne(x, all(0)), hn::Div(all(1), x));
}

// As many groups as a vector has lanes, a lane each, so that their sums are added up in the order
// of one group by itself. [group, kLanes]
class GroupLanes {
public:
    // Those that there are not are 0.
    GroupLanes(const WeightGroups& of, std::int64_t first, float* scratch)
        : weights_(scratch), size_(of.group) {
        const auto count = std::min(kLanes, of.groups - first);
        const auto* from = of.weights + first * size_;
        for (std::int64_t i = 0; i < size_; ++i) {
            auto* lanes = scratch + i * kLanes;
            for (std::int64_t g = 0; g < count; ++g) lanes[g] = from[g * size_ + i];
            for (auto g = count; g < kLanes; ++g) lanes[g] = 0;
        }
    }

    HWY_INLINE Vector at(std::int64_t i) const { return hn::Load(Floats(), weights_ + i * kLanes); }
    HWY_INLINE Vector largest() const {
        auto most = all(0);
        for (std::int64_t i = 0; i < size_; ++i) most = hn::Max(most, hn::Abs(at(i)));
        return most;
    }
    HWY_INLINE Vector squaredError(Vector scales) const {
        const auto levels = levelsOf(4);
        const auto perScale = reciprocal(scales);
        Vector sums[kErrorSums];
        for (auto& sum : sums) sum = all(0);
        for (std::int64_t i = 0; i < size_; i += kErrorSums)
#pragma GCC unroll 8
            for (int part = 0; part < kErrorSums; ++part) {
                const auto weights = at(i + part);
                const auto off = hn::Sub(weights, hn::Mul(scales, levels.of(weights, perScale)));
                sums[part] = hn::Add(sums[part], hn::Mul(off, off));
            }
        auto sum = all(0);
        for (const auto& part : sums) sum = hn::Add(sum, part);
        return sum;
    }
    // The scales that fit best those integers that `scales` give.
    HWY_INLINE Vector refitted(Vector scales) const {
        const auto levels = levelsOf(4);
        const auto perScale = reciprocal(scales);
        auto product = all(0), square = all(0);
        for (std::int64_t i = 0; i < size_; ++i) {
            const auto weights = at(i), q = levels.of(weights, perScale);
            product = hn::Add(product, hn::Mul(weights, q));
            square = hn::Add(square, hn::Mul(q, q));
        }
        return hn::IfThenElseZero(hn::Ne(square, all(0)), hn::Div(product, square));
    }

private:
    static constexpr int kErrorSums = 8;  // beside each other; divides a group
    const float* weights_;
    std::int64_t size_;
};

Vector scalesOfFourBits(const GroupLanes& groups, Vector largest) {
    auto best = all(0), least = groups.squaredError(best);
    const auto tryOut = [&](Vector scales) HWY_ATTR {
        const auto stored = usable(scales), error = groups.squaredError(stored);
        const auto isLess = hn::Lt(error, least);
        best = hn::IfThenElse(isLess, stored, best);
        least = hn::IfThenElse(isLess, error, least);
    };
    for (const float levels : {8.0F, 7.5F, 7.0F, 6.5F, 6.0F}) {
        tryOut(hn::Div(largest, all(levels)));
        tryOut(hn::Div(hn::Neg(largest), all(levels)));
    }
    tryOut(groups.refitted(best));
    return best;
}

bool areFinite(const float* weights, std::int64_t count) {
    auto sum = all(0);  // stays 0 as long as each is finite
    for (std::int64_t i = 0; i < count; i += kLanes)
        sum = hn::Add(sum, hn::Mul(hn::LoadU(Floats(), weights + i), all(0)));
    return hn::AllTrue(Floats(), hn::Eq(sum, all(0)));
}

std::uint16_t upperHalf(float x) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16);
}

void fitEightBits(const WeightGroups& of, std::uint16_t* scales) {
    for (std::int64_t g = 0; g < of.groups; ++g) {
        auto largest = all(0);
        for (std::int64_t i = 0; i < of.group; i += kLanes)
            largest = hn::Max(largest, hn::Abs(hn::LoadU(Floats(), of.weights + g * of.group + i)));
        const auto scale = hn::Div(hn::MaxOfLanes(Floats(), largest), all(127));
        scales[g] = upperHalf(hn::GetLane(usable(scale)));
    }
}

void fitFourBits(const WeightGroups& of, std::uint16_t* scales) {
    const auto scratch = hwy::AllocateAligned<float>(of.group * kLanes);
    HWY_ALIGN float found[kLanes];
    for (std::int64_t first = 0; first < of.groups; first += kLanes) {
        const GroupLanes groups(of, first, scratch.get());
        hn::Store(scalesOfFourBits(groups, groups.largest()), Floats(), found);
        for (std::int64_t g = 0; g < std::min(kLanes, of.groups - first); ++g)
            scales[first + g] = upperHalf(found[g]);
    }
}

bool fitScalesHere(const WeightGroups& of, std::uint16_t* scales) {
    (of.bits == 8 ? fitEightBits : fitFourBits)(of, scales);
    return areFinite(of.weights, of.groups * of.group);
}

template <class Byte>
HWY_INLINE void store(Vector wholes, Byte* out) {
    const hn::Rebind<Byte, Floats> bytes;
    hn::StoreU(hn::DemoteTo(bytes, hn::ConvertTo(hn::RebindToSigned<Floats>(), wholes)), bytes,
               out);
}

void roundGroup(const float* weights, std::int64_t size, float perScale, std::int8_t* out) {
    const auto levels = levelsOf(8);
    for (std::int64_t i = 0; i < size; i += kLanes)
        store(levels.of(hn::LoadU(Floats(), weights + i), all(perScale)), out + i);
}

// Two weights a byte: half a block apart.
void roundGroup(const float* weights, std::int64_t size, float perScale, std::uint8_t* out) {
    constexpr auto kHalf = kNibbleBlock / 2;
    const auto levels = levelsOf(4);
    const auto nibbles = [&](const float* at) HWY_ATTR {
        return hn::Add(levels.of(hn::LoadU(Floats(), at), all(perScale)), all(8));
    };
    for (std::int64_t block = 0; block < size; block += kNibbleBlock)
        for (std::int64_t i = 0; i < kHalf; i += kLanes) {
            const auto* at = weights + block + i;
            store(hn::Add(nibbles(at), hn::Mul(nibbles(at + kHalf), all(16))), out + block / 2 + i);
        }
}

void roundToIntegersHere(const WeightGroups& of, const std::uint16_t* scales, std::uint8_t* out) {
    for (std::int64_t g = 0; g < of.groups; ++g) {
        const auto* weights = of.weights + g * of.group;
        const float scale = widened(scales[g]), perScale = scale == 0 ? 0 : 1 / scale;
        if (of.bits == 8)
            roundGroup(weights, of.group, perScale,
                       reinterpret_cast<std::int8_t*>(out + g * of.group));
        else
            roundGroup(weights, of.group, perScale, out + g * of.group / 2);
    }
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lvr {

HWY_EXPORT(fitScalesHere);
HWY_EXPORT(roundToIntegersHere);

bool fitScales(const WeightGroups& groups, std::uint16_t* scales) {
    return HWY_DYNAMIC_DISPATCH(fitScalesHere)(groups, scales);
}

void roundToIntegers(const WeightGroups& groups, const std::uint16_t* scales, std::uint8_t* out) {
    HWY_DYNAMIC_DISPATCH(roundToIntegersHere)(groups, scales, out);
}

}  // namespace lvr
#endif
