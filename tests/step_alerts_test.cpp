#include "core/store/step_alerts.h"

#include <QtTest>
#include <cmath>

using namespace lvr;

namespace {

using Metrics = std::map<std::string, double>;

// What is said of a metric's values, by the number of the look.
std::map<int, QString> saidOf(const std::string& name, const std::vector<double>& values,
                              const Metrics& beside = {}) {
    StepAlerts alerts;
    std::map<int, QString> said;
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto metrics = beside;
        metrics[name] = values[i];
        if (const auto sentence = alerts.look(metrics); !sentence.empty())
            said[static_cast<int>(i)] = QString::fromStdString(sentence);
    }
    return said;
}

// A value that wanders a little.
std::vector<double> around(double value, int count, double spread = 0.05) {
    std::vector<double> values;
    for (int i = 0; i < count; ++i) values.push_back(value * (1 + spread * std::sin(i * 1.7)));
    return values;
}

std::vector<double> rampFrom(double from, double to, int count) {
    std::vector<double> values;
    for (int i = 0; i < count; ++i) values.push_back(from + (to - from) * i / count);
    return values;
}

std::vector<double> operator+(std::vector<double> first, const std::vector<double>& then) {
    first.insert(first.end(), then.begin(), then.end());
    return first;
}

}  // namespace

class StepAlertsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aTrainingThatGoesWellSaysNothing() {
        std::vector<double> falling;
        for (int i = 0; i < 300; ++i)
            falling.push_back(3 * std::exp(-i / 60.0) * (1 + 0.2 * std::sin(i * 2.3)));
        QVERIFY(saidOf("loss/total", falling).empty());
        QVERIFY(saidOf("span/trigger_rate", around(0.9, 200)).empty());
        QVERIFY(saidOf("latents/effective_rank", around(12, 200)).empty());
        QVERIFY(saidOf("groups/zero_variance", around(0.5, 200, 0.9)).empty());
        QVERIFY(saidOf("reward/mean", around(1.2, 300, 0.4)).empty());
        QVERIFY(saidOf("reward/mean", rampFrom(0.2, 1.8, 300)).empty());
        QVERIFY(saidOf("latents/count", around(4, 50) + rampFrom(4, 1, 200)).empty());
        QVERIFY(saidOf("latents/count", around(0.01, 200)).empty());
        QVERIFY(saidOf("kl", rampFrom(0, 0.9, 300)).empty());
    }

    void whatGoesWrongIsSaidOnceAndNamesWhatToLookAt_data() {
        QTest::addColumn<QString>("metric");
        QTest::addColumn<std::vector<double>>("values");
        QTest::addColumn<int>("at");
        QTest::addColumn<QString>("says");
        const auto ones = [](int count) { return std::vector<double>(count, 1.0); };
        QTest::newRow("a loss spike") << "loss/total" << around(0.8, 40) + around(6, 10) << 40
                                      << "the loss jumped to 6 from about 0.8";
        QTest::newRow("a KL spike")
            << "kl" << around(0.02, 40) + around(0.9, 10) << 40 << "the KL to the reference jumped";
        QTest::newRow("latents that become one")
            << "latents/effective_rank" << around(14, 40) + around(1.1, 40) << 43
            << "the latents are collapsing";
        QTest::newRow("no more thoughts")
            << "span/trigger_rate" << around(0.9, 40) + around(0.1, 40) << 42
            << "the model stops thinking";
        QTest::newRow("open thoughts") << "span/unclosed_rate" << around(0.1, 40) + around(0.7, 40)
                                       << 41 << "thoughts are no longer closed";
        QTest::newRow("rewards all alike") << "groups/zero_variance" << around(0.5, 10) + ones(30)
                                           << 14 << "all rewards of every group were alike";
        QTest::newRow("a KL above 1 that crept up")
            << "kl" << std::vector<double>{.2, .4, .6, .8, .95} + around(1.2, 10) << 5
            << "far from the model it began with";
        QTest::newRow("rewards that fall slowly")
            << "reward/mean" << around(0.9, 20) + rampFrom(0.9, 0.5, 60) + around(0.5, 40) << 43
            << "the reward fell to 0.8";
        QTest::newRow("right answers that become fewer")
            << "reward/accuracy" << around(0.7, 30) + around(0.4, 60) << 39 << "right answers fell";
        QTest::newRow("thoughts without latents")
            << "latents/count" << around(8, 30) + rampFrom(8, 0.01, 100) + around(0.01, 40) << 123
            << "the latents are gone";
        QTest::newRow("no number")
            << "loss/ce" << around(1, 5) + std::vector<double>(9, std::nan("")) << 5
            << "loss/ce is not a number";
    }
    void whatGoesWrongIsSaidOnceAndNamesWhatToLookAt() {
        QFETCH(const QString, metric);
        QFETCH(const std::vector<double>, values);
        QFETCH(const int, at);
        QFETCH(const QString, says);
        const auto said = saidOf(metric.toStdString(), values);
        QCOMPARE(said.size(), 1u);
        QCOMPARE(said.begin()->first, at);
        QVERIFY2(said.begin()->second.contains(says), qPrintable(said.begin()->second));
        QVERIFY(said.begin()->second.contains("look at") || said.begin()->second.contains("use "));
    }

    void whatComesAgainAfterALongCalmIsNews() {
        const auto spike = std::vector<double>{9};
        const auto said = saidOf("loss/total", around(0.8, 40) + spike + around(0.8, 5) + spike +
                                                   around(0.8, 60) + spike);
        QCOMPARE(said.size(), 2u);
        QVERIFY(said.contains(40) && said.contains(107));
    }

    // Its loss is a mean with that of another pass.
    void aStepWithOwnLatentsIsComparedWithItsLike() {
        StepAlerts alerts;
        for (int i = 0; i < 200; ++i) {
            const bool own = i > 50 && i % 3 == 0;
            const double loss = (own ? 4 : 0.8) * (1 + 0.05 * std::sin(i * 1.7));
            QCOMPARE(alerts.look({{"loss/total", loss}, {"own", own ? 1.0 : 0.0}}), std::string());
        }
    }

    // What was said of the sum is not said of its part.
    void rewardsThatFallTogetherAreSaidOnce() {
        StepAlerts alerts;
        int said = 0;
        for (const double reward : around(0.7, 30) + around(0.3, 60))
            said += !alerts.look({{"reward/mean", reward}, {"reward/accuracy", reward}}).empty();
        QCOMPARE(said, 1);
    }

    // Around zero there is no usual size.
    void theLossOfRewardsIsNoMeasure() {
        QVERIFY(saidOf("loss/total", around(0.001, 40) + around(0.5, 3), {{"reward/mean", 0.5}})
                    .empty());
    }

    void severalThingsAreOneText() {
        StepAlerts alerts;
        for (int i = 0; i < 40; ++i)
            alerts.look({{"kl", 0.02 + 0.001 * (i % 3)}, {"span/unclosed_rate", 0.1}});
        std::string said;
        for (int i = 0; i < 4 && said.empty(); ++i)
            said = alerts.look({{"kl", 5}, {"span/unclosed_rate", 1}});
        QVERIFY(said.find("KL") != std::string::npos);
        QVERIFY(alerts.look({{"loss/a", std::nan("")}, {"kl", 5}, {"span/unclosed_rate", 1}})
                    .find("not a number") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(StepAlertsTest)
#include "step_alerts_test.moc"
