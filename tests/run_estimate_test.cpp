#include "app/runs/run_estimate.h"

#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

#include "app/runs/estimate_label.h"
#include "app/runs/new_run.h"
#include "app/runs/new_run_dialog.h"
#include "core/store/process.h"

using namespace lvr;

namespace {

const QString kTiny = LVR_RESOURCES "/models/tiny";

ModelFacts threeBillion() {
    return {.parameters = 3.75e9,
            .vision = 0.67e9,
            .embeddings = 0.31e9,
            .layers = 36,
            .hidden = 2048,
            .intermediate = 11008,
            .linears = {{"q_proj", 36 * 4096.0}, {"up_proj", 36 * 13056.0}}};
}

RunEstimate estimateOf(const NewRun& run) { return estimateRun(run, threeBillion(), {}); }

}  // namespace

class RunEstimateTest : public QObject {
    Q_OBJECT

    QTemporaryDir settings_;

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName("lvr-run-estimate-test");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings_.path());
    }

    void aModelTellsItsSize() {
        const auto facts = readModelFacts(kTiny);
        QVERIFY(facts);
        QVERIFY2(facts->parameters > 1e6 && facts->parameters < 2e6,
                 qPrintable(QString::number(facts->parameters)));
        QVERIFY(facts->vision > 0 && facts->vision < facts->parameters);
        QVERIFY(facts->embeddings > 0 && facts->layers > 0);
        QCOMPARE(facts->linears.size(), 7u);
        QVERIFY(!readModelFacts("/not/there"));
        QVERIFY(!readModelFacts(QDir::tempPath()));
    }

    // 3.75e9 parameters: 15 GB in float32, 7.5 in bfloat16.
    void weightsAndOptimizerFollowFromTheParameters() {
        const auto full = estimateOf({.kind = "sft"});
        QCOMPARE(full.weights, 15e9);
        QCOMPARE(full.optimizer, (3.75e9 - 0.67e9) * 12);
        const auto half = estimateOf({.kind = "sft", .dtype = "bfloat16"});
        QCOMPARE(half.weights, 7.5e9);
        QCOMPARE(half.optimizer, (3.75e9 - 0.67e9) * 14);
        QCOMPARE(half.activations, full.activations / 2);
        QCOMPARE(estimateOf({.kind = "grpo"}).weights, 30e9);  // and the one it is compared with
        const auto alone = estimateOf({.kind = "grpo", .options = {{"beta", "0"}}});
        QCOMPARE(alone.weights, 15e9);  // to none
    }

    void anAdapterNeedsLittleBesideTheWeights() {
        const auto adapter = estimateOf(
            {.kind = "sft", .options = {{"lora-rank", "32"}, {"lora-targets", "q_proj,up_proj"}}});
        QCOMPARE(adapter.optimizer, 12 * 32 * (36 * 4096.0 + 36 * 13056.0));
        const auto embeddings = estimateOf({.kind = "sft",
                                            .options = {{"lora-rank", "32"},
                                                        {"lora-targets", "q_proj,up_proj"},
                                                        {"lora-embeddings", "on"}}});
        QCOMPARE(embeddings.optimizer, adapter.optimizer + 12 * 0.31e9);
    }

    void fewerPositionsAtOnceTakeLessMemory() {
        const auto at = [](const char* positions) {
            return estimateOf({.kind = "sft", .options = {{"micro-tokens", positions}}})
                .activations;
        };
        QCOMPARE(at("4096"), 2 * at("2048"));
        QCOMPARE(at("100000000"), at("90000000"));  // a step has no more
    }

    void recomputedActivationsAreTheInputsOfTheLayersAndOneLayer() {
        const auto kept = estimateOf({.kind = "sft"}).activations;
        const auto recomputed = estimateOf({.kind = "sft", .recompute = true}).activations;
        // 36 layers of hidden size 2048 and intermediate size 11008.
        QCOMPARE(recomputed / kept,
                 (36 * 2048 + 8.0 * 2048 + 4.0 * 11008) / (36 * (8.0 * 2048 + 4.0 * 11008)));
    }

    void optimizerStatesInEightBitsAreCounted() {
        const auto spared = estimateOf({.kind = "sft", .options = {{"adam-states", "8bit"}}});
        QCOMPARE(spared.optimizer, (3.75e9 - 0.67e9) * 6);  // bytes, not 12
    }

    // By nvidia-smi on an H100: 64 questions on 8 pictures, about 4,300 positions at once.
    void runsOfA3bModelThatWereMeasuredAreEstimatedWithin15Percent() {
        const auto gigabytes = [](std::vector<std::pair<QString, QString>> options,
                                  bool recompute) {
            options.emplace_back("micro-tokens", "4300");
            options.emplace_back("adam-states", "8bit");
            NewRun run{.kind = "sft", .recompute = recompute};
            run.options = std::move(options);
            run.dtype = "bfloat16";
            run.device = "cuda";
            return estimateOf(run).bytes() / 1e9;
        };
        const std::vector<std::pair<QString, QString>> lora{
            {"lora-rank", "32"},
            {"lora-targets", "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"}};
        const auto isNear = [](double estimate, double measured) {
            qInfo("%.1f GB, measured %.0f", estimate, measured);
            return std::abs(estimate / measured - 1) < 0.15;
        };
        QVERIFY(isNear(gigabytes(lora, true), 13));
        QVERIFY(isNear(gigabytes(lora, false), 40));
        QVERIFY(isNear(gigabytes({}, true), 54));
    }

    void withoutAnEarlierRunNothingIsSaidOfTheTime() {
        const auto estimate = estimateOf({.kind = "sft"});
        QCOMPARE(estimate.secondsPerStep, 0.0);
        QVERIFY(toText(estimate).contains("how long 1850 steps take is not known yet"));
        QVERIFY(explain(estimate).contains("the first run tells"));
        QCOMPARE(estimate.steps, 1850.0);  // both of the recipe's parts
    }

    void stepsThatWereTimedTellTheTime() {
        const NewRun run{.kind = "sft", .options = {{"steps", "100"}, {"batch", "8"}}};
        const auto estimate =
            estimateRun(run, threeBillion(), EarlierRun{.secondsPerStep = 3, .rowsPerStep = 8});
        QCOMPARE(estimate.secondsPerStep, 3.0);
        QVERIFY2(toText(estimate).contains("by a few steps that were just timed"),
                 qPrintable(toText(estimate)));
    }

    // What only says how long, where to, or what is done in between does not.
    void theTimeOfAStepDependsOnWhatAStepDoes() {
        const NewRun run{.kind = "sft", .model = kTiny, .data = "/d", .options = {{"batch", "8"}}};
        const auto differs = [&](auto change) {
            NewRun other = run;
            change(other);
            return TimedSteps::keyOf(other) != TimedSteps::keyOf(run);
        };
        QVERIFY(!differs([](NewRun& r) { r.out = "/elsewhere"; }));
        QVERIFY(!differs([](NewRun& r) { r.saveEvery = 7; }));
        QVERIFY(!differs([](NewRun& r) { r.options.emplace_back("steps", "9"); }));
        QVERIFY(!differs([](NewRun& r) { r.options.emplace_back("cool-down", "9"); }));
        QVERIFY(!differs([](NewRun& r) { r.validationData = "/v"; }));
        QVERIFY(differs([](NewRun& r) { r.options[0].second = "9"; }));
        QVERIFY(differs([](NewRun& r) { r.kind = "grpo"; }));
        QVERIFY(differs([](NewRun& r) { r.device = "cuda"; }));
        QVERIFY(differs([](NewRun& r) { r.data = "/e"; }));
        QVERIFY(!TimedSteps::mayTime({.options = {{"reward-command", "judge"}}}));
    }

    // The program itself on the shipped model.
    void aFewStepsOfASmallModelAreTimedForTheForm_data() {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("length");
        QTest::newRow("sft") << "sft"
                             << "steps";
        QTest::newRow("grpo") << "grpo"
                              << "max-steps";
    }
    void aFewStepsOfASmallModelAreTimedForTheForm() {
        QFETCH(const QString, kind);
        QFETCH(const QString, length);
        QTemporaryDir folder;
        QProcess data;
        data.start(LVR_PROGRAM,
                   {"make-data", "scenes", "--out", folder.filePath("scenes"), "--count", "20"});
        QVERIFY(data.waitForFinished(120000));
        NewRunDialog dialog(TrainPlaces{.store = folder.filePath("runs.db"),
                                        .program = LVR_PROGRAM,
                                        .tinyModel = kTiny,
                                        .runsFolder = folder.path()});
        static_cast<QWidget&>(dialog).show();
        auto run = dialog.run();
        run.kind = kind;
        run.model = kTiny;
        run.data = folder.filePath("scenes");
        run.options = {{length, "500"}, {kind == "sft" ? "batch" : "prompts", "2"}};
        dialog.setRun(run);
        auto* label = dialog.findChild<EstimateLabel*>();
        QTRY_VERIFY_WITH_TIMEOUT(label->text().contains("for 500 steps"), 120000);
        QVERIFY2(label->text().contains("just timed"), qPrintable(label->text()));
        dialog.findChild<QLineEdit*>(length)->setText("1000");  // is known at once
        QSignalSpy timed(dialog.findChild<TimedSteps*>(), &TimedSteps::timed);
        QTRY_VERIFY(label->text().contains("for 1000 steps"));
        QVERIFY(!dialog.findChild<TimedSteps*>()->isRunning() && timed.isEmpty());
        QVERIFY(!QFileInfo::exists(folder.filePath("runs.db")));
    }

    void epochsFollowFromTheRecordsOfTheData() {
        NewRun run{.kind = "sft", .options = {{"steps", "100"}, {"batch", "10"}}};
        const auto told = estimateRun(run, threeBillion(), {}, 400);
        QCOMPARE(told.epochs, 2.5);
        QVERIFY2(toText(told).contains("100 steps (2.5 epochs)"), qPrintable(toText(told)));
        run.options = {{"epochs", "3"}, {"batch", "10"}};
        QCOMPARE(estimateRun(run, threeBillion(), {}, 400).steps, 120.0);
        QVERIFY(!toText(estimateOf(run)).contains("epochs"));
        run.options.emplace_back("steps", "200");  // the preset's: epochs stand for it
        QVERIFY(!argumentsOf(run, {}).contains("--steps"));
        run = {.kind = "grpo", .options = {{"max-steps", "50"}, {"prompts", "4"}}};
        QCOMPARE(estimateRun(run, threeBillion(), {}, 400).epochs, 0.5);
    }

    void severalDataAreSaidEach() {
        const NewRun run{.kind = "sft",
                         .data = "a.json; b c.json",
                         .imageRoot = "/a;/b",
                         .dataWeights = "0.7,0.3"};
        QCOMPARE(argumentsOf(run, {}).mid(1, 10),
                 QString("--data|a.json|--data|b c.json|--data-weights|0.7,0.3|--image-root|/a|"
                         "--image-root|/b")
                     .split('|'));
    }

    void anEarlierRunTellsTheSpeed() {
        NewRun run{.kind = "sft", .model = kTiny, .options = {{"pictures", "16"}}};
        std::vector<RunSummary> runs;
        QVERIFY(!earlierRun(run, runs));
        const auto record = [&](const std::string& kind, double secondsPerStep) {
            RunSummary summary;
            summary.run = {.id = std::ssize(runs) + 1,
                           .info = {.kind = kind,
                                    .options = R"({"pictures": 8, "questions": 8, "prompts": 8})",
                                    .parent = kTiny.toStdString()},
                           .host = hostName(),
                           .step = 10};
            summary.newest = {{"time/elapsed", 10 * secondsPerStep}, {"system/rss_mb", 300}};
            runs.insert(runs.begin(), summary);
            return summary.run.id;
        };
        record("grpo", 9);
        QVERIFY(!earlierRun(run, runs));  // another kind
        const auto id = record("sft", 0.5);
        const auto earlier = earlierRun(run, runs);
        QVERIFY(earlier);
        QCOMPARE(earlier->id, id);
        const auto estimate = estimateRun(run, *readModelFacts(kTiny), earlier);
        QCOMPARE(estimate.secondsPerStep, 1.0);  // twice the questions
        QVERIFY2(toText(estimate).contains(QString("by the speed of run %1").arg(id)),
                 qPrintable(toText(estimate)));
        QVERIFY(explain(estimate).contains("took 300 MB"));
        run.device = "cuda";
        QVERIFY(!earlierRun(run, runs));
    }

    void theFormShowsItAsItIsFilledIn() {
        NewRunDialog dialog(TrainPlaces{
            .store = "/tmp/not/there/runs.db", .tinyModel = kTiny, .runsFolder = "/tmp/runs"});
        static_cast<QWidget&>(dialog).show();
        auto* label = dialog.findChild<EstimateLabel*>();
        QTRY_VERIFY(label->text().startsWith("Estimate: at most about"));
        QVERIFY(label->text().contains("how long 250 steps take is not known yet"));
        dialog.findChild<QLineEdit*>("steps")->setText("1000");
        QTRY_VERIFY(label->text().contains("how long 1000 steps take"));
        auto run = dialog.run();
        run.model = "/not/there";
        dialog.setRun(run);
        QTRY_VERIFY(label->text().isEmpty());
    }
};

QTEST_MAIN(RunEstimateTest)
#include "run_estimate_test.moc"
