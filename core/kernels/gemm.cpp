// Products of many rows: tiles in registers, panels in the caches.
#include "core/kernels/matmul.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/gemm.cpp"
#include <hwy/foreach_target.h>

#include "core/kernels/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

// A panel of A and one of B are packed, kTileDepth deep: A's stays in the second cache, a strip of
// B's, one tile wide, in the first.
constexpr std::int64_t kPanelRows = 10 * 12, kPanelColumns = 512;

// Y = X W^T + bias.
template <class Row>
struct Multiplication {
    Inputs x;
    WeightColumns<Row> w;
    float* y = nullptr;
    std::int64_t yStride = 0;
    const float* bias = nullptr;
    std::int64_t m = x.rows, n = w.w.out, k = w.w.in;
};

// Where a tile's sums go, or are added to. bias: nullptr or of the tile's columns.
struct Target {
    float* c;
    std::int64_t stride, columns;
    bool adds;
    const float* bias;
};

HWY_INLINE void putVector(const Target& to, Vector sum, float* c, const float* bias) {
    if (to.adds) sum = hn::Add(hn::LoadU(Floats(), c), sum);
    if (bias) sum = hn::Add(sum, hn::LoadU(Floats(), bias));
    hn::StoreU(sum, Floats(), c);
}

inline void putEdge(const Target& to, const float* sums, float* c) {
    for (std::int64_t j = 0; j < to.columns; ++j)
        c[j] = sums[j] + (to.adds ? c[j] : 0) + (to.bias ? to.bias[j] : 0);
}

HWY_INLINE void putRow(const Target& to, const Vector (&sum)[kTileVectors], float* c) {
    if (to.columns == kTileWidth) {
#pragma GCC unroll 8
        for (int j = 0; j < kTileVectors; ++j)
            putVector(to, sum[j], c + j * kLanes, to.bias ? to.bias + j * kLanes : nullptr);
        return;
    }
    HWY_ALIGN float sums[kTileWidth];
#pragma GCC unroll 8
    for (int j = 0; j < kTileVectors; ++j) hn::Store(sum[j], Floats(), sums + j * kLanes);
    putEdge(to, sums, c);
}

template <int kRows>
void tile(const float* a, const float* b, std::int64_t depth, const Target& to) {
    Vector sum[kRows][kTileVectors];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 8
        for (int j = 0; j < kTileVectors; ++j) sum[i][j] = hn::Zero(Floats());
    for (int i = 0; i < kRows; ++i) {
        __builtin_prefetch(to.c + i * to.stride, 1);
        __builtin_prefetch(to.c + i * to.stride + kTileWidth - 1, 1);
    }
    addTile<kRows, kTileVectors>(a, b, depth, sum);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) putRow(to, sum[i], to.c + i * to.stride);
}

// A tile of `rows` rows, at most kRows.
template <int kRows = kTileRows>
HWY_INLINE void tileOf(std::int64_t rows, const float* a, const float* b, std::int64_t depth,
                       const Target& to) {
    if (rows == kRows) return tile<kRows>(a, b, depth, to);
    if constexpr (kRows > 1) tileOf<kRows - 1>(rows, a, b, depth, to);
}

// A part [m, mEnd) x [n, nEnd) of Y.
struct Part {
    std::int64_t m, mEnd, n, nEnd;
};

// What a panel of X, packed at `a`, and one of W, packed at `b`, add to Y.
template <class Row>
void multiplyPanels(const Multiplication<Row>& p, const Part& part, std::int64_t k, const float* a,
                    const float* b) {
    const auto depth = std::min(kTileDepth, p.k - k);
    for (auto n = part.n; n < part.nEnd; n += kTileWidth, b += kTileDepth * kTileWidth)
        for (auto m = part.m; m < part.mEnd; m += kTileRows) {
            const Target to{p.y + m * p.yStride + n, p.yStride, std::min(part.nEnd - n, kTileWidth),
                            k > 0, k == 0 && p.bias ? p.bias + n : nullptr};
            tileOf(std::min<std::int64_t>(part.mEnd - m, kTileRows), a + (m - part.m) * kTileStride,
                   b, depth, to);
        }
}

template <class Row>
const float* packB(const Multiplication<Row>& p, std::int64_t k, std::int64_t n,
                   std::int64_t nEnd) {
    const auto strips = (nEnd - n + kTileWidth - 1) / kTileWidth;
    auto* panel = scratch(Scratch::PanelB, strips * kTileDepth * kTileWidth);
    for (auto* to = panel; n < nEnd; n += kTileWidth, to += kTileDepth * kTileWidth)
        p.w.pack(k, std::min(kTileDepth, p.k - k), n, std::min(nEnd - n, kTileWidth), to);
    return panel;
}

template <class Row>
void multiplyPart(const Multiplication<Row>& p, const Part& part) {
    auto* a = scratch(Scratch::PanelA, kPanelRows * kTileStride);
    for (auto n = part.n; n < part.nEnd; n += kPanelColumns)
        for (std::int64_t k = 0; k == 0 || k < p.k; k += kTileDepth) {
            const auto nEnd = std::min(n + kPanelColumns, part.nEnd);
            const auto* b = packB(p, k, n, nEnd);
            for (auto m = part.m; m < part.mEnd; m += kPanelRows) {
                const auto mEnd = std::min(m + kPanelRows, part.mEnd);
                copyRows(p.x.x + m * p.x.stride + k, p.x.stride, mEnd - m,
                         std::min(kTileDepth, p.k - k), a);
                multiplyPanels(p, {m, mEnd, n, nEnd}, k, a, b);
            }
        }
}

// A product is cut into units: strips of its columns, or of its rows where it is narrow.
template <class Row>
struct Units {
    const Multiplication<Row>& p;
    bool isNarrow = p.n < 8 * kTileWidth && p.m > p.n;
    std::int64_t length = isNarrow ? p.m : p.n, size = isNarrow ? 8 * kTileRows : kTileWidth,
                 count = (length + size - 1) / size;

    void multiply(std::int64_t begin, std::int64_t end) const {
        const auto from = begin * size, to = std::min(end * size, length);
        multiplyPart(p, isNarrow ? Part{from, to, 0, p.n} : Part{0, p.m, from, to});
    }
    // Units of about 50 microseconds.
    std::int64_t worthAThread() const {
        const auto work = p.m * p.n * p.k / std::max<std::int64_t>(count, 1);
        return std::max<std::int64_t>(1'000'000 / std::max<std::int64_t>(work, 1), 1);
    }
};

void multiplyWeights(const Product& p, const Inputs& x, const ParallelFor& parallel) {
    forRowsOf(p.weight.type, [&]<class Row>() {
        const Multiplication<Row> one{x, {p.weight}, p.y, p.yStride, p.bias};
        const Units<Row> units{one};
        parallel(units.count, units.worthAThread(),
                 [&](std::int64_t begin, std::int64_t end) { units.multiply(begin, end); });
    });
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lvr {

HWY_EXPORT(multiplyWeights);

namespace {

void multiplyFewAtATime(Product product, Inputs x, const ParallelFor& parallel) {
    for (auto left = x.rows; left > 0; left -= kFewRows) {
        x.rows = std::min(left, kFewRows);
        multiplyRows({&product, 1}, x, parallel);
        x.x += x.rows * x.stride;
        product.y += x.rows * product.yStride;
    }
}

}  // namespace

void multiply(const Product& product, const Inputs& x, const ParallelFor& parallel) {
    // Packing the weights is not worth it yet: reading them twice, in fewer bytes, is faster.
    if (x.rows <= 2 * kFewRows && product.weight.type != WeightType::F32)
        return multiplyFewAtATime(product, x, parallel);
    HWY_DYNAMIC_DISPATCH(multiplyWeights)(product, x, parallel);
}

}  // namespace lvr
#endif
