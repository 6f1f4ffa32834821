// Products of few rows: the time is that of reading the weights.
#include "core/kernels/matmul.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/rows.cpp"
#include <hwy/foreach_target.h>

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

// x as the passes read it: for each pass [blocks, pair, half, rows of the pass, lane], with zeros
// behind the last column.
struct PackedInputs {
    const float* data;
    std::int64_t rows, blocks;

    std::int64_t passes() const { return (rows + kPass - 1) / kPass; }
    std::int64_t firstOf(std::int64_t pass) const { return pass * rows / passes(); }
    const float* at(std::int64_t pass, std::int64_t block) const {
        const auto first = firstOf(pass), width = firstOf(pass + 1) - first;
        return data + (first * blocks + width * block) * kBlock;
    }
    // So many blocks of all rows stay in the first cache while weights pass by.
    std::int64_t depth() const { return std::max<std::int64_t>(4096 / kBlock / rows, 1); }
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
    auto* to = scratch(Scratch::Inputs, blocksOf(in) * kBlock * x.rows);
    const PackedInputs packed{to, x.rows, blocksOf(in)};
    for (std::int64_t pass = 0; pass < packed.passes(); ++pass) {
        const auto first = packed.firstOf(pass), rows = packed.firstOf(pass + 1) - first;
        for (std::int64_t column = 0; column < in; column += kBlock, to += kBlock * rows)
            packBlock<Row>({x.x + first * x.stride + column, rows, x.stride},
                           std::min(in - column, kBlock), to);
    }
    return packed;
}

template <class Row, int kRows, int kInputs>
HWY_INLINE void addBlock(const Row (&rows)[kRows], std::int64_t block, const float* x,
                         Tile<kRows, kInputs>& sum) {
#pragma GCC unroll 2
    for (std::int64_t p = 0; p < kPairs; ++p, x += 2 * kInputs * kLanes)
#pragma GCC unroll 16
        for (int i = 0; i < kRows; ++i) {
            const auto weights = rows[i].pair(block, p);
#pragma GCC unroll 16
            for (int m = 0; m < kInputs; ++m)
                sum[i][m] =
                    hn::MulAdd(weights.first, hn::Load(Floats(), x + m * kLanes), sum[i][m]);
#pragma GCC unroll 16
            for (int m = 0; m < kInputs; ++m)
                sum[i][m] = hn::MulAdd(weights.second,
                                       hn::Load(Floats(), x + (kInputs + m) * kLanes), sum[i][m]);
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
    const PackedInputs& x;
    std::int64_t first, end;
    float* sums;

    float* sumsOf(std::int64_t o, std::int64_t m) const {
        return sums + ((o - first) * x.rows + m) * kLanes;
    }
};

template <class Row, int kRows, int kInputs>
void addDepth(const Unit& unit, std::int64_t o, std::int64_t pass, std::int64_t block,
              std::int64_t end) {
    Vector sum[kRows][kInputs];
    Row rows[kRows];
    const auto m = unit.x.firstOf(pass);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
        rows[i] = Row::of(unit.p.weight, o + i);
        const auto* before = unit.sumsOf(o + i, m);
#pragma GCC unroll 16
        for (int j = 0; j < kInputs; ++j)
            sum[i][j] = block == 0 ? hn::Zero(Floats()) : hn::Load(Floats(), before + j * kLanes);
    }
    addBlocks<Row, kRows, kInputs>(unit.p.weight, rows, block, end, unit.x.at(pass, block), sum);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 16
        for (int j = 0; j < kInputs; ++j)
            hn::Store(sum[i][j], Floats(), unit.sumsOf(o + i, m) + j * kLanes);
}

template <class Row, int kInputs>
void addPass(const Unit& unit, std::int64_t pass, std::int64_t block, std::int64_t end) {
    constexpr int kRows = kInputs == 4 ? 3 : 4;  // sums that the registers hold
    auto o = unit.first;
    for (; o + kRows <= unit.end; o += kRows)
        addDepth<Row, kRows, kInputs>(unit, o, pass, block, end);
    for (; o < unit.end; ++o) addDepth<Row, 1, kInputs>(unit, o, pass, block, end);
}

template <class Row>
void addPass(const Unit& unit, std::int64_t pass, std::int64_t block, std::int64_t end) {
    switch (unit.x.firstOf(pass + 1) - unit.x.firstOf(pass)) {
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
        for (std::int64_t m = 0; m < unit.x.rows; ++m)
            p.y[m * p.yStride + o] = folded(unit.sumsOf(o, m)) + (p.bias ? p.bias[o] : 0);
}

// Rows [first, end) of the weights.
template <class Row>
void someRows(const Product& p, std::int64_t first, std::int64_t end, const PackedInputs& x) {
    auto* sums = scratch(Scratch::Sums, kUnit * x.rows * kLanes);
    for (; first < end; first += kUnit) {
        const Unit unit{p, x, first, std::min(first + kUnit, end), sums};
        for (std::int64_t block = 0; block < x.blocks; block += x.depth())
            for (std::int64_t pass = 0; pass < x.passes(); ++pass)
                addPass<Row>(unit, pass, block, std::min(block + x.depth(), x.blocks));
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
