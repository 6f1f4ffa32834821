// Per-target: matrices brought into the order in which tiles read them.
#if defined(LVR_KERNELS_PACK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LVR_KERNELS_PACK_INL_H
#undef LVR_KERNELS_PACK_INL_H
#else
#define LVR_KERNELS_PACK_INL_H
#endif

#include "core/kernels/matmul.h"
#include "core/kernels/scratch.h"
#include "core/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR
// Four rows of four become four columns: to row order(first + i) goes column first + i.
template <class Order>
HWY_INLINE void turnFour(const float* from, std::int64_t stride, float* to, std::int64_t toStride,
                         std::int64_t first, const Order& order) {
    const hn::FixedTag<float, 4> four;
    const auto a = hn::LoadU(four, from + first), b = hn::LoadU(four, from + stride + first),
               c = hn::LoadU(four, from + 2 * stride + first),
               d = hn::LoadU(four, from + 3 * stride + first);
    const auto ac = hn::InterleaveLower(four, a, c), bd = hn::InterleaveLower(four, b, d);
    const auto ac2 = hn::InterleaveUpper(four, a, c), bd2 = hn::InterleaveUpper(four, b, d);
    hn::StoreU(hn::InterleaveLower(four, ac, bd), four, to + order(first) * toStride);
    hn::StoreU(hn::InterleaveUpper(four, ac, bd), four, to + order(first + 1) * toStride);
    hn::StoreU(hn::InterleaveLower(four, ac2, bd2), four, to + order(first + 2) * toStride);
    hn::StoreU(hn::InterleaveUpper(four, ac2, bd2), four, to + order(first + 3) * toStride);
}
constexpr std::int64_t kTurned = 4;
#else
template <class Order>
HWY_INLINE void turnFour(const float* from, std::int64_t, float* to, std::int64_t toStride,
                         std::int64_t first, const Order& order) {
    to[order(first) * toStride] = from[first];
}
constexpr std::int64_t kTurned = 1;
#endif

// to[order(c) * toStride + r] = from[r * stride + c] for `rows` r and `columns` c.
template <class Order>
void turn(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t columns,
          float* to, std::int64_t toStride, const Order& order) {
    const auto wholeRows = rows / kTurned * kTurned, whole = columns / kTurned * kTurned;
    for (std::int64_t r = 0; r < wholeRows; r += kTurned)
        for (std::int64_t c = 0; c < whole; c += kTurned)
            turnFour(from + r * stride, stride, to + r, toStride, c, order);
    for (std::int64_t r = 0; r < rows; ++r)
        for (auto c = r < wholeRows ? whole : 0; c < columns; ++c)
            to[order(c) * toStride + r] = from[r * stride + c];
}

// `rows` rows of `columns` numbers, `stride` apart, to rows kTileStride apart.
inline void copyRows(const float* from, std::int64_t stride, std::int64_t rows,
                     std::int64_t columns, float* to) {
    for (std::int64_t r = 0; r < rows; ++r, from += stride, to += kTileStride)
        std::copy_n(from, columns, to);
}

template <class Row>
HWY_INLINE void widenBlock(const Row& row, std::int64_t block, float* to) {
#pragma GCC unroll 2
    for (std::int64_t p = 0; p < kPairs; ++p, to += 2 * kLanes) {
        const auto weights = row.pair(block, p);
        hn::StoreU(weights.first, Floats(), to);
        hn::StoreU(weights.second, Floats(), to + kLanes);
    }
}

// Blocks [first, end) of a row as floats, in the order in which its pairs bring them.
template <class Row>
void widenRow(const WeightMatrix& w, std::int64_t o, std::int64_t first, std::int64_t end,
              float* to) {
    auto row = Row::of(w, o);
    const auto whole = std::min(end, w.in / kBlock), perGroup = blocksOfGroup(w);
    auto block = first;
    for (auto g = block / perGroup; block < whole; ++g) {
        row.useGroup(g);
        for (const auto stop = std::min(whole, (g + 1) * perGroup); block < stop; ++block)
            widenBlock(row, block, to + (block - first) * kBlock);
    }
    if constexpr (!Row::kIsScaled)
        if (end > whole) {
            PaddedTail<Row> tail;
            widenBlock(tail.fill(row, w.in), 0, to + (whole - first) * kBlock);
        }
}

// Which column of a row the pairs bring at which place.
template <class Row>
struct PairOrder {
    HWY_INLINE std::int64_t operator()(std::int64_t at) const {
        const auto in = at % kBlock;
        return at - in + Row::column(in / (2 * kLanes), in / kLanes % 2, in % kLanes);
    }
};

// B[k, n] = W[n, k].
template <class Row>
struct WeightColumns {
    WeightMatrix w;
    void pack(std::int64_t k, std::int64_t depth, std::int64_t n, std::int64_t columns,
              float* to) const {
        auto* wide = scratch(Scratch::Weights, kTileWidth * kTileStride);
        const auto blocks = (depth + kBlock - 1) / kBlock;
        for (std::int64_t i = 0; i < kTileWidth; ++i)
            widenRow<Row>(w, n + std::min(i, columns - 1), k / kBlock, k / kBlock + blocks,
                          wide + i * kTileStride);
        turn(wide, kTileStride, kTileWidth, blocks * kBlock, to, kTileWidth, PairOrder<Row>());
    }
};

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
