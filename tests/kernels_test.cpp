// Products against sums in double precision, on every instruction set that this CPU can run.

#include <QtTest>
#include <atomic>
#include <bit>
#include <cmath>
#include <numeric>
#include <random>
#include <thread>

#include "core/kernels/machine.h"
#include "core/kernels/matmul.h"
#include "core/kernels/scratch.h"
#include "core/kernels/targets.h"
#include "core/kernels/threads.h"

using namespace lvr;

namespace {

using Body = std::function<void(std::int64_t, std::int64_t)>;

void alone(std::int64_t count, std::int64_t, const Body& body) { body(0, count); }

// One by one and from behind: as many threads as there are parts, in an order that nobody chose.
void inParts(std::int64_t count, std::int64_t, const Body& body) {
    for (auto i = count; i-- > 0;) body(i, i + 1);
}

void onThreeThreads(std::int64_t count, std::int64_t, const Body& body) {
    std::vector<std::jthread> threads;
    for (std::int64_t t = 0; t < 3; ++t)
        threads.emplace_back([&, t] { body(t * count / 3, (t + 1) * count / 3); });
}

float wide(std::uint16_t bfloat16) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bfloat16) << 16);
}

std::uint16_t narrow(float value) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}

struct Numbers {
    std::mt19937 random{5};
    float real() { return std::uniform_real_distribution<float>(-1, 1)(random); }
    int integer(int least, int most) {
        return std::uniform_int_distribution<int>(least, most)(random);
    }
    std::vector<float> reals(std::int64_t count) {
        std::vector<float> all(count);
        for (auto& one : all) one = real();
        return all;
    }
};

// Weights in numbers of one type, one byte off any alignment that is not promised, and what they
// stand for.
struct Weights {
    WeightMatrix matrix;
    std::vector<float> values;  // [out, in]
    std::vector<float> floats;
    std::vector<std::uint16_t> halves, scales;
    std::vector<std::uint8_t> bytes;

    Weights(WeightType type, std::int64_t out, std::int64_t in, std::int64_t group, Numbers& from) {
        matrix = {.type = type, .out = out, .in = in};
        values.resize(out * in);
        if (type == WeightType::F32) fillFloats(from);
        if (type == WeightType::BF16) fillHalves(from);
        if (type == WeightType::I8 || type == WeightType::I4) fillQuantised(group, from);
    }
    Weights(const Weights&) = delete;

    void fillFloats(Numbers& from) {
        values = from.reals(std::ssize(values));
        floats = values;
        floats.insert(floats.begin(), 0.0f);
        matrix.data = floats.data() + 1;
    }
    void fillHalves(Numbers& from) {
        halves.resize(values.size() + 1);
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = wide(halves[i + 1] = narrow(from.real()));
        matrix.data = halves.data() + 1;
    }
    void fillQuantised(std::int64_t group, Numbers& from) {
        scales.resize(values.size() / group);
        for (auto& scale : scales) scale = narrow(0.02f + std::abs(from.real()));
        const auto perByte = matrix.type == WeightType::I4 ? 2 : 1;
        bytes.resize(1 + values.size() / perByte);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const int q =
                matrix.type == WeightType::I8 ? from.integer(-128, 127) : from.integer(-8, 7);
            put(i, q);
            values[i] = static_cast<float>(q) * wide(scales[i / group]);
        }
        matrix.data = bytes.data() + 1;
        matrix.scales = scales.data();
        matrix.group = group;
    }
    void put(std::size_t i, int q) {
        if (matrix.type == WeightType::I8) {
            bytes[1 + i] = static_cast<std::uint8_t>(q);
            return;
        }
        auto& byte = bytes[1 + i / 32 * 16 + i % 16];
        byte |= static_cast<std::uint8_t>((q + 8) << (i % 32 < 16 ? 0 : 4));
    }
};

struct Sum {
    double value = 0, size = 0;  // and of the absolute terms: what rounding grows with
    void add(double term) {
        value += term;
        size += std::abs(term);
    }
    bool isNear(float got) const { return std::abs(got - value) <= 2e-6 * size + 1e-30; }
};

constexpr float kUntouched = 12345;

// y of `rows` rows with a margin that nobody may write to.
struct Output {
    std::int64_t rows, columns, stride;
    std::vector<float> y;
    Output(std::int64_t rows, std::int64_t columns)
        : rows(rows), columns(columns), stride(columns + 5), y(rows * stride, kUntouched) {}
    bool isMarginUntouched() const {
        for (std::int64_t i = 0; i < std::ssize(y); ++i)
            if (i % stride >= columns && y[i] != kUntouched) return false;
        return true;
    }
};

struct Case {
    std::int64_t rows, stride;
    std::vector<float> x, bias;
    Case(std::int64_t rows, const Weights& w, Numbers& from)
        : rows(rows),
          stride(w.matrix.in + 3),
          x(from.reals(rows * stride)),
          bias(from.reals(w.matrix.out)) {}
    Inputs inputs() const { return {x.data(), rows, stride}; }
    Product into(Output& y, const Weights& w) const {
        return {w.matrix, bias.data(), y.y.data(), y.stride};
    }
    // every: one row in so many is looked at.
    bool isRight(const Output& y, const Weights& w, std::int64_t every = 1) const {
        const auto in = w.matrix.in;
        for (std::int64_t m = 0; m < rows; m += every)
            for (std::int64_t o = 0; o < y.columns; ++o) {
                Sum sum;
                sum.add(bias[o]);
                for (std::int64_t i = 0; i < in; ++i)
                    sum.add(double(x[m * stride + i]) * w.values[o * in + i]);
                if (!sum.isNear(y.y[m * y.stride + o])) {
                    qWarning("row %ld, output %ld of %ld x %ld: %.9g, not %.9g", long(m), long(o),
                             long(y.columns), long(in), y.y[m * y.stride + o], sum.value);
                    return false;
                }
            }
        return y.isMarginUntouched();
    }
};

void useTarget(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

bool isQuantised(WeightType type) { return type == WeightType::I8 || type == WeightType::I4; }

// Columns: whole blocks, and for numbers that need no scales any count.
std::vector<std::int64_t> widths(WeightType type) {
    if (isQuantised(type)) return {32, 192, 576, 2208};
    return {1, 7, 32, 45, 300, 576, 2085};
}

// A group that divides `in`.
std::int64_t groupOf(std::int64_t in) { return in % 96 == 0 ? 96 : 32; }

}  // namespace

class KernelsTest : public QObject {
    Q_OBJECT
    static void targets() {
        QTest::addColumn<qint64>("target");
        hwy::SetSupportedTargetsForTest(0);
        for (const auto target : hwy::SupportedAndGeneratedTargets())
            QTest::newRow(hwy::TargetName(target)) << qint64(target);
    }
    static void targetsAndTypes() {
        QTest::addColumn<qint64>("target");
        QTest::addColumn<int>("type");
        hwy::SetSupportedTargetsForTest(0);
        const char* names[] = {"float32", "bfloat16", "int8", "int4"};
        for (const auto target : hwy::SupportedAndGeneratedTargets())
            for (int type = 0; type < 4; ++type)
                QTest::addRow("%s, %s", hwy::TargetName(target), names[type])
                    << qint64(target) << type;
    }
    static WeightType typeOfRow() {
        QFETCH(qint64, target);
        QFETCH(int, type);
        useTarget(target);
        return static_cast<WeightType>(type);
    }

private Q_SLOTS:
    void fewRows_data() { targetsAndTypes(); }
    void fewRows() {
        const auto type = typeOfRow();
        Numbers numbers;
        for (const auto in : widths(type))
            for (const std::int64_t out : {1, 12, 29}) {
                const Weights w(type, out, in, groupOf(in), numbers);
                for (std::int64_t rows = 1; rows <= kFewRows; ++rows) {
                    const Case some(rows, w, numbers);
                    Output y(rows, out);
                    const auto product = some.into(y, w);
                    multiplyRows({&product, 1}, some.inputs(), inParts);
                    QVERIFY(some.isRight(y, w));
                }
            }
    }

    void manyRows_data() { targetsAndTypes(); }
    void manyRows() {
        const auto type = typeOfRow();
        Numbers numbers;
        for (const auto in : widths(type))
            for (const std::int64_t out : {1, 31, 80}) {
                const Weights w(type, out, in, groupOf(in), numbers);
                for (const std::int64_t rows : {1, 2, 5, 11, 16, 17, 32, 33, 131}) {
                    const Case some(rows, w, numbers);
                    Output y(rows, out);
                    multiply(some.into(y, w), some.inputs(), inParts);
                    QVERIFY(some.isRight(y, w));
                }
            }
    }

    // More of x than is packed at a time: results add up over its columns.
    void moreInputsThanAreHeldAtATime_data() { targets(); }
    void moreInputsThanAreHeldAtATime() {
        QFETCH(qint64, target);
        useTarget(target);
        Numbers numbers;
        for (const std::int64_t out : {2, 130}) {  // cut by rows, and by columns
            const Weights w(WeightType::BF16, out, 1100, 32, numbers);
            const Case some(8200, w, numbers);  // 4 Mi floats are held: 512 columns
            Output y(8200, out);
            multiply(some.into(y, w), some.inputs(), onThreeThreads);
            QVERIFY(some.isRight(y, w, 83));
        }
    }

    // Nor on how many threads there are: bit by bit.
    void aRowDoesNotDependOnTheRowsBesideIt_data() { targetsAndTypes(); }
    void aRowDoesNotDependOnTheRowsBesideIt() {
        const auto type = typeOfRow();
        Numbers numbers;
        const Weights w(type, 43, 5 * 1024, 32, numbers);
        const Case all(kFewRows, w, numbers);
        Output together(kFewRows, 43);
        const auto product = all.into(together, w);
        multiplyRows({&product, 1}, all.inputs(), alone);
        for (std::int64_t count = 1; count < kFewRows; ++count) {
            const auto first = kFewRows - count;
            Output some(count, 43);
            const auto part = all.into(some, w);
            multiplyRows({&part, 1}, {all.x.data() + first * all.stride, count, all.stride},
                         count % 2 ? ParallelFor(inParts) : ParallelFor(onThreeThreads));
            QVERIFY(std::equal(some.y.begin(), some.y.end(),
                               together.y.begin() + first * together.stride));
        }
    }

    void productsOfOneInput_data() { targets(); }
    void productsOfOneInput() {
        QFETCH(qint64, target);
        useTarget(target);
        Numbers numbers;
        const Weights q(WeightType::BF16, 40, 128, 32, numbers),
            k(WeightType::BF16, 7, 128, 32, numbers), v(WeightType::I4, 13, 128, 64, numbers);
        const Case some(3, q, numbers);
        Output ofQ(3, 40), ofK(3, 7), ofV(3, 13);
        const std::vector<Product> all{some.into(ofQ, q), some.into(ofK, k), some.into(ofV, v)};
        multiplyRows(all, some.inputs(), onThreeThreads);
        QVERIFY(some.isRight(ofQ, q));
        QVERIFY(some.isRight(ofK, k));
        QVERIFY(some.isRight(ofV, v));
    }

    void threadsCoverEveryPartOnce() {
        for (const std::int64_t count : {0, 1, 7, 1000})
            for (const std::int64_t grain : {1, 3, 2000}) {
                std::vector<std::atomic<int>> seen(count);
                std::atomic<std::int64_t> shortest = count;
                onThreads(count, grain, [&](std::int64_t begin, std::int64_t end) {
                    if (end - begin < shortest) shortest = end - begin;
                    for (auto i = begin; i < end; ++i) ++seen[i];
                });
                QVERIFY(std::all_of(seen.begin(), seen.end(),
                                    [](const auto& times) { return times == 1; }));
                QVERIFY(shortest >= std::min(count, grain));
            }
    }

    // Within what any machine does: how fast this one is, is no matter of a test.
    void theCeilingsOfThisMachine() {
        const auto ceilings = measureCeilings(alone);
        QVERIFY2(ceilings.readBandwidth > 0.05 && ceilings.readBandwidth < 1e4,
                 qPrintable(QString::number(ceilings.readBandwidth)));
        QVERIFY2(ceilings.multiplyAdds > 0.05 && ceilings.multiplyAdds < 1e6,
                 qPrintable(QString::number(ceilings.multiplyAdds)));
        QCOMPARE(kernelTarget(),
                 std::string(hwy::TargetName(hwy::SupportedAndGeneratedTargets().front())));
    }

    void scratchIsKeptAndEachThreadHasItsOwn() {
        auto* mine = scratch(Scratch::PanelA, 1000);
        QCOMPARE(std::bit_cast<std::uintptr_t>(mine) % 64, std::uintptr_t(0));
        QCOMPARE(scratch(Scratch::PanelA, 10), mine);
        QVERIFY(scratch(Scratch::PanelB, 1000) != mine);
        std::jthread([&] { QVERIFY(scratch(Scratch::PanelA, 1000) != mine); }).join();
    }

    void cleanup() { useTarget(0); }
};

QTEST_APPLESS_MAIN(KernelsTest)
#include "kernels_test.moc"
