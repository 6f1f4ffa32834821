// What a training says on the terminal, and how long it says it will take.

#include <QtTest>

#include "app/training/train_progress.h"
#include "core/train/pace.h"

using namespace lvr;

namespace {

// Eight kinds of questions, as SFT on scenes has them: some forty metrics.
TrainReport longReport() {
    TrainReport report{.step = 123456,
                       .steps = 1000000,
                       .learningRate = 1e-5,
                       .samplesPerSecond = 12.345,
                       .secondsLeft = 86400};
    report.metrics = {{"loss/total", 1.23e-5},
                      {"grad_norm", 0.000321},
                      {"epoch", 12.3456},
                      {"tokens/step", 148},
                      {"own", 1},
                      {"loss/ce", 3}};
    for (const char* kind :
         {"chain", "left-right", "above-below", "two-hop", "count", "color-to-shape"})
        for (const char* of : {"accuracy/", "hit/", "own-hit/"})
            report.metrics[std::string(of) + kind] = 0.25;
    return report;
}

}  // namespace

class ProgressTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aLineFitsATerminalHoweverManyMetricsThereAre() {
        const auto line = progressLine(longReport());
        QVERIFY2(line.size() <= 100, line.c_str());
        QCOMPARE(QString::fromStdString(line),
                 QString("step  123456/1000000  epoch 12.35  loss 1.23e-05  lr 1e-05  "
                         "accuracy 0.25  eta 24:00:00"));
    }

    void aUsualLineHasItAll() {
        auto report = longReport();
        report.step = 10;
        report.steps = 1850;
        report.secondsLeft = 75;
        QCOMPARE(QString::fromStdString(progressLine(report)),
                 QString("step   10/1850  epoch 12.35  loss 1.23e-05  lr 1e-05  accuracy 0.25  "
                         "grad 0.000321  eta 1:15"));
        report.metrics["epoch"] = 0.02;
        report.metrics["loss/total"] = 0.658;
        report.metrics["grad_norm"] = 1.25;
        QCOMPARE(QString::fromStdString(progressLine(report)),
                 QString("step   10/1850  epoch 0.02  loss 0.658  lr 1e-05  accuracy 0.25  "
                         "grad 1.25  12.3 samples/s  eta 1:15"));
    }

    void smallFiguresKeepTheirMagnitude() {
        const TrainReport report{.step = 1,
                                 .steps = 5,
                                 .learningRate = 3e-7,
                                 .metrics = {{"loss/total", -2.5e-6}, {"reward/mean", 0.75}}};
        const auto line = QString::fromStdString(progressLine(report));
        QVERIFY2(line.contains("loss -2.5e-06") && line.contains("reward 0.75") &&
                     line.contains("lr 3e-07") && !line.contains("accuracy"),
                 qPrintable(line));
        QCOMPARE(QString::fromStdString(measurementLine(0, {{"val/ce", 4.56e-4}})),
                 QString("measured after step 0  val/ce 0.000456"));
    }

    void aPauseIsNotTheTrainingsSpeed() {
        double now = 0;
        Pace pace(0, 0, [&] { return now; });
        for (int step = 1; step <= 10; ++step) {
            pace.beginStep();
            now += step == 7 ? 500 : 2;  // its process was held
            pace.endStep(64);
            now += step == 5 ? 1000 : 0;  // no room to save
        }
        QCOMPARE(pace.samplesPerSecond(), 32.0);
        QCOMPARE(pace.secondsLeft(10, 20), 20.0);
    }

    void measurementsAreInTheTimeLeftFromTheStart() {
        double now = 0;
        Pace pace(5, 320, [&] { return now; });
        pace.beginStep();
        now += 2;
        pace.endStep(64);
        // 19 steps of 2 s; after steps 5, 10, 15 and 20 it reads 320 records.
        const double guessed = pace.secondsLeft(1, 20);
        QVERIFY(guessed > 38 + 4 * 2 && guessed < 38 + 4 * 10);
        pace.beginMeasurement();
        now += 7;
        pace.endMeasurement();
        QCOMPARE(pace.secondsLeft(1, 20), 38.0 + 4 * 7);
        QCOMPARE(pace.secondsLeft(1, 22), 42.0 + 5 * 7);  // and after the last one
        QCOMPARE(pace.secondsLeft(20, 20), 0.0);
    }
};

QTEST_GUILESS_MAIN(ProgressTest)
#include "progress_test.moc"
