#include "core/decode/patch_projection.h"

#include <QtTest>
#include <cmath>

#include "core/statistics/statistics.h"
#include "core/torch.h"

using namespace lvr;

class PatchProjectionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cosineAndDistanceEqualTheObviousLoops() {
        const auto vectors = torch::randn({3, 7}), patches = torch::randn({5, 7});
        const auto cosine = Patches(patches).cosine(vectors),
                   distance = Patches(patches).distance(vectors);
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 5; ++j) {
                double dot = 0, a = 0, b = 0, d = 0;
                for (int k = 0; k < 7; ++k) {
                    const double x = vectors[i][k].item<double>(), y = patches[j][k].item<double>();
                    dot += x * y, a += x * x, b += y * y, d += (x - y) * (x - y);
                }
                QVERIFY(std::abs(cosine[i][j].item<double>() - dot / std::sqrt(a * b)) < 1e-5);
                QVERIFY(std::abs(distance[i][j].item<double>() - std::sqrt(d)) < 1e-5);
            }
    }
    void aPatchIsAtDistanceZeroFromItself() {
        const auto patches = torch::randn({40, 64}) * 30;
        QVERIFY(Patches(patches).distance(patches).diagonal().max().item<double>() < 1e-6);
    }
    void nearestComesFirstAndTiesGoToTheLowerIndex() {
        QCOMPARE(nearestPatches({0.1F, 0.9F, 0.9F, 0.5F}, 3), (std::vector<int>{1, 2, 3}));
        QCOMPARE(nearestPatches({0.1F}, 9), (std::vector<int>{0}));
        QCOMPARE(nearestPatches({}, 3), std::vector<int>());
    }
    void roiScoreCountsTheRegion() {
        const auto score = roiScore({1.0F, 0.0F, 0.0F, 0.0F}, {0, 1}, 0.5);
        const double e = std::exp(-2.0);
        QVERIFY(score.hit);
        QVERIFY(std::abs(score.mass - (1 + e) / (1 + 3 * e)) < 1e-9);
        QCOMPARE(score.chance, 0.5);
        QVERIFY(!roiScore({1.0F, 0.0F}, {1}).hit);
    }
    void wilsonIntervalHoldsItsKnownValues() {
        const auto half = wilson95(50, 100), all = wilson95(10, 10);
        QVERIFY(std::abs(half.low - 0.4038) < 1e-4 && std::abs(half.high - 0.5962) < 1e-4);
        QVERIFY(std::abs(all.low - 0.7225) < 1e-4 && all.high > 0.9999);
        QCOMPARE(wilson95(0, 0).high, 1.0);
    }
};

QTEST_GUILESS_MAIN(PatchProjectionTest)
#include "patch_projection_test.moc"
