// What is minimised, what minimises it, and what is kept of it between two runs.

#include "core/train/optimizer.h"

#include <ATen/CPUGeneratorImpl.h>

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>

#include "core/error.h"
#include "core/torch.h"
#include "core/train/losses.h"
#include "core/train/train_state.h"

namespace fs = std::filesystem;
using namespace lvr;

class OptimizerTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void reconstructionLossIsTheWeightedElementMean() {
        const auto hidden = torch::tensor({{1.0, 2.0, 3.0}, {0.0, 0.0, 0.0}});
        const auto target = torch::tensor({{1.0, 2.0, 6.0}, {1.0, 1.0, 1.0}});
        // element means 3 and 1; weights 1 and 3
        const auto loss = reconstructionLoss(hidden, target, torch::tensor({1.0, 3.0}));
        QVERIFY(std::abs(loss.item<double>() - (3.0 + 3.0) / 4) < 1e-6);
    }

    void everyDistanceHasItsFormula() {
        const auto doubles = torch::dtype(torch::kFloat64);
        const auto hidden = torch::tensor({1., 2., 3., 4.}, doubles).view({2, 2});
        const auto target = torch::tensor({1., 0., 0., 4.}, doubles).view({2, 2});
        const auto weight = torch::tensor({1., 3.}, doubles);
        const double cosine1 = 1 / std::sqrt(5.), cosine2 = 16 / (5 * 4.);
        const auto of = [&](LatentLoss kind) {
            return reconstructionLoss(hidden, target, weight, kind).item<double>();
        };
        QCOMPARE(of(LatentLoss::Mse), (1 * 2 + 3 * 4.5) / 4);
        QCOMPARE(of(LatentLoss::Mae), (1 * 1 + 3 * 1.5) / 4);
        QCOMPARE(of(LatentLoss::Cosine), (1 - cosine1 + 3 * (1 - cosine2)) / 4);
    }

    // Autograd against central differences, in double precision.
    void everyGradientIsTheSlopeOfItsLoss_data() {
        QTest::addColumn<int>("which");
        for (const auto& [name, which] :
             {std::pair{"mse", 0}, {"mae", 1}, {"cosine", 2}, {"stop", 3}, {"sum", 4}})
            QTest::newRow(name) << which;
    }
    void everyGradientIsTheSlopeOfItsLoss() {
        QFETCH(int, which);
        torch::manual_seed(11);
        const auto doubles = torch::dtype(torch::kFloat64);
        const auto target = torch::randn({3, 5}, doubles), weight = torch::rand({3}, doubles);
        const auto loss = [&](const torch::Tensor& x) {
            if (which == 3) return stopLoss(x, target.sigmoid());
            if (which == 4)
                return reconstructionLoss(x, target, weight, LatentLoss::Mae,
                                          MseReduction::ChannelSum);
            return reconstructionLoss(x, target, weight, static_cast<LatentLoss>(which));
        };
        const auto x = torch::randn({3, 5}, doubles).requires_grad_(true);
        loss(x).backward();
        const torch::NoGradGuard off;
        const double h = 1e-6;
        for (int i = 0; i < 15; ++i) {
            const auto at = [&](double shift) {
                auto moved = x.detach().clone();
                moved.view(-1)[i] += shift;
                return loss(moved).item<double>();
            };
            const double slope = (at(h) - at(-h)) / (2 * h);
            QVERIFY(std::abs(slope - x.grad().view(-1)[i].item<double>()) < 1e-8);
        }
    }

    void stopLossIsBinaryCrossEntropyOnTheRawLogit() {
        const auto loss = stopLoss(torch::tensor({0.0, 2.0}), torch::tensor({0.0, 1.0}));
        const double expected = (std::log(2.0) + std::log(1 + std::exp(-2.0))) / 2;
        QVERIFY(std::abs(loss.item<double>() - expected) < 1e-6);
    }

    void fusedAdamWEqualsTheWrittenOutUpdate() {
        auto value = torch::tensor({1.0F, -2.0F}).requires_grad_(true);
        AdamW optimizer(trainAt({value}), 0.01);
        double x[2] = {1, -2}, m[2] = {0, 0}, v[2] = {0, 0};
        for (int step = 1; step <= 5; ++step) {
            optimizer.zeroGrad();
            (value.pow(3).sum() * 0.1).backward();
            optimizer.step(1e-2, 1e9);
            for (int i = 0; i < 2; ++i) {
                const double g = 0.3 * x[i] * x[i];
                x[i] -= 1e-2 * 0.01 * x[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.98 * v[i] + 0.02 * g * g;
                x[i] -= 1e-2 * (m[i] / (1 - std::pow(0.9, step))) /
                        (std::sqrt(v[i] / (1 - std::pow(0.98, step))) + 1e-8);
            }
        }
        for (int i = 0; i < 2; ++i) QVERIFY(std::abs(value[i].item<double>() - x[i]) < 1e-5);
    }

    // The mean of what is written again and again is what it was, though a level is a tenth.
    void eightBitMomentsKeepWhatTheyHoldOnAverage() {
        torch::manual_seed(5);
        const auto value = torch::randn({5000}).abs() * torch::linspace(-4, 0, 5000).exp();
        for (const auto kind : {Moment::Kind::Positive, Moment::Kind::Signed}) {
            const auto sign = kind == Moment::Kind::Signed ? -1.0 : 1.0;
            Moment moment(value, kind, Moment::Bits::Eight);
            auto sum = torch::zeros_like(value);
            for (int i = 0; i < 200; ++i) {
                auto random = at::detail::createCPUGenerator(i);
                moment.write(value * sign, random);
                sum += moment.read();
            }
            const auto once = (moment.read() - sign * value).abs() / value;
            const auto mean = (sum / 200 - sign * value).abs() / value;
            const auto large = value > value.max() * 1e-4;  // far below a block's scale is nothing
            QVERIFY(once.index({large}).max().item<double>() < 0.13);
            QVERIFY(mean.index({large}).mean().item<double>() < 0.005);
        }
        std::size_t bytes = 0;
        for (const auto& [name, part] :
             Moment(value, Moment::Kind::Signed, Moment::Bits::Eight).parts())
            bytes += part.nbytes();
        QVERIFY(bytes < value.nbytes() * 0.27);
    }

    // Gradients of all sizes beside each other, and none where there was one: a second mean that
    // became nothing would divide the first by eps.
    void eightBitStatesMoveNothingMuchFurtherThanFloat32Does() {
        constexpr std::int64_t kElements = 8192, kSteps = 40;
        for (int seed = 0; seed < 8; ++seed) {
            auto random = at::detail::createCPUGenerator(seed);
            const auto octaves = torch::rand({kElements}, random) * 60;
            const auto sizes = torch::exp2(-octaves);
            auto exact = torch::zeros({kElements}).requires_grad_(true);
            auto coarse = torch::zeros({kElements}).requires_grad_(true);
            AdamW a(trainAt({exact}), 0, 0.98),
                b(trainAt({coarse}), 0, 0.98, {}, Moment::Bits::Eight);
            double furthest = 0, furthestExact = 0;
            for (int step = 0; step < kSteps; ++step) {
                const auto there = torch::rand({kElements}, random) < 0.3;
                const auto gradient = torch::randn({kElements}, random) * sizes * there;
                for (auto* value : {&exact, &coarse}) value->mutable_grad() = gradient.clone();
                const auto before = exact.detach().clone(), coarseBefore = coarse.detach().clone();
                a.step(1, 1e30);
                b.step(1, 1e30);
                furthestExact =
                    std::max(furthestExact, (exact.detach() - before).abs().max().item<double>());
                furthest =
                    std::max(furthest, (coarse.detach() - coarseBefore).abs().max().item<double>());
            }
            QVERIFY2(
                furthest < 2 * furthestExact,
                qPrintable(
                    QString("seed %1: %2 against %3").arg(seed).arg(furthest).arg(furthestExact)));
        }
    }

    void aPositiveMomentIsNothingOnlyWhereNothingWasWritten() {
        for (int seed = 0; seed < 8; ++seed) {
            auto random = at::detail::createCPUGenerator(seed);
            auto value = torch::exp2(-torch::rand({8192}, random) * 120);
            value =
                torch::where(torch::rand({8192}, random) < 0.1, torch::zeros_like(value), value);
            Moment moment(value, Moment::Kind::Positive, Moment::Bits::Eight);
            moment.write(value, random);
            QVERIFY(torch::equal(moment.read() == 0, value == 0));
        }
    }

    // On a quadratic both ways arrive; the states of a resumed one go on to the same values.
    void eightBitStatesLearnAndResume() {
        const auto target = torch::linspace(-1, 1, 8192);
        const auto distance = [&](const torch::Tensor& x) {
            return (x - target).pow(2).mean().item<double>();
        };
        const auto train = [&](AdamW& optimizer, torch::Tensor& value, int steps) {
            for (int i = 0; i < steps; ++i) {
                optimizer.zeroGrad();
                (value - target).pow(2).sum().backward();
                optimizer.step(1e-2, 1e9);
            }
        };
        auto value = torch::zeros({8192}).requires_grad_(true);
        AdamW optimizer(trainAt({value}), 0, 0.98, {}, Moment::Bits::Eight);
        train(optimizer, value, 100);
        TrainState state;
        optimizer.save(state);
        QCOMPARE(state.tensors.at("adamw/0/exp_avg/codes").scalar_type(), torch::kUInt8);
        auto resumed = value.detach().clone().requires_grad_(true);
        AdamW other(trainAt({resumed}), 0, 0.98, {}, Moment::Bits::Eight);
        other.load(state);
        train(optimizer, value, 150);
        train(other, resumed, 150);
        QVERIFY(torch::equal(value.detach(), resumed.detach()));
        QVERIFY2(distance(value) < 1e-4, qPrintable(QString::number(distance(value))));
    }

    // A bfloat16 training's real weights are the float32 ones of its state: passed over, they are
    // lost without a word.
    void aStateThatDoesNotFitIsRefusedByName() {
        const auto stateOf = [](torch::Dtype dtype, std::int64_t size) {
            auto value = torch::ones({size}, dtype).requires_grad_(true);
            TrainState state;
            AdamW(trainAt({value}), 0).save(state);
            return state;
        };
        const auto refusal = [](torch::Dtype dtype, std::int64_t size, const TrainState& state) {
            auto value = torch::ones({size}, dtype).requires_grad_(true);
            AdamW optimizer(trainAt({value}), 0);
            try {
                optimizer.load(state);
                state.checkAllWasAskedFor();
            } catch (const Error& error) {
                return QString(error.what());
            }
            return QString();
        };
        const auto whole = torch::kFloat32, half = torch::kBFloat16;
        QCOMPARE(refusal(whole, 8, stateOf(whole, 8)), QString());
        QCOMPARE(refusal(half, 8, stateOf(half, 8)), QString());
        QVERIFY(refusal(whole, 8, stateOf(half, 8)).contains("\"adamw/0/master\""));
        QVERIFY(refusal(half, 8, stateOf(whole, 8)).contains("\"adamw/0/master\""));
        QVERIFY(refusal(whole, 8, stateOf(whole, 1)).contains("\"adamw/0/exp_avg\""));
    }

    void aStateReadsBackAsItWasWritten() {
        QTemporaryDir dir;
        TrainState state;
        for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kBFloat16, torch::kFloat16,
                                torch::kInt64, torch::kInt32, torch::kUInt8, torch::kBool})
            state.tensors[c10::toString(type)] = torch::arange(7).to(type);
        state.text["options"] = "{}";
        state.write(dir.path().toStdString());
        const auto read = TrainState::read(dir.path().toStdString());
        QVERIFY(read);
        QCOMPARE(read->text, state.text);
        QCOMPARE(read->tensors.size(), state.tensors.size());
        for (const auto& [name, tensor] : state.tensors) {
            QCOMPARE(read->tensor(name).scalar_type(), tensor.scalar_type());
            QVERIFY(read->tensor(name).equal(tensor));
        }
    }

    void gradientsAreClippedTogetherAndNotFiniteOnesChangeNothing() {
        auto value = torch::zeros({2}).requires_grad_(true);
        AdamW optimizer(trainAt({value}), 0.0);
        (value * torch::tensor({3.0F, 4.0F})).sum().backward();
        QVERIFY(std::abs(optimizer.step(1e-3, 1.0) - 5.0) < 1e-6);
        QVERIFY(std::abs(value.grad().norm().item<double>() - 1.0) < 1e-5);
        const auto before = value.detach().clone();
        value.mutable_grad() = torch::full({2}, std::nanf(""));
        optimizer.step(1e-3, 1.0);
        QVERIFY(torch::equal(before, value.detach()));
    }

    void scheduleWarmsUpThenFallsToItsFloor() {
        QCOMPARE(cosineSchedule(0, 100, 10, 1.0, 0.05), 0.1);
        QCOMPARE(cosineSchedule(9, 100, 10, 1.0, 0.05), 1.0);
        QVERIFY(std::abs(cosineSchedule(100, 100, 10, 1.0, 0.05) - 0.05) < 1e-9);
    }
};

QTEST_GUILESS_MAIN(OptimizerTest)
#include "optimizer_test.moc"
