// Products of few rows: the time is that of reading the weights.
#include "core/kernels/matmul.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/rows.cpp"
#include <hwy/foreach_target.h>

#include <array>

#include "core/kernels/scratch.h"
#include "core/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lvr::HWY_NAMESPACE {

// How a product is summed, whatever the number of x's rows is: lane l of a sum adds the columns
// that the weights bring in lane l, one block after the other, and folded() adds the lanes up. Of
// weights with scales those of one vector of words are added first, and count by their scale.

using Bytes = const std::uint8_t*;

// Rows of a weight that are worked on together, and that a thread takes at least.
constexpr std::int64_t kUnit = 12;

// Rows of x that the registers have room for beside some rows of weights.
constexpr std::int64_t kPass = 4;

// Vectors of x for each vector of words: one for each weight of a word, and before them what the
// offset of the weights comes to.
template <class Row>
constexpr std::int64_t kInputVectors = Row::kPerWord + (Row::kOffset != 0 ? 1 : 0);

// Some rows of x from `first` on, as a pass reads them: [blocks, vector of words, kInputVectors,
// `width` rows, lane], with zeros behind the last column.
struct Pass {
    std::int64_t first = 0, width = 0;
    const float* x = nullptr;
};

struct PackedInputs {
    std::int64_t rows = 0, blocks = 0;
    std::array<Pass, kFewRows / kPass> passes = {};
    std::int64_t count = 0;  // of passes
};

// The vectors of a row of x for a block of weights, each `apart` floats behind the one before.
template <class Row>
HWY_INLINE void packBlock(const float* x, std::int64_t apart, float* to) {
#pragma GCC unroll 4
    for (std::int64_t word = 0; word < kBlockWords; word += kLanes) {
        auto* sums = to;
        if (Row::kOffset != 0) {
            std::fill_n(sums, kLanes, 0.0F);
            to += apart;
        }
#pragma GCC unroll 8
        for (int v = 0; v < Row::kPerWord; ++v, to += apart)
            for (std::int64_t lane = 0; lane < kLanes; ++lane) {
                const float value = x[Row::column(word + lane, v)];
                to[lane] = value * Row::inputFactor(v);
                if (Row::kOffset != 0) sums[lane] -= Row::kOffset * value;
            }
    }
}

// One of `width` rows, which lie side by side at `to`.
template <class Row>
void packRow(const float* x, std::int64_t in, std::int64_t width, float* to) {
    constexpr auto kColumns = kBlockOf<Row>, kFloats = kBlockWords * kInputVectors<Row>;
    for (; in >= kColumns; in -= kColumns, x += kColumns, to += kFloats * width)
        packBlock<Row>(x, width * kLanes, to);
    if (in == 0) return;
    float padded[kColumns] = {};
    std::copy_n(x, in, padded);
    packBlock<Row>(padded, width * kLanes, to);
}

template <class Row>
PackedInputs packInputs(const Inputs& x, std::int64_t in) {
    PackedInputs packed{.rows = x.rows, .blocks = blocksOf<Row>(in)};
    const auto floatsOfRow = packed.blocks * kBlockWords * kInputVectors<Row>;
    auto* to = scratch(Scratch::Inputs, floatsOfRow * x.rows);
    packed.count = (x.rows + kPass - 1) / kPass;
    for (std::int64_t i = 0; i < packed.count; ++i) {
        const auto first = i * x.rows / packed.count;
        const auto width = (i + 1) * x.rows / packed.count - first;
        packed.passes[i] = {first, width, to};
        for (std::int64_t m = 0; m < width; ++m)
            packRow<Row>(x.x + (first + m) * x.stride, in, width, to + m * kLanes);
        to += floatsOfRow * width;
    }
    return packed;
}

// Keeps the compiler from loading the vector anew wherever it is used, which takes more time than a
// register.
HWY_INLINE Vector loadedOnce(Vector vector) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
    asm("" : "+v"(vector.raw));
#endif
    return vector;
}

// sum[i][m] += weights[i] x[m] for all weights of some words: a vector of x is loaded once for all
// rows.
template <class Row, int kRows, int kInputs>
HWY_INLINE void addWords(const Bytes (&rows)[kRows], std::int64_t at, const float* x,
                         Tile<kRows, kInputs>& sum) {
#pragma GCC unroll 8
    for (int v = 0; v < Row::kPerWord; ++v) {
        Vector weights[kRows];
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) weights[i] = Row::raw(wordsOf(rows[i] + at), v);
#pragma GCC unroll 16
        for (int m = 0; m < kInputs; ++m, x += kLanes) {
            const auto input = loadedOnce(hn::Load(Floats(), x));
#pragma GCC unroll 16
            for (int i = 0; i < kRows; ++i) sum[i][m] = hn::MulAdd(weights[i], input, sum[i][m]);
        }
    }
}

// Columns that are worked on at a time: a pass' inputs and the weights stay in the caches near the
// core, and loops are long beside what begins and ends them.
constexpr std::int64_t kDepth = 2048;

// The work on kUnit rows of one matrix. sums: [kUnit, rows of x, lane]. scales: [kUnit,
// kScaleStride], those of the columns that are worked on.
struct Unit {
    const Product& p;
    std::int64_t inputs, first, end;
    float *sums, *scales;

    float* sumsOf(std::int64_t o, std::int64_t m) const {
        return sums + ((o - first) * inputs + m) * kLanes;
    }
};
constexpr std::int64_t kScaleStride = kDepth / kPerScale + 16;

// Blocks [block, end) of rows. `ahead` bytes behind each lies one that is read later: from askFrom
// on, every askStep-th is asked for.
struct Depth {
    std::int64_t block, end, ahead, askFrom, askStep;
};

// What the sums of a vector of words begin with, and x behind it.
template <class Row, int kRows, int kInputs>
HWY_INLINE const float* startWords(const float* x, Tile<kRows, kInputs>& sum) {
    constexpr bool kHasOffset = Row::kOffset != 0;
#pragma GCC unroll 16
    for (int m = 0; m < kInputs; ++m) {
        const auto before = kHasOffset ? hn::Load(Floats(), x + m * kLanes) : hn::Zero(Floats());
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) sum[i][m] = before;
    }
    return kHasOffset ? x + kInputs * kLanes : x;
}

// scales: of the block in the first row.
template <class Row, int kRows, int kInputs>
HWY_INLINE void addScaledWords(const Bytes (&rows)[kRows], std::int64_t at, const float* x,
                               const float* scales, std::int64_t j, Tile<kRows, kInputs>& sum) {
    Vector part[kRows][kInputs];
    addWords<Row, kRows, kInputs>(rows, at, startWords<Row, kRows, kInputs>(x, part), part);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
        const auto scale = scaleOf<Row>(scales + i * kScaleStride, j);
#pragma GCC unroll 16
        for (int m = 0; m < kInputs; ++m) sum[i][m] = hn::MulAdd(part[i][m], scale, sum[i][m]);
    }
}

// A block that begins at rows[i] + at.
template <class Row, int kRows, int kInputs>
HWY_INLINE void addBlock(const Bytes (&rows)[kRows], std::int64_t at, const float* x,
                         const float* scales, Tile<kRows, kInputs>& sum) {
#pragma GCC unroll 4
    for (std::int64_t j = 0; j < kWordVectors; ++j, x += kInputVectors<Row> * kInputs * kLanes) {
        if constexpr (Row::kIsScaled)
            addScaledWords<Row, kRows, kInputs>(rows, at + j * kLanes * 4, x, scales, j, sum);
        else
            addWords<Row, kRows, kInputs>(rows, at + j * kLanes * 4, x, sum);
    }
}

template <class Row, int kRows, int kInputs>
HWY_INLINE void addBlocks(const WeightMatrix& w, std::int64_t o, const Depth& depth, const float* x,
                          const float* scales, Tile<kRows, kInputs>& sum) {
    constexpr auto kFloats = kBlockWords * kInputVectors<Row> * kInputs;
    Bytes rows[kRows];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) rows[i] = rowOf<Row>(w, o + i);
    const auto whole = std::min(depth.end, w.in / kBlockOf<Row>);
    auto next = depth.askFrom;
    for (auto block = depth.block; block < whole;
         ++block, x += kFloats, scales += kBlockScales<Row>) {
        if (block == next) {
            next += depth.askStep;
#pragma GCC unroll 16
            for (int i = 0; i < kRows; ++i)
                __builtin_prefetch(rows[i] + block * kBlockBytes + depth.ahead, 0, 2);
        }
        addBlock<Row, kRows, kInputs>(rows, block * kBlockBytes, x, scales, sum);
    }
    if (whole == depth.end) return;
    PaddedTail<Row> tails[kRows];
    for (int i = 0; i < kRows; ++i) rows[i] = tails[i].fill(rows[i], w.in);
    addBlock<Row, kRows, kInputs>(rows, 0, x, scales, sum);
}

template <class Row, int kRows, int kInputs>
void addDepth(const Unit& unit, std::int64_t o, const Pass& pass, const Depth& depth) {
    Vector sum[kRows][kInputs];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 16
        for (int m = 0; m < kInputs; ++m)
            sum[i][m] = depth.block == 0 ? hn::Zero(Floats())
                                         : hn::Load(Floats(), unit.sumsOf(o + i, pass.first + m));
    addBlocks<Row, kRows, kInputs>(
        unit.p.weight, o, depth, pass.x + depth.block * kBlockWords * kInputVectors<Row> * kInputs,
        unit.scales + (o - unit.first) * kScaleStride, sum);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 16
        for (int m = 0; m < kInputs; ++m)
            hn::Store(sum[i][m], Floats(), unit.sumsOf(o + i, pass.first + m));
}

template <class Row, int kInputs>
void addPass(const Unit& unit, const Pass& pass, const Depth& depth) {
    // Sums, weights and one vector of x fill the registers; sums of words need some, too.
    constexpr int kRows = kInputs <= 2 ? 4 : kInputs == 4 && Row::kIsScaled ? 2 : 3;
    auto o = unit.first;
    for (; o + kRows <= unit.end; o += kRows) addDepth<Row, kRows, kInputs>(unit, o, pass, depth);
    for (; o < unit.end; ++o) addDepth<Row, 1, kInputs>(unit, o, pass, depth);
}

template <class Row>
void addPass(const Unit& unit, const Pass& pass, const Depth& depth) {
    switch (pass.width) {
        case 1:
            return addPass<Row, 1>(unit, pass, depth);
        case 2:
            return addPass<Row, 2>(unit, pass, depth);
        case 3:
            return addPass<Row, 3>(unit, pass, depth);
        default:
            return addPass<Row, 4>(unit, pass, depth);
    }
}

// The sum of the lanes: the upper half is added to the lower one until one is left.
HWY_INLINE float folded(float* lanes) {
#pragma GCC unroll 8
    for (auto half = kLanes / 2; half > 0; half /= 2)
        for (std::int64_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    return lanes[0];
}

void putResults(const Unit& unit) {
    const auto& p = unit.p;
    for (auto o = unit.first; o < unit.end; ++o)
        for (std::int64_t m = 0; m < unit.inputs; ++m)
            p.y[m * p.yStride + o] = folded(unit.sumsOf(o, m)) + (p.bias ? p.bias[o] : 0);
}

// Blocks [block, end) of a unit with all rows of x. Each pass asks for its share of the weights
// that come next, so that memory and arithmetic work side by side.
template <class Row>
void addUnit(const Unit& unit, const PackedInputs& x, std::int64_t block, std::int64_t end) {
    const auto& w = unit.p.weight;
    const auto rowBytes = w.in * 4 / Row::kPerWord, depth = end - block;
    const auto ahead = end < x.blocks ? depth * kBlockBytes
                                      : (unit.end - unit.first) * rowBytes - block * kBlockBytes;
    if constexpr (Row::kIsScaled)
        for (auto o = unit.first; o < unit.end; ++o) {
            askForScales<Row>(w, o + unit.end - unit.first, block, end);
            widenScales<Row>(w, o, block, end, unit.scales + (o - unit.first) * kScaleStride);
        }
    for (std::int64_t i = 0; i < x.count; ++i)
        addPass<Row>(unit, x.passes[i], {block, end, ahead, block + i, x.count});
}

// Rows [first, end) of the weights.
template <class Row>
void someRows(const Product& p, std::int64_t first, std::int64_t end, const PackedInputs& x) {
    auto* sums = scratch(Scratch::Sums, kUnit * x.rows * kLanes);
    auto* scales = scratch(Scratch::Scales, kUnit * kScaleStride);
    constexpr auto kBlocks = kDepth / kBlockOf<Row>;
    // One row of x keeps a core busy for so short a time that less has to be asked for in advance.
    const auto together = x.rows == 1 ? kUnit / 3 : kUnit;
    for (; first < end; first += together) {
        const Unit unit{p, x.rows, first, std::min(first + together, end), sums, scales};
        if (x.blocks == 0) std::fill_n(sums, kUnit * x.rows * kLanes, 0.0f);
        for (std::int64_t block = 0; block < x.blocks; block += kBlocks)
            addUnit<Row>(unit, x, block, std::min(block + kBlocks, x.blocks));
        putResults(unit);
    }
}

std::int64_t unitsOf(const WeightMatrix& w) { return (w.out + kUnit - 1) / kUnit; }

// A thread is not woken for less: about 20 microseconds of reading.
std::int64_t unitsWorthAThread(const WeightMatrix& w, std::int64_t rows) {
    const auto numbers = kUnit * std::max<std::int64_t>(w.in, 1) * (1 + rows / 4);
    return std::max<std::int64_t>(131072 / numbers, 1);
}

// Products with matrices of one type.
template <class Row>
void alikeProducts(std::span<const Product> products, const Inputs& x,
                   const ParallelFor& parallel) {
    const auto& w = products.front().weight;
    const auto packed = packInputs<Row>(x, w.in);
    std::int64_t units = 0;
    for (const auto& p : products) units += unitsOf(p.weight);
    parallel(units, unitsWorthAThread(w, x.rows), [&](std::int64_t begin, std::int64_t end) {
        std::int64_t before = 0;
        for (const auto& p : products) {
            const auto first = std::max<std::int64_t>(begin - before, 0) * kUnit;
            const auto stop = std::min((end - before) * kUnit, p.weight.out);
            if (first < stop) someRows<Row>(p, first, stop, packed);
            before += unitsOf(p.weight);
        }
    });
}

// At most kFewRows rows of x.
void multiplyRowsHere(std::span<const Product> products, const Inputs& x,
                      const ParallelFor& parallel) {
    while (!products.empty()) {
        const auto type = products.front().weight.type;
        std::size_t alike = 1;
        while (alike < products.size() && products[alike].weight.type == type) ++alike;
        forRowsOf(type,
                  [&]<class Row>() { alikeProducts<Row>(products.first(alike), x, parallel); });
        products = products.subspan(alike);
    }
}

}  // namespace lvr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lvr {

HWY_EXPORT(multiplyRowsHere);

void multiplyRows(std::span<const Product> products, const Inputs& x, const ParallelFor& parallel) {
    HWY_DYNAMIC_DISPATCH(multiplyRowsHere)(products, x, parallel);
}

}  // namespace lvr
#endif
