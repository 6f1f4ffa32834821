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
// that the weights bring in lane l, one block after the other, and folded() adds the lanes up.

// Rows of a weight that are worked on together, and that a thread takes at least.
constexpr std::int64_t kUnit = 12;

// Rows of x that the registers have room for beside some rows of weights.
constexpr std::int64_t kPass = 4;

std::int64_t blocksOf(std::int64_t in) { return (in + kBlock - 1) / kBlock; }

// Some rows of x from `first` on, as a pass reads them: [blocks, pair, half, `width` rows, lane],
// with zeros behind the last column.
struct Pass {
    std::int64_t first = 0, width = 0;
    const float* x = nullptr;
    const float* at(std::int64_t block) const { return x + block * kBlock * width; }
};

struct PackedInputs {
    std::int64_t rows = 0, blocks = 0;
    std::array<Pass, kFewRows / kPass> all;
    std::int64_t count = 0;
    std::span<const Pass> passes() const { return std::span(all).first(count); }
};

template <class Row>
void packBlock(const Inputs& x, std::int64_t count, float* to) {
    for (std::int64_t vector = 0; vector < 2 * kPairs; ++vector)
        for (std::int64_t m = 0; m < x.rows; ++m, to += kLanes)
            for (std::int64_t lane = 0; lane < kLanes; ++lane) {
                const auto column = Row::column(vector / 2, vector % 2, lane);
                to[lane] = column < count ? x.x[m * x.stride + column] : 0;
            }
}

template <class Row>
PackedInputs packInputs(const Inputs& x, std::int64_t in) {
    PackedInputs packed{x.rows, blocksOf(in)};
    auto* to = scratch(Scratch::Inputs, packed.blocks * kBlock * x.rows);
    packed.count = (x.rows + kPass - 1) / kPass;
    for (std::int64_t i = 0; i < packed.count; ++i) {
        const auto first = i * x.rows / packed.count;
        const auto width = (i + 1) * x.rows / packed.count - first;
        packed.all[i] = {first, width, to};
        for (std::int64_t column = 0; column < in; column += kBlock, to += kBlock * width)
            packBlock<Row>({x.x + first * x.stride + column, width, x.stride},
                           std::min(in - column, kBlock), to);
    }
    return packed;
}

// Keeps the compiler from loading the vector anew wherever it is used, which takes more time than a
// register where weights leave registers free.
template <class Row>
HWY_INLINE Vector loadedOnce(Vector vector) {
    if constexpr (Row::kIsScaled) return vector;
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
    asm("" : "+v"(vector.raw));
#endif
    return vector;
}

// sum[i][m] += weights[i] x[m]: a vector of x is loaded once for all rows.
template <class Row, int kRows, int kInputs>
HWY_INLINE void addVectors(const Vector (&weights)[kRows], const float* x,
                           Tile<kRows, kInputs>& sum) {
#pragma GCC unroll 16
    for (int m = 0; m < kInputs; ++m) {
        const auto input = loadedOnce<Row>(hn::Load(Floats(), x + m * kLanes));
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) sum[i][m] = hn::MulAdd(weights[i], input, sum[i][m]);
    }
}

template <class Row, int kRows, int kInputs>
HWY_INLINE void addBlock(const Row (&rows)[kRows], std::int64_t block, const float* x,
                         Tile<kRows, kInputs>& sum) {
#pragma GCC unroll 2
    for (std::int64_t p = 0; p < kPairs; ++p, x += 2 * kInputs * kLanes) {
        Vector first[kRows], second[kRows];
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
            const auto weights = rows[i].pair(block, p);
            first[i] = weights.first;
            second[i] = weights.second;
        }
        addVectors<Row, kRows, kInputs>(first, x, sum);
        addVectors<Row, kRows, kInputs>(second, x + kInputs * kLanes, sum);
    }
}

// Asks for the weights of the same columns in the rows that come next: rows are short, and what
// lies behind the end of one is being read already.
template <class Row, int kRows>
HWY_INLINE void prefetch(const Row (&rows)[kRows], std::int64_t block, std::int64_t in) {
    constexpr std::int64_t kPerByte = std::is_same_v<Row, I4Row> ? 2 : 1;
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
        __builtin_prefetch(rows[i].data + (block * kBlock + kRows * in) / kPerByte, 0, 2);
}

// Blocks [block, end) of kRows rows with kInputs rows of x.
template <class Row, int kRows, int kInputs>
HWY_INLINE void addBlocks(const WeightMatrix& w, Row (&rows)[kRows], std::int64_t block,
                          std::int64_t end, const float* x, Tile<kRows, kInputs>& sum) {
    const auto whole = std::min(end, w.in / kBlock), perGroup = blocksOfGroup(w);
    for (auto g = block / perGroup; block < whole; ++g) {
        for (auto& row : rows) row.useGroup(g);
        for (const auto stop = std::min(whole, (g + 1) * perGroup); block < stop;
             ++block, x += kBlock * kInputs) {
            prefetch(rows, block, w.in);
            addBlock<Row, kRows, kInputs>(rows, block, x, sum);
        }
    }
    if constexpr (!Row::kIsScaled)
        if (end > whole) {
            PaddedTail<Row> tails[kRows];
            for (int i = 0; i < kRows; ++i) rows[i] = tails[i].fill(rows[i], w.in);
            addBlock<Row, kRows, kInputs>(rows, 0, x, sum);
        }
}

// The work on kUnit rows of one matrix. sums: [kUnit, rows of x, lane].
struct Unit {
    const Product& p;
    std::int64_t inputs, first, end;
    float* sums;

    float* sumsOf(std::int64_t o, std::int64_t m) const {
        return sums + ((o - first) * inputs + m) * kLanes;
    }
};

// Blocks of columns whose weights and inputs stay in the first cache for a pass.
constexpr std::int64_t kDepth = 1024 / kBlock;

template <class Row, int kRows, int kInputs>
void addDepth(const Unit& unit, std::int64_t o, const Pass& pass, std::int64_t block,
              std::int64_t end) {
    Vector sum[kRows][kInputs];
    Row rows[kRows];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
        rows[i] = Row::of(unit.p.weight, o + i);
        const auto* before = unit.sumsOf(o + i, pass.first);
#pragma GCC unroll 16
        for (int m = 0; m < kInputs; ++m)
            sum[i][m] = block == 0 ? hn::Zero(Floats()) : hn::Load(Floats(), before + m * kLanes);
    }
    addBlocks<Row, kRows, kInputs>(unit.p.weight, rows, block, end, pass.at(block), sum);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 16
        for (int m = 0; m < kInputs; ++m)
            hn::Store(sum[i][m], Floats(), unit.sumsOf(o + i, pass.first) + m * kLanes);
}

template <class Row, int kInputs>
void addPass(const Unit& unit, const Pass& pass, std::int64_t block, std::int64_t end) {
    // Sums, weights and one vector of x fill the registers.
    constexpr int kRows = kInputs == 1 ? 4 : kInputs == 2 ? 3 : 2;
    auto o = unit.first;
    for (; o + kRows <= unit.end; o += kRows)
        addDepth<Row, kRows, kInputs>(unit, o, pass, block, end);
    for (; o < unit.end; ++o) addDepth<Row, 1, kInputs>(unit, o, pass, block, end);
}

template <class Row>
void addPass(const Unit& unit, const Pass& pass, std::int64_t block, std::int64_t end) {
    switch (pass.width) {
        case 1:
            return addPass<Row, 1>(unit, pass, block, end);
        case 2:
            return addPass<Row, 2>(unit, pass, block, end);
        case 3:
            return addPass<Row, 3>(unit, pass, block, end);
        default:
            return addPass<Row, 4>(unit, pass, block, end);
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

// Rows [first, end) of the weights.
template <class Row>
void someRows(const Product& p, std::int64_t first, std::int64_t end, const PackedInputs& x) {
    auto* sums = scratch(Scratch::Sums, kUnit * x.rows * kLanes);
    for (; first < end; first += kUnit) {
        const Unit unit{p, x.rows, first, std::min(first + kUnit, end), sums};
        for (std::int64_t block = 0; block < x.blocks; block += kDepth)
            for (const auto& pass : x.passes())
                addPass<Row>(unit, pass, block, std::min(block + kDepth, x.blocks));
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
