// Products of many rows: tiles in registers, panels in the caches.
#include "core/kernels/matmul.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/gemm.cpp"
#include <hwy/foreach_target.h>

#include "core/kernels/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

// All rows of A are packed for a slab of columns, once for all threads; of B each thread packs
// panels, kTileDepth deep, as it goes. A panel of A stays in the second cache, a strip of B's, one
// tile wide, in the first.
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

// Columns [k, end) of X, packed: [depth in tiles, rows, kTileStride].
struct Slab {
    std::int64_t k, end, rows;
    float* packed;

    float* at(std::int64_t column, std::int64_t m) const {
        return packed + ((column - k) / kTileDepth * rows + m) * kTileStride;
    }
};

// So many columns make a slab that the last cache may hold it.
std::int64_t slabDepth(std::int64_t rows) {
    constexpr std::int64_t kFloats = 4 << 20;
    return std::max<std::int64_t>(kFloats / rows / kTileDepth, 1) * kTileDepth;
}

void packRows(const Inputs& x, const Slab& slab, std::int64_t m, std::int64_t mEnd) {
    for (auto k = slab.k; k < slab.end; k += kTileDepth)
        copyRows(x.x + m * x.stride + k, x.stride, mEnd - m, std::min(kTileDepth, slab.end - k),
                 slab.at(k, m));
}

// Brings the part `share` of `shares` of the rows from `a` on nearer.
HWY_INLINE void askForRows(const float* a, std::int64_t share, std::int64_t shares) {
    constexpr std::int64_t kLine = 16, kLines = kPanelRows * kTileStride / kLine;
    for (auto line = share * kLines / shares; line < (share + 1) * kLines / shares; ++line)
        __builtin_prefetch(a + line * kLine, 0, 2);
}

// What rows of X, packed at `a`, and a panel of W, packed at `b`, add to Y.
template <class Row>
void multiplyPanels(const Multiplication<Row>& p, const Part& part, std::int64_t k, const float* a,
                    const float* b) {
    const auto depth = std::min(kTileDepth, p.k - k), first = part.n,
               strips = (part.nEnd - first + kTileWidth - 1) / kTileWidth;
    for (auto n = first; n < part.nEnd; n += kTileWidth, b += kTileDepth * kTileWidth) {
        askForRows(a + kPanelRows * kTileStride, (n - first) / kTileWidth, strips);
        for (auto m = part.m; m < part.mEnd; m += kTileRows) {
            const Target to{p.y + m * p.yStride + n, p.yStride, std::min(part.nEnd - n, kTileWidth),
                            k > 0, k == 0 && p.bias ? p.bias + n : nullptr};
            tileOf(std::min<std::int64_t>(part.mEnd - m, kTileRows), a + (m - part.m) * kTileStride,
                   b, depth, to);
        }
    }
}

template <class Row>
const float* packB(const Multiplication<Row>& p, std::int64_t k, std::int64_t n,
                   std::int64_t nEnd) {
    const auto strips = (nEnd - n + kTileWidth - 1) / kTileWidth;
    auto* panel = scratch(Scratch::PanelB, strips * kTileDepth * kTileWidth);
    const auto depth = std::min(kTileDepth, p.k - k);
    for (auto* to = panel; n < nEnd; n += kTileWidth, to += kTileDepth * kTileWidth) {
        const auto columns = std::min(nEnd - n, kTileWidth), next = n + columns;
        p.w.ask(k, depth, next, std::min(nEnd - next, kTileWidth));
        p.w.pack(k, depth, n, columns, to);
    }
    return panel;
}

template <class Row>
void multiplyPart(const Multiplication<Row>& p, const Part& part, const Slab& slab) {
    for (auto n = part.n; n < part.nEnd; n += kPanelColumns)
        for (auto k = slab.k; k == slab.k || k < slab.end; k += kTileDepth) {
            const auto nEnd = std::min(n + kPanelColumns, part.nEnd);
            const auto* b = packB(p, k, n, nEnd);
            for (auto m = part.m; m < part.mEnd; m += kPanelRows)
                multiplyPanels(p, {m, std::min(m + kPanelRows, part.mEnd), n, nEnd}, k,
                               slab.at(k, m), b);
        }
}

// A product is cut into units: strips of its columns, or of its rows where it is narrow.
template <class Row>
struct Units {
    const Multiplication<Row>& p;
    bool isNarrow = p.n < 8 * kTileWidth && p.m > p.n;
    std::int64_t length = isNarrow ? p.m : p.n, size = isNarrow ? 8 * kTileRows : kTileWidth,
                 count = (length + size - 1) / size;

    void multiply(std::int64_t begin, std::int64_t end, const Slab& slab) const {
        const auto from = begin * size, to = std::min(end * size, length);
        multiplyPart(p, isNarrow ? Part{from, to, 0, p.n} : Part{0, p.m, from, to}, slab);
    }
    // Units of about 50 microseconds.
    std::int64_t worthAThread(const Slab& slab) const {
        const auto work = p.m * p.n * (slab.end - slab.k) / std::max<std::int64_t>(count, 1);
        return std::max<std::int64_t>(1'000'000 / std::max<std::int64_t>(work, 1), 1);
    }
};

template <class Row>
void multiplySlab(const Multiplication<Row>& p, const Slab& slab, const ParallelFor& parallel) {
    // About 20 microseconds of copying.
    const auto rows = 65536 / std::max<std::int64_t>(slab.end - slab.k, 1) + 1;
    parallel(p.m, rows, [&](std::int64_t m, std::int64_t mEnd) { packRows(p.x, slab, m, mEnd); });
    const Units<Row> units{p};
    parallel(units.count, units.worthAThread(slab),
             [&](std::int64_t begin, std::int64_t end) { units.multiply(begin, end, slab); });
}

void multiplyWeights(const Product& p, const Inputs& x, const ParallelFor& parallel) {
    forRowsOf(p.weight.type, [&]<class Row>() {
        const Multiplication<Row> one{x, {p.weight}, p.y, p.yStride, p.bias};
        if (x.rows == 0) return;
        const auto depth = slabDepth(x.rows),
                   tiles = (std::min(depth, one.k) + kTileDepth - 1) / kTileDepth;
        auto* packed = scratch(Scratch::PanelA, tiles * x.rows * kTileStride);
        for (std::int64_t k = 0; k == 0 || k < one.k; k += depth)
            multiplySlab(one, {k, std::min(k + depth, one.k), x.rows, packed}, parallel);
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
