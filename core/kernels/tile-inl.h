// Per-target: the innermost loop of every product of several rows.
#if defined(LVR_KERNELS_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LVR_KERNELS_TILE_INL_H
#undef LVR_KERNELS_TILE_INL_H
#else
#define LVR_KERNELS_TILE_INL_H
#endif

#include "core/kernels/weight_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

// So many columns of A lie side by side in scratch memory; rows are kTileStride floats apart, which
// is no power of two, so that they don't fall into one set of the cache.
constexpr std::int64_t kTileDepth = 256, kTileStride = kTileDepth + 24;

// Tiles of a large product: what the registers hold beside a column of A and a row of B.
constexpr int kTileVectors = 2, kTileRows = kLanes >= 16 ? 12 : 6;
constexpr std::int64_t kTileWidth = kTileVectors * kLanes;

template <int kRows, int kVectors>
using Tile = Vector[kRows][kVectors];

// sum[i][j] += sum_k A[i, k] B[k, j]. a: rows kTileStride apart. b: [k, kVectors * kLanes].
template <int kRows, int kVectors>
HWY_INLINE void addTile(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t k,
                        Tile<kRows, kVectors>& sum) {
    for (; k > 0; --k, ++a, b += kVectors * kLanes) {
        Vector column[kVectors];
#pragma GCC unroll 8
        for (int j = 0; j < kVectors; ++j) column[j] = hn::Load(Floats(), b + j * kLanes);
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
            const auto value = hn::Set(Floats(), a[i * kTileStride]);
#pragma GCC unroll 8
            for (int j = 0; j < kVectors; ++j) sum[i][j] = hn::MulAdd(value, column[j], sum[i][j]);
        }
    }
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
