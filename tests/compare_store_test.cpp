// Comparisons of a set with the shipped model, kept in a real run store.

#include <QFile>
#include <QLabel>
#include <QMessageBox>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <cstdio>

#include "app/compare/compare_workspace.h"
#include "app/compare/sample_sets.h"
#include "app/compare/set_page.h"
#include "app/engine/inference_worker.h"
#include "app/engine/lvr_engine.h"
#include "app/engine/tiny_model.h"
#include "app/runs/store_reader.h"
#include "app/window/main_window.h"
#include "app/window/session.h"
#include "app/window/window_services.h"
#include "app/window/workspaces.h"
#include "core/error.h"
#include "core/eval/kept_comparison.h"
#include "core/files/fingerprint.h"
#include "core/store/run_store.h"
#include "widgets/compare/disagreements.h"
#include "widgets/compare/past_comparisons.h"
#include "widgets/compare/strategy_list.h"
#include "widgets/message_bar.h"

using namespace lvr;

namespace {

constexpr int kForEver = 1000000;  // questions: more than a test waits for
constexpr int kPatient = 60000;    // ms

const std::vector<Strategy> kTwo{
    {.options = {.exit = FixedSteps{2}, .maxNewTokens = 12}, .colour = 3},
    {.options = {.exit = NoLatents{}, .maxNewTokens = 12}, .colour = 1}};

std::string hashOf(const std::string& model) {
    return model == kTinyModelName ? checkpointFingerprint(tinyModelFolder()) : "another";
}

CompareServices servicesOf(InferenceWorker& worker, const QString& store) {
    return {.runOnEngine = worker.runner(),
            .openEngine = openLvrEngine,
            .sceneKinds = setSceneKinds(),
            .openSet = openSampleSet,
            .modelHash = hashOf,
            .store = store.toStdU16String(),
            .codeVersion = "test"};
}

// Compare as it is in the window, on the shipped model.
struct Desk {
    InferenceWorker worker{openLvrEngine};
    CompareWorkspace view;

    explicit Desk(const QString& store, const std::vector<Strategy>& strategies = kTwo)
        : view(servicesOf(worker, store)) {
        QSignalSpy loaded(&worker, &InferenceWorker::loaded);
        QObject::connect(&worker, &InferenceWorker::loaded, &view, &CompareWorkspace::setModel);
        worker.load({});
        if (!loaded.wait(kPatient)) qFatal("the shipped model did not open");
        the<StrategyList>().setStrategies(strategies);
        the<QTabWidget>().setCurrentIndex(1);
        view.resize(1280, 720);
        view.show();
    }
    template <class Widget>
    Widget& the() {
        return *view.findChild<Widget*>();
    }
    SetPage& page() { return the<SetPage>(); }
    QPushButton& button(const QString& text) {
        for (auto* button : view.findChildren<QPushButton*>())
            if (button->text() == text && button->isVisible()) return *button;
        qFatal("no button %s", qPrintable(text));
    }
    void press(const QString& text) { QTest::mouseClick(&button(text), Qt::LeftButton); }
    void run(int questions) {
        page().setChoice({.kind = "count", .count = questions, .seed = 5});
        press("Run");
    }
    bool settle() {
        return QTest::qWaitFor([&] { return !view.isBusy(); }, kPatient);
    }
    QString message() { return the<MessageBar>().sentence(); }
    QString state() {
        for (auto* label : view.findChildren<QLabel*>())
            if (label->accessibleName() == "State of the set") return label->text();
        return {};
    }
    bool open(std::int64_t run) {
        page().open(run);
        return QTest::qWaitFor(
            [&] { return state().startsWith(QString("Comparison %1:").arg(run)); }, kPatient);
    }
};

int answersIn(const SetResults& results) {
    int answers = 0;
    for (const auto& question : results.questions)
        for (const auto& outcome : question.outcomes) answers += outcome.has_value();
    return answers;
}

// Without the question that had been read when the set was stopped, and not been asked: it is
// nothing to be kept.
SetResults withoutUnanswered(SetResults results) {
    std::erase_if(results.questions, [](const SetQuestion& question) {
        const auto isThere = [](const auto& outcome) { return outcome.has_value(); };
        const auto isSaid = [](const std::string& why) { return !why.empty(); };
        return std::ranges::none_of(question.outcomes, isThere) &&
               std::ranges::none_of(question.failures, isSaid) && question.unreadable.empty();
    });
    return results;
}

// The words without the times, which differ each time.
QStringList saidIn(const SetResults& results) {
    QStringList said;
    for (const auto& question : results.questions)
        for (const auto& outcome : question.outcomes)
            said << QString::number(question.number) + ": " +
                        (outcome ? QString::fromStdString(outcome->answer) : "none");
    return said;
}

bool isThere(const QString& store) { return QFile::exists(store); }

Comparison readFrom(const QString& store, std::int64_t run) {
    return readComparison(RunStore(store.toStdString(), RunStore::Access::Read), run);
}

// 0 while the store is not there or has none.
int storedAnswers(const QString& store, std::int64_t run) {
    if (!isThere(store)) return 0;
    try {
        return answersIn(readFrom(store, run).results);
    } catch (const Error&) {
        return 0;
    }
}

bool waitForAnswers(const QString& store, std::int64_t run, int count) {
    return QTest::qWaitFor([&] { return storedAnswers(store, run) >= count; }, kPatient);
}

WindowServices windowServices(const QString& store) {
    return {.openEngine = openLvrEngine,
            .sceneKinds = {"count"},
            .newScene =
                [](const std::string& kind) {
                    return openSampleSet({.kind = kind, .count = 1}).sample(0);
                },
            .cachedCheckpoints = [] { return std::vector<std::string>(); },
            .places = {.store = store},
            .compare = {.openEngine = openLvrEngine,
                        .sceneKinds = setSceneKinds(),
                        .openSet = openSampleSet,
                        .modelHash = hashOf}};
}

void startComparing(MainWindow& window, int questions) {
    window.show();
    window.newScene("count");
    QSignalSpy settled(&window, &MainWindow::settled);
    window.openModel({});
    if (!settled.wait(kPatient)) qFatal("the shipped model did not open");
    window.showWorkspace(WorkspaceId::Compare);
    window.findChild<StrategyList*>()->setStrategies(kTwo);
    auto* page = window.findChild<SetPage*>();
    page->setChoice({.kind = "count", .count = questions, .seed = 5});
    page->run(kTwo);
}

// What another process does until it is killed.
int compareForEver(const QString& store) {
    Desk desk(store);
    desk.run(kForEver);
    return QCoreApplication::exec();
}

}  // namespace

class CompareStoreTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> folder_;
    QString store_;

private Q_SLOTS:
    void init() {
        folder_ = std::make_unique<QTemporaryDir>();
        store_ = folder_->filePath("größe/runs.db");
    }

    void aComparisonIsARunWithAllThatMadeIt() {
        Desk desk(store_);
        desk.run(5);
        QVERIFY(desk.settle());
        QVERIFY(waitForAnswers(store_, 1, 10));
        QTRY_COMPARE(readFrom(store_, 1).run.status, RunStatus::Finished);
        const auto kept = readFrom(store_, 1);
        QVERIFY(kept.results == desk.page().results());
        QVERIFY(kept.results.strategies == kTwo);
        QCOMPARE(kept.choice, (SetChoice{.kind = "count", .count = 5, .seed = 5}));
        QCOMPARE(kept.run.info.kind, std::string("compare"));
        QCOMPARE(kept.run.info.data, std::string("count scenes, seed 5"));
        QCOMPARE(kept.run.info.parent, std::string(kTinyModelName));
        QCOMPARE(kept.run.info.parentHash, checkpointFingerprint(tinyModelFolder()));
        QCOMPARE(kept.run.info.codeVersion, std::string("test"));
        QCOMPARE(kept.run.info.seed, 5U);
        QCOMPARE(kept.run.step, 5);
        QCOMPARE(kept.run.info.steps, 5);
    }

    void answersAreInTheStoreWhileTheSetRuns() {
        Desk desk(store_);
        desk.run(kForEver);
        QVERIFY(waitForAnswers(store_, 1, 3));
        QVERIFY(desk.view.isAskingSet());
        QCOMPARE(readFrom(store_, 1).run.status, RunStatus::Running);
        desk.press("Stop");
        QVERIFY(desk.settle());
        QTRY_COMPARE(readFrom(store_, 1).run.status, RunStatus::Stopped);
        QTRY_VERIFY(readFrom(store_, 1).results == withoutUnanswered(desk.page().results()));
    }

    void closingKeepsWhatThereIs() {
        int seen = 0;
        {
            Desk desk(store_);
            desk.run(kForEver);
            QVERIFY(
                QTest::qWaitFor([&] { return answersIn(desk.page().results()) >= 3; }, kPatient));
            seen = answersIn(desk.page().results());
        }
        QVERIFY(storedAnswers(store_, 1) >= seen);
        QCOMPARE(readFrom(store_, 1).run.status, RunStatus::Stopped);
    }

    void anotherRunOverwritesNothing() {
        Desk desk(store_);
        desk.run(3);
        QVERIFY(desk.settle());
        desk.the<StrategyList>().setStrategies({kTwo[1]});
        desk.run(2);
        QVERIFY(desk.settle());
        QVERIFY(waitForAnswers(store_, 2, 2));
        QCOMPARE(storedAnswers(store_, 1), 6);
        QCOMPARE(storedAnswers(store_, 2), 2);
    }

    // Its process is killed; another asks what is missing, and nothing twice.
    void aKilledComparisonGoesOnWithWhatIsMissing() {
        QProcess other;
        other.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        other.start(QCoreApplication::applicationFilePath(), {"--compare-for-ever", store_});
        QVERIFY(other.waitForStarted());
        QVERIFY(waitForAnswers(store_, 1, 5));
        other.kill();
        QVERIFY(other.waitForFinished());
        const auto kept = readFrom(store_, 1);
        QCOMPARE(kept.run.status, RunStatus::Lost);
        QVERIFY(answersIn(kept.results) >= 5);
        const int size = static_cast<int>(kept.results.questions.size()) + 6;
        auto options = kept.run.info.options;  // the test does not wait for a million
        options.replace(options.find(std::to_string(kForEver)), std::to_string(kForEver).size(),
                        std::to_string(size));
        RunStore(store_.toStdString()).setPlan(1, size, options);

        Desk desk(store_);
        QVERIFY(desk.open(1));
        const auto before = desk.page().results();
        desk.press("Go on");
        QVERIFY(desk.settle());
        QVERIFY2(desk.message().isEmpty(), qPrintable(desk.message()));
        const auto after = desk.page().results();
        QCOMPARE(answersIn(after), 2 * size);
        for (std::size_t i = 0; i < before.questions.size(); ++i)
            for (std::size_t s = 0; s < 2; ++s)
                if (before.questions[i].outcomes[s])  // its times, too: it was not asked again
                    QVERIFY(after.questions[i].outcomes[s] == before.questions[i].outcomes[s]);
        QVERIFY(waitForAnswers(store_, 1, answersIn(after)));
        QTRY_COMPARE(readFrom(store_, 1).run.status, RunStatus::Finished);

        Desk whole(folder_->filePath("whole.db"));
        whole.run(size);
        QVERIFY(whole.settle());
        QCOMPARE(saidIn(after), saidIn(whole.page().results()));
        QVERIFY(!desk.button("Go on").isEnabled());  // nothing is missing
    }

    void aStoppedOneGoesOnAtOnce() {
        Desk desk(store_);
        desk.run(40);
        QVERIFY(QTest::qWaitFor([&] { return answersIn(desk.page().results()) >= 3; }, kPatient));
        desk.press("Stop");
        QVERIFY(desk.settle());
        desk.press("Go on");
        QVERIFY(desk.settle());
        QCOMPARE(answersIn(desk.page().results()), 80);
        QVERIFY(waitForAnswers(store_, 1, 80));
        QTRY_COMPARE(readFrom(store_, 1).run.status, RunStatus::Finished);
        QCOMPARE(RunStore(store_.toStdString()).runs().size(), 1U);
    }

    void itGoesOnWithTheSameModelAndQuestionsOnly() {
        {
            Desk desk(store_);
            desk.run(3);
            QVERIFY(desk.settle());
        }
        const auto info = readFrom(store_, 1).run.info;
        RunStore store(store_.toStdString());
        const auto keptAs = [&](RunInfo other) {
            const auto run = store.start(other);
            store.end(run, RunStatus::Stopped, "");
            return run;
        };
        auto otherModel = info, otherBytes = info, otherSet = info;
        otherModel.parent = "Qwen/Some";
        otherBytes.parentHash = "xxh3-128:0";
        otherSet.steps = 7;
        Desk desk(store_);
        for (const auto& [run, why] :
             {std::pair(keptAs(otherModel), "open Qwen/Some to go on"),
              {keptAs(otherBytes), "model tiny model is not what this comparison began with"},
              {keptAs(otherSet), "questions of count scenes, seed 5 are not what"}}) {
            QVERIFY(desk.open(run));
            desk.press("Go on");
            QTRY_VERIFY2(desk.message().contains(why), qPrintable(desk.message()));
            QVERIFY(desk.settle());
        }
    }

    void pastComparisonsAreListedOpenedAndDeleted() {
        {
            Desk desk(store_);
            for (const int count : {2, 3}) {
                desk.run(count);
                QVERIFY(desk.settle());
            }
        }
        Desk desk(store_);
        desk.press("Past…");
        auto& past = desk.the<PastComparisons>();
        auto& table = *past.findChild<QTableWidget*>();
        QTRY_COMPARE(table.rowCount(), 2);
        QCOMPARE(table.item(0, 4)->text(), "3 of 3");
        QCOMPARE(table.item(1, 2)->text(), "count scenes, seed 5");
        QVERIFY(table.item(1, 5)->text().startsWith("fixed 2"));
        table.selectRow(1);
        for (auto* button : past.findChildren<QPushButton*>())
            if (button->text() == "&Open") button->click();
        QTRY_COMPARE(desk.page().results().questions.size(), 2U);
        QCOMPARE(desk.page().choice().count, 2);
        QCOMPARE(desk.the<Disagreements>().findChild<QTableView*>()->model()->columnCount(), 5);

        desk.press("Past…");
        auto* again = desk.view.findChildren<PastComparisons*>().last();
        auto& rows = *again->findChild<QTableWidget*>();
        QTRY_COMPARE(rows.rowCount(), 2);
        rows.selectRow(0);
        for (auto* button : again->findChildren<QPushButton*>())
            if (button->text() == "&Delete…") button->click();
        auto* box = again->findChild<QMessageBox*>();
        QVERIFY(box->text().contains("comparison 2"));
        for (auto* button : box->findChildren<QPushButton*>())
            if (button->text() == "&Delete") button->click();
        QTRY_COMPARE(rows.rowCount(), 1);
        QVERIFY(!RunStore(store_.toStdString()).find(2));
    }

    void aStoreThatCantBeWrittenIsSaidAndTriedAgain() {
        const QString place = folder_->filePath("place");
        QFile inTheWay(place);
        QVERIFY(inTheWay.open(QIODevice::WriteOnly));
        inTheWay.close();
        store_ = place + "/runs.db";
        Desk desk(store_);
        desk.run(4);
        QVERIFY(desk.settle());
        QTRY_VERIFY2(desk.message().contains("can't be kept"), qPrintable(desk.message()));
        QCOMPARE(answersIn(desk.page().results()), 8);  // it went on
        QVERIFY(inTheWay.remove());
        QVERIFY(waitForAnswers(store_, 1, 8));
        QTRY_COMPARE(readFrom(store_, 1).run.status, RunStatus::Finished);
        QVERIFY(readFrom(store_, 1).results == desk.page().results());
    }

    void whatIsChosenAndShownComesBack() {
        QByteArray state;
        {
            Desk desk(store_);
            desk.run(3);
            QVERIFY(desk.settle());
            QVERIFY(waitForAnswers(store_, 1, 6));
            state = desk.view.saveState();
        }
        Desk desk(store_, firstStrategies());
        desk.view.restoreState(state);
        QVERIFY(desk.the<StrategyList>().strategies() == kTwo);
        QTRY_COMPARE(answersIn(desk.page().results()), 6);
    }

    // The whole window: closing it while a set is compared is asked about.
    void closingTheWindowAsksAboutAComparison() {
        MainWindow window(windowServices(store_));
        startComparing(window, kForEver);
        QVERIFY(waitForAnswers(store_, 1, 1));
        for (const QString answer : {"Cancel", "&Stop and close"}) {
            QVERIFY(!window.close());
            auto* box = window.findChild<QMessageBox*>();
            QVERIFY(box && box->text().contains("set is being compared"));
            for (auto* button : box->findChildren<QPushButton*>())
                if (button->text().remove('&') == QString(answer).remove('&')) button->click();
            QTRY_VERIFY(!window.findChild<QMessageBox*>());
            QCOMPARE(window.isVisible(), answer == "Cancel");
        }
        QTRY_COMPARE(readFrom(store_, 1).run.status, RunStatus::Stopped);
    }

    // Strategies, set and the comparison that is shown, at the next start.
    void theWindowBringsCompareBack() {
        const QString session = folder_->filePath("session");
        {
            MainWindow window(windowServices(store_));
            window.keepSession(session);
            startComparing(window, 3);
            QVERIFY(waitForAnswers(store_, 1, 6));
            QTRY_VERIFY(!window.findChild<CompareWorkspace*>()->isBusy());
            QVERIFY(window.close());
        }
        MainWindow window(windowServices(store_));
        const auto last = window.keepSession(session);
        QVERIFY(last.has_value());
        window.show();
        window.restore(*last);
        QTRY_VERIFY(window.findChild<CompareWorkspace*>());
        QVERIFY(window.findChild<StrategyList*>()->strategies() == kTwo);
        QCOMPARE(window.findChild<SetPage*>()->choice().count, 3);
        QTRY_COMPARE(answersIn(window.findChild<SetPage*>()->results()), 6);
    }

    void trainListsTrainingsOnly() {
        {
            Desk desk(store_);
            desk.run(1);
            QVERIFY(desk.settle());
        }
        RunStore(store_.toStdString()).start({.kind = "sft", .out = "/out"});
        StoreReader reader;
        QSignalSpy changed(&reader, &StoreReader::runsChanged);
        reader.open(store_.toStdU16String());
        QVERIFY(changed.wait());
        QStringList kinds;
        for (const auto& run : reader.runs()) kinds << QString::fromStdString(run.run.info.kind);
        QCOMPARE(kinds, QStringList{"sft"});
    }
};

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    if (argc == 3 && QByteArray(argv[1]) == "--compare-for-ever")
        return compareForEver(QString::fromLocal8Bit(argv[2]));
    CompareStoreTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "compare_store_test.moc"
