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

// A block as floats, in the order in which its vectors bring them. scales: the block's.
template <class Row>
HWY_INLINE void widenBlock(const std::uint8_t* block, const float* scales, float* to) {
#pragma GCC unroll 4
    for (std::int64_t j = 0; j < kWordVectors; ++j) {
        const auto words = wordsOf(block + j * kLanes * 4);
#pragma GCC unroll 8
        for (int v = 0; v < Row::kPerWord; ++v, to += kLanes) {
            auto weights = Row::raw(words, v);
            if constexpr (Row::kIsScaled) {
                const auto scale = scaleOf<Row>(scales, j);
                weights = hn::MulSub(hn::Mul(weights, hn::Set(Floats(), Row::inputFactor(v))),
                                     scale, hn::Mul(scale, hn::Set(Floats(), Row::kOffset)));
            }
            hn::StoreU(weights, Floats(), to);
        }
    }
}

// Blocks [first, end) of a row, at most kTileDepth columns.
template <class Row>
void widenRow(const WeightMatrix& w, std::int64_t o, std::int64_t first, std::int64_t end,
              float* to) {
    float scales[kTileDepth / kPerScale + kBlockWords];
    if constexpr (Row::kIsScaled) widenScales<Row>(w, o, first, end, scales);
    const auto* row = rowOf<Row>(w, o);
    const auto* scale = scales;
    const auto whole = std::min(end, w.in / kBlockOf<Row>);
    for (auto block = first; block < whole; ++block, to += kBlockOf<Row>) {
        widenBlock<Row>(row + block * kBlockBytes, scale, to);
        scale += kBlockScales<Row>;
    }
    PaddedTail<Row> tail;
    if (whole < end) widenBlock<Row>(tail.fill(row, w.in), scale, to);
}

// Which column of a row the vectors bring at which place.
template <class Row>
struct ColumnOrder {
    static constexpr auto kInBlock = [] {
        std::array<std::int16_t, kBlockOf<Row>> of{};
        for (std::int64_t at = 0; at < kBlockOf<Row>; ++at) {
            const auto vector = at / kLanes, lane = at % kLanes;
            of[static_cast<std::size_t>(at)] = static_cast<std::int16_t>(
                Row::column(vector / Row::kPerWord * kLanes + lane, vector % Row::kPerWord));
        }
        return of;
    }();
    HWY_INLINE std::int64_t operator()(std::int64_t at) const {
        const auto in = at % kBlockOf<Row>;
        return at - in + kInBlock[static_cast<std::size_t>(in)];
    }
};

// B[k, n] = W[n, k].
template <class Row>
struct WeightColumns {
    WeightMatrix w;
    // Brings what pack() will read nearer: pieces of rows are too short for the CPU to foresee.
    void ask(std::int64_t k, std::int64_t depth, std::int64_t n, std::int64_t columns) const {
        const auto first = k * 4 / Row::kPerWord, end = (k + depth) * 4 / Row::kPerWord;
        for (std::int64_t i = 0; i < columns; ++i)
            for (auto at = first; at < end; at += kBlockBytes)
                __builtin_prefetch(rowOf<Row>(w, n + i) + at, 0, 3);
    }
    void pack(std::int64_t k, std::int64_t depth, std::int64_t n, std::int64_t columns,
              float* to) const {
        auto* wide = scratch(Scratch::Weights, kTileWidth * kTileStride);
        const auto first = k / kBlockOf<Row>, blocks = blocksOf<Row>(depth);
        for (std::int64_t i = 0; i < kTileWidth; ++i)
            widenRow<Row>(w, n + std::min(i, columns - 1), first, first + blocks,
                          wide + i * kTileStride);
        turn(wide, kTileStride, kTileWidth, blocks * kBlockOf<Row>, to, kTileWidth,
             ColumnOrder<Row>());
    }
};

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
