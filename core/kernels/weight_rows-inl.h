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
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/kernels/weight_matrix.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;
using Bits = hn::RebindToUnsigned<Floats>;
using Words = hn::Vec<Bits>;
constexpr std::int64_t kLanes = HWY_LANES(float);

// A row is read in blocks of one line of the cache, and a block as vectors of 32-bit words. A word
// holds kPerWord neighbouring weights (of four bits: four of them and those 16 columns on), so that
// no lanes have to change their places: vector v of some words has one weight of each.
constexpr std::int64_t kBlockWords = 16, kBlockBytes = 4 * kBlockWords;
constexpr std::int64_t kWordVectors = kBlockWords / kLanes;

template <class Row>
constexpr std::int64_t kBlockOf = kBlockWords* Row::kPerWord;  // columns

HWY_INLINE float widened(std::uint16_t bfloat16) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bfloat16) << 16);
}

// Of each kind of numbers:
//   kPerWord      weights in a word
//   column(word, v)  which of its block's columns vector v has of word `word`
//   raw(words, v)    the weights but for scales; to be multiplied by inputFactor(v), a power of two
//   kOffset       what is to be taken from each before its scale counts
//   kScaleFactor  a power of two that scales are multiplied by

struct F32Row {
    static constexpr int kPerWord = 1;
    static constexpr bool kIsScaled = false;
    static constexpr int kOffset = 0;
    static constexpr std::int64_t column(std::int64_t word, std::int64_t) { return word; }
    static constexpr float inputFactor(int) { return 1; }
    HWY_INLINE static Vector raw(Words words, int) { return hn::BitCast(Floats(), words); }
};

struct BF16Row {
    static constexpr int kPerWord = 2;
    static constexpr bool kIsScaled = false;
    static constexpr int kOffset = 0;
    static constexpr std::int64_t column(std::int64_t word, std::int64_t v) { return 2 * word + v; }
    static constexpr float inputFactor(int) { return 1; }
    // Two shifts and no mask: that would take a register from the sums.
    HWY_INLINE static Vector raw(Words words, int v) {
        const auto number = v == 0 ? words : hn::ShiftRight<16>(words);
        return hn::BitCast(Floats(), hn::ShiftLeft<16>(number));
    }
};

HWY_INLINE Vector asNumbers(Words words) {
    return hn::ConvertTo(Floats(), hn::BitCast(hn::RebindToSigned<Floats>(), words));
}

// A byte in the uppermost place of its word is its number times 2^24.
struct I8Row {
    static constexpr int kPerWord = 4;
    static constexpr bool kIsScaled = true;
    static constexpr int kOffset = 0;
    static constexpr float kScaleFactor = 0x1p-24F;
    static constexpr std::int64_t column(std::int64_t word, std::int64_t v) { return 4 * word + v; }
    static constexpr float inputFactor(int) { return 1; }
    HWY_INLINE static Vector raw(Words words, int v) {
        if (v == 0) return asNumbers(hn::ShiftLeft<24>(words));
        const auto moved = v == 1   ? hn::ShiftLeft<16>(words)
                           : v == 2 ? hn::ShiftLeft<8>(words)
                                    : words;
        return asNumbers(hn::And(moved, hn::Set(Bits(), 0xFF000000u)));
    }
};

// Four bits where they lie in their word are their number times a power of two.
struct I4Row {
    static constexpr int kPerWord = 8;
    static constexpr bool kIsScaled = true;
    static constexpr int kOffset = 8;
    static constexpr float kScaleFactor = 1;
    static constexpr std::int64_t column(std::int64_t word, std::int64_t v) {
        return word / 4 * 32 + word % 4 * 4 + v / 2 + v % 2 * 16;
    }
    static constexpr float inputFactor(int v) {
        return v == 7 ? 1.0F : 1.0F / static_cast<float>(1 << 4 * v);
    }
    HWY_INLINE static Vector raw(Words words, int v) {
        return asNumbers(v == 7 ? hn::ShiftRight<28>(words)
                                : hn::And(words, hn::Set(Bits(), 15u << 4 * v)));
    }
};

// The bytes of a row of the matrix, and how many of them there are.
template <class Row>
HWY_INLINE const std::uint8_t* rowOf(const WeightMatrix& w, std::int64_t o) {
    return static_cast<const std::uint8_t*>(w.data) + o * w.in * 4 / Row::kPerWord;
}

template <class Row>
std::int64_t blocksOf(std::int64_t in) {
    return (in + kBlockOf<Row> - 1) / kBlockOf<Row>;
}

HWY_INLINE Words wordsOf(const std::uint8_t* bytes) {
    return hn::LoadU(Bits(), reinterpret_cast<const std::uint32_t*>(bytes));
}

// A row's last block with zeros behind the last column.
template <class Row>
struct PaddedTail {
    alignas(4) std::uint8_t bytes[kBlockBytes] = {};
    const std::uint8_t* fill(const std::uint8_t* row, std::int64_t in) {
        const auto whole = in / kBlockOf<Row> * kBlockBytes, all = in * 4 / Row::kPerWord;
        std::memcpy(bytes, row + whole, static_cast<std::size_t>(all - whole));
        return bytes;
    }
};

// ---- Scales, widened: one float for every kPerScale columns

constexpr std::int64_t kPerScale = 32;
template <class Row>
constexpr std::int64_t kBlockScales = std::max<std::int64_t>(kBlockOf<Row> / kPerScale, 1);

// Those of the blocks [first, end) of a row: 0 behind the last column, and room for a vector.
template <class Row>
void widenScales(const WeightMatrix& w, std::int64_t o, std::int64_t first, std::int64_t end,
                 float* to) {
    const auto perGroup = w.group / kPerScale, all = w.in / kPerScale;
    const auto* scales = w.scales + o * (w.in / w.group);
    auto at = first * kBlockScales<Row>;
    const auto stop = end * kBlockScales<Row>, known = std::min(stop, all);
    if (perGroup == 1) {
        for (; at < known; ++at) *to++ = widened(scales[at]) * Row::kScaleFactor;
    } else {
        for (auto g = at / perGroup; at < known; ++g) {
            const float scale = widened(scales[g]) * Row::kScaleFactor;
            for (const auto last = std::min(known, (g + 1) * perGroup); at < last; ++at)
                *to++ = scale;
        }
    }
    std::fill_n(to, stop - known, 0.0F);
}

// Brings those of a row that comes later nearer.
template <class Row>
void askForScales(const WeightMatrix& w, std::int64_t o, std::int64_t first, std::int64_t end) {
    constexpr std::int64_t kLine = 32;  // scales
    const auto* scales = w.scales + o * (w.in / w.group);
    const auto perGroup = w.group / kPerScale;
    const auto stop = end * kBlockScales<Row> / perGroup;
    for (auto at = first * kBlockScales<Row> / perGroup; at < stop; at += kLine)
        __builtin_prefetch(scales + at, 0, 3);
}

// The scales of vector j of a block's words. scales: the block's.
template <class Row>
HWY_INLINE Vector scaleOf(const float* scales, std::int64_t j) {
    constexpr std::int64_t kWords = kPerScale / Row::kPerWord;  // that share a scale
    if constexpr (kLanes <= kWords) return hn::Set(Floats(), scales[j * kLanes / kWords]);
    HWY_ALIGN static constexpr auto kOf = [] {
        std::array<std::int32_t, kLanes> of{};
        for (std::int64_t lane = 0; lane < kLanes; ++lane)
            of[static_cast<std::size_t>(lane)] = static_cast<std::int32_t>(lane / kWords);
        return of;
    }();
    return hn::TableLookupLanes(hn::LoadU(Floats(), scales + j * kLanes / kWords),
                                hn::SetTableIndices(Floats(), kOf.data()));
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
