// Products of many rows: tiles in registers, panels in the caches.
#include "core/kernels/matmul.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/gemm.cpp"
#include <hwy/foreach_target.h>

#include <vector>

#include "core/kernels/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

// A panel of A and one of B are packed, kTileDepth deep: A's stays in the second cache, a strip of
// B's, one tile wide, in the first.
constexpr std::int64_t kPanelRows = 10 * 12, kPanelColumns = 512;

// C = alpha A B + beta C + bias.
template <class Columns>
struct Multiplication {
    std::int64_t m = 0, n = 0, k = 0;
    Strided a;
    Columns b;
    float* c = nullptr;
    std::int64_t cStride = 0;
    float alpha = 1, beta = 0;
    const float* bias = nullptr;
};

// Where a tile's sums go. bias: nullptr or of the tile's columns.
struct Target {
    float* c;
    std::int64_t stride, columns;
    float alpha, beta;
    const float* bias;
};

HWY_INLINE void putVector(const Target& to, Vector sum, float* c, const float* bias) {
    auto value = hn::Mul(hn::Set(Floats(), to.alpha), sum);
    if (to.beta != 0) value = hn::MulAdd(hn::Set(Floats(), to.beta), hn::LoadU(Floats(), c), value);
    if (bias) value = hn::Add(value, hn::LoadU(Floats(), bias));
    hn::StoreU(value, Floats(), c);
}

inline void putEdge(const Target& to, const float* sums, float* c) {
    for (std::int64_t j = 0; j < to.columns; ++j) {
        const auto before = (to.beta == 0 ? 0 : to.beta * c[j]) + (to.bias ? to.bias[j] : 0);
        c[j] = to.alpha * sums[j] + before;
    }
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

// A part [m, mEnd) x [n, nEnd) of C.
struct Part {
    std::int64_t m, mEnd, n, nEnd;
};

// What a panel of A, packed at `a`, and one of B, packed at `b`, add to C.
template <class Columns>
void multiplyPanels(const Multiplication<Columns>& p, const Part& part, std::int64_t k,
                    const float* a, const float* b) {
    const auto depth = std::min(kTileDepth, p.k - k);
    for (auto n = part.n; n < part.nEnd; n += kTileWidth, b += kTileDepth * kTileWidth)
        for (auto m = part.m; m < part.mEnd; m += kTileRows) {
            const Target to{p.c + m * p.cStride + n,
                            p.cStride,
                            std::min(part.nEnd - n, kTileWidth),
                            p.alpha,
                            k == 0 ? p.beta : 1,
                            k == 0 && p.bias ? p.bias + n : nullptr};
            tileOf(std::min<std::int64_t>(part.mEnd - m, kTileRows), a + (m - part.m) * kTileStride,
                   b, depth, to);
        }
}

template <class Columns>
const float* packB(const Multiplication<Columns>& p, std::int64_t k, std::int64_t n,
                   std::int64_t nEnd) {
    const auto strips = (nEnd - n + kTileWidth - 1) / kTileWidth;
    auto* panel = scratch(Scratch::PanelB, strips * kTileDepth * kTileWidth);
    for (auto* to = panel; n < nEnd; n += kTileWidth, to += kTileDepth * kTileWidth)
        p.b.pack(k, std::min(kTileDepth, p.k - k), n, std::min(nEnd - n, kTileWidth), to);
    return panel;
}

template <class Columns>
void multiplyPart(const Multiplication<Columns>& p, const Part& part) {
    auto* a = scratch(Scratch::PanelA, kPanelRows * kTileStride);
    for (auto n = part.n; n < part.nEnd; n += kPanelColumns)
        for (std::int64_t k = 0; k == 0 || k < p.k; k += kTileDepth) {
            const auto nEnd = std::min(n + kPanelColumns, part.nEnd);
            const auto* b = packB(p, k, n, nEnd);
            for (auto m = part.m; m < part.mEnd; m += kPanelRows) {
                const auto mEnd = std::min(m + kPanelRows, part.mEnd);
                copyStrided(shifted(p.a, m, k), mEnd - m, std::min(kTileDepth, p.k - k), a,
                            kTileStride);
                multiplyPanels(p, {m, mEnd, n, nEnd}, k, a, b);
            }
        }
}

// A product is cut into units: strips of its columns, or of its rows where it is narrow.
template <class Columns>
struct Units {
    const Multiplication<Columns>& p;
    bool isNarrow = p.n < 8 * kTileWidth && p.m > p.n;
    std::int64_t length = isNarrow ? p.m : p.n, size = isNarrow ? 8 * kTileRows : kTileWidth,
                 count = (length + size - 1) / size;

    void multiply(std::int64_t begin, std::int64_t end) const {
        const auto from = std::max<std::int64_t>(begin, 0) * size,
                   to = std::min(end * size, length);
        if (from >= to) return;
        multiplyPart(p, isNarrow ? Part{from, to, 0, p.n} : Part{0, p.m, from, to});
    }
    // Units of about 50 microseconds.
    std::int64_t worthAThread() const {
        const auto work = p.m * p.n * p.k / std::max<std::int64_t>(count, 1);
        return std::max<std::int64_t>(1'000'000 / std::max<std::int64_t>(work, 1), 1);
    }
};

template <class Columns>
void multiplyAll(const std::vector<Multiplication<Columns>>& products,
                 const ParallelFor& parallel) {
    std::int64_t units = 0, grain = 1;
    for (const auto& p : products) {
        const Units<Columns> of{p};
        units += of.count;
        grain = std::max(grain, of.worthAThread());
    }
    parallel(units, grain, [&](std::int64_t begin, std::int64_t end) {
        std::int64_t before = 0;
        for (const auto& p : products) {
            const Units<Columns> of{p};
            if (before >= end) break;
            of.multiply(begin - before, end - before);
            before += of.count;
        }
    });
}

void multiplyStrided(std::span<const Gemm> products, const ParallelFor& parallel) {
    std::vector<Multiplication<StridedColumns>> all;
    all.reserve(products.size());
    for (const auto& p : products)
        all.push_back({p.m, p.n, p.k, p.a, {p.b}, p.c, p.cStride, p.alpha, p.beta});
    multiplyAll(all, parallel);
}

void multiplyWeights(const Product& p, const Inputs& x, const ParallelFor& parallel) {
    forRowsOf(p.weight.type, [&]<class Row>() {
        const Multiplication<WeightColumns<Row>> one{
            x.rows, p.weight.out, p.weight.in, {x.x, x.stride, 1}, {p.weight}, p.y, p.yStride, 1,
            0,      p.bias};
        multiplyAll(std::vector{one}, parallel);
    });
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lvr {

HWY_EXPORT(multiplyStrided);
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

void multiply(std::span<const Gemm> products, const ParallelFor& parallel) {
    HWY_DYNAMIC_DISPATCH(multiplyStrided)(products, parallel);
}

}  // namespace lvr
#endif
