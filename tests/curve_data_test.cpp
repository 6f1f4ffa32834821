#include "widgets/runs/curve_data.h"

#include <QtTest>
#include <cmath>
#include <limits>
#include <random>

using namespace lvr;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Every tenth or so is no number.
double randomValue(std::mt19937& random) {
    switch (random() % 30) {
        case 0:
            return kNaN;
        case 1:
            return kInfinity;
        case 2:
            return -kInfinity;
        default:
            return std::normal_distribution<double>()(random);
    }
}

// The slow obvious versions.
Extremes extremesOf(const std::vector<double>& values, std::size_t begin, std::size_t end) {
    Extremes found;
    for (auto i = begin; i < end; ++i) {
        if (!std::isfinite(values[i])) continue;
        found.min = std::min(found.min, values[i]);
        found.max = std::max(found.max, values[i]);
        if (values[i] > 0) found.leastPositive = std::min(found.leastPositive, values[i]);
    }
    return found;
}

// By its definition: a weighted mean of all values so far.
double smoothedAt(const std::vector<double>& values, std::size_t at, double weight) {
    if (!std::isfinite(values[at])) return values[at];
    double sum = 0, weights = 0, share = 1;
    for (auto i = at + 1; i-- > 0;) {
        if (!std::isfinite(values[i])) continue;
        sum += share * values[i];
        weights += share;
        share *= weight;
    }
    return sum / weights;
}

}  // namespace

class CurveDataTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aPyramidKnowsTheExtremesOfEveryStretch_data() {
        QTest::addColumn<int>("size");
        for (const int size : {1, 2, 15, 16, 17, 255, 256, 257, 4095, 4096, 4097, 5000})
            QTest::addRow("%d", size) << size;
    }
    void aPyramidKnowsTheExtremesOfEveryStretch() {
        QFETCH(int, size);
        std::mt19937 random(static_cast<unsigned>(size));
        MinMaxPyramid pyramid;
        for (int i = 0; i < size; ++i) pyramid.append(randomValue(random));
        for (int i = 0; i < 2000; ++i) {
            auto begin = random() % (pyramid.size() + 1), end = random() % (pyramid.size() + 1);
            if (begin > end) std::swap(begin, end);
            QCOMPARE(pyramid.over(begin, end), extremesOf(pyramid.values(), begin, end));
        }
        QCOMPARE(pyramid.over(0, pyramid.size()),
                 extremesOf(pyramid.values(), 0, pyramid.values().size()));
    }

    void aPyramidThatWasCutGrowsOnAsIfItHadNotBeen() {
        std::mt19937 random(3);
        MinMaxPyramid pyramid;
        for (int round = 0; round < 60; ++round) {
            const auto more = random() % 700;
            for (unsigned i = 0; i < more; ++i) pyramid.append(randomValue(random));
            pyramid.truncate(random() % (pyramid.size() + 1));
            const auto size = pyramid.size();
            for (int i = 0; i < 50; ++i) {
                const auto begin = random() % (size + 1);
                QCOMPARE(pyramid.over(begin, size), extremesOf(pyramid.values(), begin, size));
                for (const auto at : pyramid.nonFinite(begin, size))
                    QVERIFY(!std::isfinite(pyramid.values()[at]));
            }
        }
    }

    void whatIsNotFiniteIsFound() {
        MinMaxPyramid pyramid;
        for (const double value : {1.0, kNaN, 2.0, kInfinity, -kInfinity}) pyramid.append(value);
        QCOMPARE(pyramid.nonFinite(0, 5), (std::vector<std::size_t>{1, 3, 4}));
        QCOMPARE(pyramid.nonFinite(2, 4), (std::vector<std::size_t>{3}));
        QVERIFY(pyramid.over(3, 5).empty());
    }

    void smoothingIsTheMeanItIsDefinedAs_data() {
        QTest::addColumn<double>("weight");
        for (const double weight : {0.0, 0.5, 0.9, 0.99, 0.999})
            QTest::addRow("%g", weight) << weight;
    }
    void smoothingIsTheMeanItIsDefinedAs() {
        QFETCH(double, weight);
        std::mt19937 random(5);
        Curve curve;
        for (int step = 1; step <= 400; ++step) {
            curve.append(step, 10 + randomValue(random));
            const auto& smoothed = curve.smoothed(weight).values();  // grows step by step
            const double expected = smoothedAt(curve.values().values(), curve.size() - 1, weight);
            if (std::isnan(expected))
                QVERIFY(std::isnan(smoothed.back()));
            else if (std::isinf(expected))
                QCOMPARE(smoothed.back(), expected);
            else
                QVERIFY(std::abs(smoothed.back() - expected) < 1e-9);
        }
    }

    void smoothingHasNoBiasTowardsZero() {
        Curve curve;
        for (int step = 1; step <= 5; ++step) curve.append(step, 7);
        for (const double value : curve.smoothed(0.99).values())
            QVERIFY(std::abs(value - 7) < 1e-9);
    }

    void smoothingFollowsAChangeOfItsWeightAndAResumedRun() {
        Curve curve;
        for (int step = 1; step <= 50; ++step) curve.append(step, step % 7);
        curve.smoothed(0.5);
        for (int step = 20; step <= 60; ++step) curve.append(step, step % 5);
        const auto& values = curve.values().values();
        for (const double weight : {0.5, 0.9})
            for (std::size_t i = 0; i < curve.size(); ++i)
                QVERIFY(std::abs(curve.smoothed(weight).values()[i] -
                                 smoothedAt(values, i, weight)) < 1e-9);
    }

    void aResumedRunGoesOnFromWhereItWasResumed() {
        RunCurves curves;
        curves.append({{"loss", {1, 2, 3, 4}, {1, 2, 3, 4}}, {"rare", {4}, {9}}});
        curves.append({{"loss", {3, 4, 5}, {30, 40, 50}}});
        QCOMPARE(curves.find("loss")->steps(), (std::vector<double>{1, 2, 3, 4, 5}));
        QCOMPARE(curves.find("loss")->values().values(), (std::vector<double>{1, 2, 30, 40, 50}));
        QCOMPARE(curves.find("rare")->size(), 0u);  // was of a step that is forgotten
        QVERIFY(!curves.find("other"));
        curves.append({{"loss", {1}, {5}}});  // all over again
        QCOMPARE(curves.find("loss")->size(), 1u);
    }

    void noSpikeIsEverSampledAway() {
        std::mt19937 random(11);
        Curve curve;
        int step = 0;
        for (int i = 0; i < 20000; ++i) {
            step += 1 + static_cast<int>(random() % 3);
            curve.append(step, i % 997 == 0 ? 1000.0 + i : randomValue(random));
        }
        const auto& xs = curve.steps();
        for (int zoom = 0; zoom < 200; ++zoom) {
            const double from = random() % static_cast<unsigned>(step),
                         width = 1 + random() % static_cast<unsigned>(step);
            std::vector<double> edges;
            for (int column = 0; column <= 300; ++column)
                edges.push_back(from + width * column / 300);
            const auto points = visiblePoints(xs, curve.values(), edges);
            QVERIFY(points.size() <= 2 * 300 + 2);
            // The slow way: all points in sight.
            Extremes drawn, there;
            for (const auto& point : points)
                if (point.x >= edges.front() && point.x < edges.back()) drawn.include(point.y);
            for (std::size_t i = 0; i < xs.size(); ++i)
                if (xs[i] >= edges.front() && xs[i] < edges.back())
                    there.include(curve.values().values()[i]);
            QCOMPARE(drawn.min, there.min);
            QCOMPARE(drawn.max, there.max);
        }
    }

    void everyPixelColumnShowsItsOwnExtremes() {
        std::mt19937 random(12);
        Curve curve;
        for (int step = 0; step < 5000; ++step) curve.append(step, randomValue(random));
        std::vector<double> edges;
        for (int column = 0; column <= 100; ++column) edges.push_back(50.0 * column);
        const auto points = visiblePoints(curve.steps(), curve.values(), edges);
        for (std::size_t column = 0; column < 100; ++column) {
            Extremes drawn;
            for (const auto& point : points)
                if (point.x >= edges[column] && point.x < edges[column + 1]) drawn.include(point.y);
            const auto there = extremesOf(curve.values().values(), column * 50, column * 50 + 50);
            QCOMPARE(drawn.min, there.min);
            QCOMPARE(drawn.max, there.max);
        }
    }

    void fewPointsAreDrawnAsTheyAre() {
        Curve curve;
        for (int step = 1; step <= 5; ++step) curve.append(step, step == 3 ? kNaN : step);
        const auto points = visiblePoints(curve.steps(), curve.values(), {2, 2.5, 3, 3.5, 4});
        QCOMPARE(points.size(), 4u);  // one before, 2, 3, one behind
        QCOMPARE(points[0], (CurvePoint{1, 1}));
        QCOMPARE(points[1], (CurvePoint{2, 2}));
        QVERIFY(std::isnan(points[2].y));
        QCOMPARE(points[3], (CurvePoint{4, 4}));
        QVERIFY(visiblePoints({}, {}, {0, 1}).empty());
    }

    void aStretchWithoutANumberBreaksTheLine() {
        Curve curve;
        for (int step = 0; step < 30; ++step) curve.append(step, step / 10 == 1 ? kNaN : step / 10);
        const auto points = visiblePoints(curve.steps(), curve.values(), {0, 10, 20, 30});
        QCOMPARE(points.size(), 3u);
        QVERIFY(std::isnan(points[1].y));
    }

    void aBandIsTheMeanAndTheSpreadOfItsCurves() {
        const std::vector<double> xs{0, 10, 20}, low{1, 1, 1}, high{3, 3, 3}, late{20, 30},
            far{9, 9};
        const auto band = bandOf({{&xs, &low}, {&xs, &high}, {&late, &far}}, {4, 6, 24, 26});
        QCOMPARE(band.mean.size(), 3u);
        QCOMPARE(band.mean[0], (CurvePoint{5, 2}));  // between the points of two
        QCOMPARE(band.low[0], (CurvePoint{5, 1}));
        QCOMPARE(band.high[0], (CurvePoint{5, 3}));
        QCOMPARE(band.mean[2], (CurvePoint{25, 9}));  // the others have ended
        QCOMPARE(band.low[2], band.high[2]);
        QVERIFY(bandOf({}, {0, 1}).mean.empty());
        const std::vector<double> holes{kNaN, kNaN, kNaN};
        QVERIFY(bandOf({{&xs, &holes}}, {4, 6}).mean.empty());
    }

    void theMiddleLeavesOutWhatIsMostExtreme() {
        std::vector<double> values;
        for (int i = 0; i < 1000; ++i) values.push_back(i);
        values[500] = 1e9;
        values[501] = -1e9;
        values[502] = kNaN;
        const auto middle = middleOf(values);
        QVERIFY(middle.min >= 0 && middle.max < 1000);
        QVERIFY(middle.min < 20 && middle.max > 980);
        QCOMPARE(middleOf({1, 2, 1e9}).max, 1e9);  // few: each counts
        QVERIFY(middleOf({}).empty());
    }

    void theNearestOfSomePlaces() {
        QCOMPARE(nearestIndex({1, 3, 7}, -5), 0u);
        QCOMPARE(nearestIndex({1, 3, 7}, 1.9), 0u);
        QCOMPARE(nearestIndex({1, 3, 7}, 2), 1u);
        QCOMPARE(nearestIndex({1, 3, 7}, 5.5), 2u);
        QCOMPARE(nearestIndex({1, 3, 7}, 99), 2u);
    }
};

QTEST_APPLESS_MAIN(CurveDataTest)
#include "curve_data_test.moc"
