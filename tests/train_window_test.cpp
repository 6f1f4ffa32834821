#include <SQLiteCpp/SQLiteCpp.h>

#include <QAction>
#include <QLabel>
#include <QMessageBox>
#include <QPixmap>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTextBrowser>
#include <QToolButton>
#include <QtTest>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <optional>
#include <thread>

#include "app/runs/new_run_dialog.h"
#include "app/runs/store_reader.h"
#include "app/runs/train_workspace.h"
#include "app/runs/training_processes.h"
#include "core/store/process.h"
#include "core/store/run_store.h"
#include "widgets/rollouts/step_bar.h"
#include "widgets/runs/curve_grid.h"
#include "widgets/runs/run_details.h"
#include "widgets/runs/runs_model.h"
#include "widgets/runs/runs_table.h"

using namespace lvr;

namespace {

RunInfo infoOf(const std::string& kind, const std::string& out = "/somewhere/out") {
    return {.kind = kind,
            .command = "lvr " + kind + " --out " + out,
            .options = R"({"lr": 0.002, "twin": "lvr"})",
            .parent = "/models/tiny",
            .parentHash = "p1",
            .data = "/data/scenes",
            .dataHash = "d1",
            .out = out,
            .seed = 5,
            .codeVersion = "0.1.0",
            .steps = 100};
}

// What a reader told, in order of arrival.
struct Told {
    explicit Told(StoreReader& reader) {
        QObject::connect(&reader, &StoreReader::runsChanged, &reader,
                         [this](const auto& list) { runs = list; });
        QObject::connect(
            &reader, &StoreReader::metricsAdded, &reader,
            [this](std::int64_t run, const auto& columns) {
                for (const auto& column : columns) {
                    auto& all = metrics[run][column.name];
                    all.name = column.name;
                    all.steps.insert(all.steps.end(), column.steps.begin(), column.steps.end());
                    all.values.insert(all.values.end(), column.values.begin(), column.values.end());
                }
            });
        for (const auto trouble : {&StoreReader::missing, &StoreReader::failed})
            QObject::connect(&reader, trouble, &reader,
                             [this](const QString& sentence) { sentences.append(sentence); });
    }
    std::vector<RunSummary> runs;
    std::map<std::int64_t, std::map<std::string, MetricColumn>> metrics;
    QStringList sentences;
};

// What this program does as a training: its data says which.
//   fails   says why and ends before it has a run
//   silent  ends without a word
//   ends    takes three steps
//   goes    takes steps until SIGTERM
volatile std::sig_atomic_t stopAsked = 0;

int train(const QStringList& arguments) {
    const auto value = [&](const char* flag) {
        const auto at = arguments.indexOf(flag);
        return at < 0 ? QString() : arguments.value(at + 1);
    };
    std::signal(SIGTERM, [](int) { stopAsked = 1; });
    const auto data = value("--data");
    if (data == "silent") return 3;
    if (data == "fails") {
        std::cerr << "lvr: the data fails has no records; choose other data" << std::endl;
        return 1;
    }
    RunStore store(value("--store").toStdString());
    auto info = infoOf(arguments.first().toStdString(), value("--out").toStdString());
    info.data = data.toStdString();
    auto run = value("--resume").toLongLong();
    int step = 0;
    if (run == 0) {
        run = store.start(info);
    } else {
        step = store.find(run)->step;
        store.resume(run, step);
    }
    std::cout << "run " << run << std::endl;
    const int last = data == "ends" ? 3 : 100000;
    while (step < last && !stopAsked) {
        store.append(run, ++step, {{"loss/total", 1.0 / step}});
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    store.end(run, stopAsked ? RunStatus::Stopped : RunStatus::Finished,
              stopAsked ? "interrupted" : "");
    return 0;
}

using Act = void (TrainingProcesses::*)(const Run&);

QString thisProgram() { return QCoreApplication::applicationFilePath(); }

}  // namespace

class TrainWindowTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    int files_ = 0;
    std::filesystem::path newFile() {
        return folder_.filePath(QString("store-%1.db").arg(++files_)).toStdString();
    }

    // A workspace on a store of its own.
    struct World {
        explicit World(TrainWindowTest& test)
            : file(test.newFile()),
              workspace({QString::fromStdString(file.string()), thisProgram(), test.folder_.path(),
                         test.folder_.path()}) {
            workspace.resize(1280, 680);
            workspace.show();
        }
        // An ended run of 20 steps.
        std::int64_t record(const std::string& kind) const {
            RunStore store(file);
            const auto run = store.start(infoOf(kind));
            for (int step = 1; step <= 20; ++step)
                store.append(run, step, {{"loss/total", 1.0 / step}, {"lr", 1e-3}},
                             kind == "grpo" ? std::vector<Rollout>{{.completion = "moon"}}
                                            : std::vector<Rollout>{},
                             step == 7 ? "the loss jumped" : "");
            store.end(run, RunStatus::Finished, "done");
            return run;
        }
        void start(const QString& data, const QString& out) {
            action("New run…")->trigger();
            auto* dialog = workspace.findChild<NewRunDialog*>();
            Q_EMIT dialog->startRequested({.kind = "sft", .data = data, .out = out});
            dialog->reject();
        }
        QAction* action(const QString& name) const {
            for (auto* action : workspace.runActions())
                if (action->text().remove('&') == name) return action;
            return nullptr;
        }
        QPushButton* button(const QString& name) const {
            for (auto* button : workspace.findChildren<QPushButton*>())
                if (button->text().remove('&') == name && button->isVisible()) return button;
            return nullptr;
        }
        bool shows(const QString& text) const {
            for (auto* label : workspace.findChildren<QLabel*>())
                if (label->isVisible() && label->text().contains(text)) return true;
            return false;
        }
        QTableView* view() const {
            return workspace.findChild<RunsTable*>()->findChild<QTableView*>();
        }
        QAbstractItemModel* model() const { return view()->model(); }
        int rows() const { return model()->rowCount(); }
        QString text(int row, int column) const {
            return model()->index(row, column).data().toString();
        }
        std::filesystem::path file;
        TrainWorkspace workspace;
    };

private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName("lvr-train-window-test");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder_.path());
    }

    void aReaderTellsRunsWithTheirNewestMetricsAndAlerts() {
        const auto file = newFile();
        RunStore store(file);
        const auto first = store.start(infoOf("sft"));
        store.append(first, 1, {{"loss/total", 3}});
        store.append(first, 2, {{"loss/total", 2}, {"lr", 1e-3}}, {}, "the loss jumped");
        store.end(first, RunStatus::Finished, "every kind reached the goal");
        store.start(infoOf("grpo"));
        StoreReader reader;
        Told told(reader);
        reader.open(file);
        QTRY_COMPARE(told.runs.size(), 2u);
        QCOMPARE(told.runs[0].run.info.kind, std::string("grpo"));
        QCOMPARE(told.runs[0].run.status, RunStatus::Running);
        QVERIFY(told.runs[0].newest.empty());
        QCOMPARE(told.runs[1].run.info, infoOf("sft"));
        QCOMPARE(told.runs[1].newest.at("loss/total"), 2.0);
        QCOMPARE(told.runs[1].newest.at("lr"), 1e-3);
        QCOMPARE(told.runs[1].alerts, (std::vector<Alert>{{2, "the loss jumped"}}));
        QVERIFY(told.sentences.isEmpty());
    }

    void whatAnotherThreadWritesArrivesOnceAndInOrder() {
        const auto file = newFile();
        RunStore(file).start(infoOf("sft"));
        StoreReader reader;
        Told told(reader);
        reader.open(file);
        reader.subscribe({1});
        std::thread writer([&] {
            RunStore store(file);
            for (int step = 1; step <= 300; ++step)
                store.append(1, step,
                             {{"loss/total", 1.0 / step},
                              {"rare", step == 7 ? std::numeric_limits<double>::quiet_NaN() : 1}});
        });
        writer.join();
        QTRY_COMPARE(told.metrics[1]["loss/total"].steps.size(), 300u);
        for (int i = 0; i < 300; ++i) QCOMPARE(told.metrics[1]["loss/total"].steps[i], i + 1);
        QCOMPARE(told.metrics[1]["loss/total"].values[299], 1.0 / 300);
        QVERIFY(std::isnan(told.metrics[1]["rare"].values[6]));
        QTRY_COMPARE(told.runs.front().run.step, 300);
        QVERIFY(!told.metrics.contains(2));
    }

    void onlySubscribedRunsSendMetrics() {
        const auto file = newFile();
        RunStore store(file);
        for (int i = 0; i < 2; ++i) {
            const auto run = store.start(infoOf("sft"));
            store.append(run, 1, {{"loss/total", static_cast<double>(run)}});
        }
        StoreReader reader;
        Told told(reader);
        reader.open(file);
        reader.subscribe({2});
        QTRY_VERIFY(told.metrics.contains(2));
        reader.subscribe({1});
        QTRY_VERIFY(told.metrics.contains(1));
        QCOMPARE(told.metrics[2]["loss/total"].values, std::vector<double>{2});
        QCOMPARE(told.metrics[1]["loss/total"].values, std::vector<double>{1});
    }

    void aStoreThatCannotBeReadIsToldOnceInOneSentence_data() {
        QTest::addColumn<QString>("content");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("not there") << QString() << "no run store";
        QTest::newRow("text") << QString("step,name,value\n").repeated(100) << "is not a run store";
    }
    void aStoreThatCannotBeReadIsToldOnceInOneSentence() {
        QFETCH(QString, content);
        QFETCH(QString, sentence);
        const auto file = newFile();
        if (!content.isEmpty()) std::ofstream(file) << content.toStdString();
        StoreReader reader;
        Told told(reader);
        reader.open(file);
        QTRY_VERIFY(!told.sentences.isEmpty());
        for (int i = 0; i < 5; ++i) reader.lookNow();
        // Once it can be read, it is.
        std::filesystem::remove(file);
        RunStore(file).start(infoOf("sft"));
        QTRY_COMPARE(told.runs.size(), 1u);
        QVERIFY2(told.sentences.first().contains(sentence), qPrintable(told.sentences.first()));
        QVERIFY2(told.sentences.size() <= 2, qPrintable(told.sentences.join('\n')));
    }

    void aNewerStoreIsRefusedWithItsVersion() {
        const auto file = newFile();
        { RunStore store(file); }
        SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
        StoreReader reader;
        Told told(reader);
        reader.open(file);
        QTRY_COMPARE(told.sentences.size(), 1);
        QVERIFY(told.sentences.first().contains("version 99"));
    }

    void aLockedStoreIsToldAndReadOnceItIsFree() {
        const auto file = newFile();
        {
            RunStore store(file);
            store.start(infoOf("sft"));
        }
        SQLite::Database other(file.string(), SQLite::OPEN_READWRITE);
        other.exec(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; "
            "BEGIN EXCLUSIVE");
        StoreReader reader;
        Told told(reader);
        reader.open(file);
        QTRY_VERIFY(!told.sentences.isEmpty());
        QVERIFY2(told.sentences.first().contains("locked"), qPrintable(told.sentences.first()));
        QVERIFY(told.runs.empty());
        other.exec("COMMIT; PRAGMA locking_mode = NORMAL");
        other.execAndGet("SELECT count(*) FROM run");  // gives the lock back
        QTRY_COMPARE(told.runs.size(), 1u);
    }

    void aStoreThatIsDeletedAndMadeAnewIsReadFromItsStart() {
        const auto file = newFile();
        auto store = std::make_unique<RunStore>(file);
        store->start(infoOf("sft"));
        store->append(1, 1, {{"loss/total", 1}});
        StoreReader reader;
        Told told(reader);
        QSignalSpy opened(&reader, &StoreReader::opened);
        reader.open(file);
        reader.subscribe({1});
        QTRY_COMPARE(told.metrics[1]["loss/total"].values, std::vector<double>{1});
        QCOMPARE(opened.size(), 1);
        store.reset();
        for (const auto* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
        QTRY_COMPARE(told.sentences.size(), 1);
        RunStore again(file);
        again.start(infoOf("grpo"));
        again.append(1, 1, {{"reward/mean", 0.5}});
        QTRY_COMPARE(told.metrics[1]["reward/mean"].values, std::vector<double>{0.5});
        QCOMPARE(opened.size(), 2);
        QTRY_COMPARE(told.runs.front().run.info.kind, std::string("grpo"));
    }

    void aRemovedRunIsGoneAndOneThatRunsStays() {
        const auto file = newFile();
        RunStore store(file);
        const auto ended = store.start(infoOf("sft"));
        store.end(ended, RunStatus::Finished, "");
        const auto running = store.start(infoOf("sft"));
        StoreReader reader;
        Told told(reader);
        QSignalSpy failed(&reader, &StoreReader::changeFailed);
        reader.open(file);
        reader.remove(*store.find(running));
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(failed.first().first().toString().contains("still running"));
        reader.remove(*store.find(ended));
        QTRY_COMPARE(told.runs.size(), 1u);
        QCOMPARE(told.runs.front().run.id, running);
    }

    // Trainings.

    void aTrainingRunsStopsAndGoesOn() {
        const auto file = newFile();
        StoreReader reader;
        Told told(reader);
        reader.open(file);
        TrainingProcesses trainings(thisProgram(), QString::fromStdString(file.string()));
        QSignalSpy started(&trainings, &TrainingProcesses::started),
            ended(&trainings, &TrainingProcesses::ended),
            failed(&trainings, &TrainingProcesses::failed);
        trainings.start({.kind = "sft", .data = "goes", .out = folder_.filePath("out-a")});
        QTRY_COMPARE(started.size(), 1);
        QTRY_VERIFY(!told.runs.empty() && told.runs.front().run.step > 3);
        QCOMPARE(told.runs.front().run.status, RunStatus::Running);
        trainings.stop(told.runs.front().run);
        QTRY_COMPARE(told.runs.front().run.status, RunStatus::Stopped);
        QTRY_COMPARE(ended.size(), 1);
        const int step = told.runs.front().run.step;
        trainings.resume(told.runs.front().run);
        QTRY_COMPARE(told.runs.front().run.status, RunStatus::Running);
        QTRY_VERIFY(told.runs.front().run.step > step);
        trainings.kill(told.runs.front().run);
        QTRY_COMPARE(told.runs.front().run.status, RunStatus::Lost);
        QTRY_COMPARE(ended.size(), 2);
        QCOMPARE(told.runs.size(), 1u);
        QCOMPARE(failed.size(), 0);
    }

    void aTrainingOutlivesTheWindowAndIsFoundAgain() {
        const auto file = newFile();
        const auto store = QString::fromStdString(file.string());
        {
            TrainingProcesses first(thisProgram(), store);
            QSignalSpy started(&first, &TrainingProcesses::started);
            first.start({.kind = "sft", .data = "goes", .out = folder_.filePath("out-b")});
            QTRY_COMPARE(started.size(), 1);
        }
        StoreReader reader;
        Told told(reader);
        reader.open(file);
        QTRY_VERIFY(!told.runs.empty() && told.runs.front().run.step > 0);
        const int step = told.runs.front().run.step;
        QTRY_VERIFY(told.runs.front().run.step > step);
        TrainingProcesses second(thisProgram(), store);
        second.stop(told.runs.front().run);
        QTRY_COMPARE(told.runs.front().run.status, RunStatus::Stopped);
    }

    void aTrainingThatFailsSaysWhy_data() {
        QTest::addColumn<QString>("program");
        QTest::addColumn<QString>("data");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("an error") << thisProgram() << "fails"
                                  << "the data fails has no records";
        QTest::newRow("no word") << thisProgram() << "silent"
                                 << "ended before it began";
        QTest::newRow("no program") << "/not/there/lvr"
                                    << "ends"
                                    << "Can't start /not/there/lvr";
    }
    void aTrainingThatFailsSaysWhy() {
        QFETCH(QString, program);
        QFETCH(QString, data);
        QFETCH(QString, sentence);
        TrainingProcesses trainings(program, QString::fromStdString(newFile().string()));
        QSignalSpy failed(&trainings, &TrainingProcesses::failed);
        trainings.start({.kind = "sft", .data = data, .out = folder_.filePath("out-c")});
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY2(failed[0][0].toString().contains(sentence), qPrintable(failed[0][0].toString()));
        QCOMPARE(failed[0][1].toString().contains("lvr: "), data == "fails");
    }

    void theOutputOfARunIsKept() {
        const auto file = newFile();
        TrainingProcesses trainings(thisProgram(), QString::fromStdString(file.string()));
        QSignalSpy ended(&trainings, &TrainingProcesses::ended),
            read(&trainings, &TrainingProcesses::outputRead);
        const auto out = folder_.filePath("out-d");
        trainings.start({.kind = "sft", .data = "ends", .out = out});
        QTRY_COMPARE(ended.size(), 1);
        trainings.readOutput({.id = 1, .info = {.out = out.toStdString()}});
        QTRY_COMPARE(read.size(), 1);
        QCOMPARE(read[0][1].toString(), QString("run 1"));
    }

    // The workspace.

    void aStoreThatCantBeReadIsNotCalledEmpty() {
        World world(*this);
        QTRY_VERIFY(world.shows("No runs yet."));
        SQLite::Database(world.file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
            .exec("PRAGMA application_id = 0; PRAGMA user_version = 99; CREATE TABLE run (id)");
        QTRY_VERIFY(world.shows("The runs can't be read"));
        QVERIFY(!world.shows("No runs yet."));
        QVERIFY(!world.workspace.message().isEmpty());
        // Once the file is moved away there are none, and nothing is wrong any more.
        std::filesystem::remove(world.file);
        QTRY_VERIFY(world.shows("No runs yet."));
        QVERIFY(world.shows("There is no run store"));
        QVERIFY(world.workspace.message().isEmpty());
    }

    void withoutRunsItSaysHowToStartOne() {
        World world(*this);
        QTRY_VERIFY(world.shows("No runs yet. Start one with New run…"));
        QVERIFY(world.workspace.message().isEmpty());
        QTest::mouseClick(world.button("New run…"), Qt::LeftButton);
        QVERIFY(world.workspace.findChild<NewRunDialog*>());
    }

    void aRunStartedHereIsListedSelectedAndPlotted() {
        World world(*this);
        world.start("goes", folder_.filePath("out-e"));
        QTRY_COMPARE(world.rows(), 1);
        QTRY_VERIFY(world.workspace.findChild<CurveGrid*>()->find("loss/total"));
        QTRY_VERIFY(world.workspace.message().isEmpty());
        QCOMPARE(world.workspace.running().size(), 1u);
        QCOMPARE(world.workspace.findChild<RunsTable*>()->selected(), std::vector<std::int64_t>{1});
        QTRY_VERIFY(world.action("Stop")->isEnabled());
        world.action("Stop")->trigger();
        QTRY_COMPARE(world.text(0, 2), QString("Stopped"));
        QTRY_VERIFY(world.action("Resume")->isEnabled());
        world.action("Resume")->trigger();
        QTRY_COMPARE(world.text(0, 2), QString("Running"));
        world.workspace.stopRunning();
        QTRY_COMPARE(world.text(0, 2), QString("Stopped"));
        QVERIFY(world.workspace.running().empty());
    }

    void aPausedRunStaysPausedForAnotherWindowAndGoesOn() {
        World world(*this);
        world.start("goes", folder_.filePath("out-p"));
        QTRY_VERIFY(world.rows() == 1 && world.action("Pause")->isEnabled());
        world.action("Pause")->trigger();
        QTRY_COMPARE(world.text(0, 2), QString("Paused"));
        TrainWorkspace other({QString::fromStdString(world.file.string()), thisProgram(), "", ""});
        other.show();
        QTRY_COMPARE(other.running().size(), 1u);
        QCOMPARE(other.running().front().status, RunStatus::Paused);
        const int step = other.running().front().step;
        QTRY_VERIFY(world.action("Resume")->isEnabled());
        QVERIFY(!world.action("Delete…")->isEnabled());
        world.action("Resume")->trigger();
        QTRY_COMPARE(world.text(0, 2), QString("Running"));
        QTRY_VERIFY(world.workspace.running().front().step > step);
        world.action("Pause")->trigger();
        QTRY_COMPARE(world.text(0, 2), QString("Paused"));
        world.action("Stop")->trigger();  // it ends orderly all the same
        QTRY_COMPARE(world.text(0, 2), QString("Stopped"));
    }

    void notesAreKeptInTheStore() {
        World world(*this);
        const auto run = world.record("sft");
        QTRY_COMPARE(world.rows(), 1);
        auto* editor = world.workspace.findChild<NotesEditor*>();
        QTRY_VERIFY(editor->isEnabled());
        QTest::keyClicks(editor, "keep this one");
        QTRY_COMPARE(RunStore(world.file).find(run)->notes, std::string("keep this one"));
        QTRY_COMPARE(world.text(0, RunsModel::Notes), QString("keep this one"));
    }

    void notesOfAWindowThatClosesAreKept() {
        std::filesystem::path file;
        std::int64_t run = 0;
        {
            World world(*this);
            file = world.file;
            run = world.record("sft");
            auto* editor = world.workspace.findChild<NotesEditor*>();
            QTRY_VERIFY(editor->isEnabled());
            QTest::keyClicks(editor, "last words");
            world.workspace.close();
        }
        QCOMPARE(RunStore(file).find(run)->notes, std::string("last words"));
    }

    void aTrainingThatFailsIsToldWithItsOutput() {
        World world(*this);
        world.start("fails", folder_.filePath("out-f"));
        QTRY_VERIFY(world.workspace.message().contains("the data fails has no records"));
        for (auto* remedy : world.workspace.findChildren<QToolButton*>())
            if (remedy->text() == "Show output") QTest::mouseClick(remedy, Qt::LeftButton);
        bool shown = false;
        for (auto* text : world.workspace.findChildren<QPlainTextEdit*>())
            shown = shown || (text->isVisible() && text->toPlainText().contains("lvr: the data"));
        QVERIFY(shown);
    }

    void whatIsKnownOfTheChosenRunIsShown() {
        World world(*this);
        world.record("grpo");
        QTRY_COMPARE(world.rows(), 1);
        auto* text = world.workspace.findChild<QTextBrowser*>();
        QTRY_VERIFY(text->toPlainText().contains("lvr grpo --out"));
        for (const auto* fact : {"p1", "/data/scenes d1", "Seed", "the loss jumped"})
            QVERIFY2(text->toPlainText().contains(fact), fact);
        QSignalSpy wanted(&world.workspace, &TrainWorkspace::rolloutsRequested);
        QTest::mouseClick(world.button("Rollouts"), Qt::LeftButton);
        QCOMPARE(wanted.size(), 1);
        QCOMPARE(wanted[0][0].value<std::int64_t>(), 1);
        QCOMPARE(wanted[0][1].toInt(), 20);
    }

    void theCurvesOfAllCheckedRunsAreOverlaid() {
        World world(*this);
        for (int i = 0; i < 3; ++i) world.record("sft");
        QTRY_COMPARE(world.rows(), 3);
        auto* table = world.workspace.findChild<RunsTable*>();
        QCOMPARE(table->plotted().size(), 3u);
        auto* grid = world.workspace.findChild<CurveGrid*>();
        QTRY_VERIFY(grid->find("loss/total") && grid->find("lr"));
        world.view()->selectAll();
        world.action("Draw its curves")->trigger();
        QVERIFY(table->plotted().empty());
        QTRY_VERIFY(!grid->find("loss/total"));
        QVERIFY(world.shows("Check runs in the table"));
        world.action("Draw its curves")->trigger();
        QTRY_VERIFY(grid->find("loss/total"));
        world.view()->clearSelection();  // shows no details
        QVERIFY(grid->find("loss/total"));
    }

    void aNameAndTagsAreStored() {
        World world(*this);
        const auto run = world.record("sft");
        QTRY_COMPARE(world.rows(), 1);
        auto* model = world.model();
        QVERIFY(model->setData(model->index(0, RunsModel::Name), "night"));
        QVERIFY(model->setData(model->index(0, RunsModel::Tags), "good, with chains ,good"));
        QTRY_COMPARE(world.text(0, RunsModel::Name), QString("night"));
        QTRY_COMPARE(world.text(0, RunsModel::Tags), QString("good, with chains"));
        QCOMPARE(RunStore(world.file).find(run)->name, std::string("night"));
        auto* text = world.workspace.findChild<QTextBrowser*>();
        QTRY_VERIFY(text->toPlainText().contains("night"));
        std::filesystem::permissions(world.file, std::filesystem::perms::owner_read);
        QVERIFY(model->setData(model->index(0, RunsModel::Name), ""));
        std::filesystem::permissions(world.file, std::filesystem::perms::owner_all);
    }

    void whatIsDrawnIsKeptForTheNextWindow() {
        const auto file = newFile();
        for (int i = 0; i < 3; ++i) RunStore(file).start(infoOf("sft"));
        const TrainPlaces places{QString::fromStdString(file.string()), thisProgram(),
                                 folder_.path(), folder_.path()};
        {
            TrainWorkspace workspace(places);
            workspace.show();
            auto* table = workspace.findChild<RunsTable*>();
            QTRY_COMPARE(table->plotted().size(), 3u);
            table->select(2);
            for (auto* action : workspace.runActions())
                if (action->objectName() == "runs.plot") action->trigger();
            QCOMPARE(table->plotted(), (std::vector<std::int64_t>{3, 1}));
        }
        TrainWorkspace again(places);
        again.show();
        QTRY_COMPARE(again.findChild<RunsTable*>()->plotted(), (std::vector<std::int64_t>{3, 1}));
    }

    // One step for the line of the curves, the checkpoints and who else listens.
    void oneStepIsLookedAtEverywhere() {
        World world(*this);
        const auto run = world.record("grpo");  // rollouts at each of its 20 steps
        QTRY_COMPARE(world.rows(), 1);
        RunStore(world.file).addSamples(run, 10, {{.record = "q1", .question = "What?"}});
        auto* steps = world.workspace.findChild<StepBar*>();
        QTRY_COMPARE(steps->steps().size(), 20u);
        QSignalSpy shown(&world.workspace, &TrainWorkspace::stepShown);
        auto* grid = world.workspace.findChild<CurveGrid*>();
        QTRY_VERIFY(grid->find("loss/total"));
        Q_EMIT grid->stepChosen(run, 7);
        QTRY_COMPARE(world.workspace.step(), 7);
        QCOMPARE(steps->step(), 7);
        QCOMPARE(shown.size(), 1);
        QCOMPARE(shown[0][1].toInt(), 7);
        world.workspace.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&world.workspace));
        world.view()->setFocus();
        QTest::keyClick(&world.workspace, Qt::Key_BracketRight);
        QCOMPARE(world.workspace.step(), 8);
        world.workspace.goToStep(3);
        QCOMPARE(steps->step(), 3);
        world.record("sft");  // has nothing to be looked at step by step
        QTRY_COMPARE(world.rows(), 2);
        world.workspace.select(2);
        QTRY_VERIFY(!steps->isVisible());
        QCOMPARE(world.workspace.step(), -1);
    }

    void aRefusedRunComesBackAsAFilledForm() {
        World world(*this);
        world.start("fails", folder_.filePath("out-refused"));
        QTRY_VERIFY(world.workspace.message().contains("the data fails has no records"));
        NewRunDialog* form = nullptr;
        QTRY_VERIFY([&] {
            for (auto* dialog : world.workspace.findChildren<NewRunDialog*>())
                if (dialog->isVisible()) form = dialog;
            return form != nullptr;
        }());
        QCOMPARE(form->run().data, QString("fails"));
        QCOMPARE(form->run().out, folder_.filePath("out-refused"));
        bool says = false;
        for (const auto* label : form->findChildren<QLabel*>())
            says = says || (label->isVisible() && label->text().contains("has no records"));
        QVERIFY(says);
    }

    void aNewRunLikeThisOneIsOfferedFilledIn() {
        World world(*this);
        auto info = infoOf("sft", folder_.filePath("like").toStdString());
        info.command =
            "lvr sft --model '/models/my tiny' --data /a.json --data /b.json --device "
            "cuda --save-every 7 --activation-checkpointing --out /somewhere";
        info.options = R"({"lr": 0.0007, "twin": "lvr"})";
        const auto run = RunStore(world.file).start(info);
        QTRY_COMPARE(world.rows(), 1);
        QCOMPARE(run, 1);
        QTRY_VERIFY(world.action("New run like this…")->isEnabled());
        world.action("New run like this…")->trigger();
        auto* form = world.workspace.findChild<NewRunDialog*>();
        QVERIFY(form && form->isVisible());
        const auto told = form->run();
        QCOMPARE(told.kind, QString("sft"));
        QCOMPARE(told.model, QString("/models/my tiny"));
        QCOMPARE(pathsIn(told.data), (QStringList{"/a.json", "/b.json"}));
        QCOMPARE(told.device, QString("cuda"));
        QCOMPARE(told.saveEvery, 7);
        QVERIFY(told.recompute);
        QVERIFY(told.out != "/somewhere" && !told.out.isEmpty());
        QVERIFY(std::ranges::find(told.options, std::pair(QString("lr"), QString("0.0007"))) !=
                told.options.end());
    }

    void aRunsModelIsAskedAndCompared() {
        World world(*this);
        const auto run = world.record("sft");
        RunStore(world.file).addCheckpoint(run, {.step = 10, .folder = "/out.checkpoints/10"});
        RunStore(world.file).setNotes(run, "so that it is read again");
        QTRY_COMPARE(world.rows(), 1);
        QSignalSpy asked(&world.workspace, &TrainWorkspace::modelWanted),
            compared(&world.workspace, &TrainWorkspace::comparisonWanted);
        QTRY_VERIFY([&] {
            world.action("Ask this model")->trigger();
            return !asked.isEmpty() && asked.back()[0].toString() == "/out.checkpoints/10";
        }());
        world.action("Compare with…")->trigger();
        QCOMPARE(compared.size(), 1);
        QCOMPARE(compared[0][0].toString(), QString("/out.checkpoints/10"));
    }

    void anAlertOfARunIsTold() {
        World world(*this);
        const auto run = world.record("sft");
        QTRY_COMPARE(world.rows(), 1);
        QSignalSpy alerted(&world.workspace, &TrainWorkspace::alerted);
        QVERIFY(world.workspace.message().isEmpty());  // an old one is not news
        RunStore(world.file).append(run, 21, {}, {}, "the loss is not a number");
        QTRY_COMPARE(alerted.size(), 1);
        QCOMPARE(world.workspace.message(), QString("Run 1, step 21: the loss is not a number"));
        QVERIFY(alerted[0][1].toBool() && !alerted[0][2].toBool());
    }

    void alertsThatSayTheSameAreOne() {
        World world(*this);
        const auto run = world.record("sft");
        QTRY_COMPARE(world.rows(), 1);
        QSignalSpy alerted(&world.workspace, &TrainWorkspace::alerted);
        RunStore store(world.file);
        store.append(run, 21, {}, {}, "the KL jumped to 0.105 from about 0");
        QTRY_COMPARE(alerted.size(), 1);
        store.append(run, 25, {}, {}, "the KL jumped to 1.2e-01 from about 0.02");
        QTRY_COMPARE(alerted.size(), 2);
        QVERIFY(alerted[0][1].toBool() && !alerted[1][1].toBool());
        QCOMPARE(world.workspace.message(),
                 QString("Run 1, step 25: the KL jumped to 1.2e-01 from about 0.02 (2 times since "
                         "step 21)"));
        auto* text = world.workspace.findChild<QTextBrowser*>();
        QTRY_VERIFY(text->toPlainText().contains("2 times since step 21"));
        QCOMPARE(text->toPlainText().count("the KL jumped"), 1);
    }

    void aRunThatEndsBadlyNeedsAHand() {
        World world(*this);
        RunStore store(world.file);
        const auto run = store.start(infoOf("sft"));
        QTRY_COMPARE(world.rows(), 1);
        QSignalSpy alerted(&world.workspace, &TrainWorkspace::alerted);
        store.end(run, RunStatus::Failed, "the disk is full");
        QTRY_COMPARE(alerted.size(), 1);
        QCOMPARE(alerted[0][0].toString(), QString("Run 1 failed: the disk is full"));
        QVERIFY(alerted[0][2].toBool());
    }

    void aStoreThatGoesAwayIsToldAndShownAgain() {
        World world(*this);
        world.record("sft");
        QTRY_COMPARE(world.rows(), 1);
        const auto away = world.file.string() + ".away";
        std::filesystem::rename(world.file, away);
        QTRY_VERIFY(world.workspace.message().contains("is gone"));
        QCOMPARE(world.rows(), 1);
        std::filesystem::rename(away, world.file);
        QTRY_VERIFY(world.workspace.message().isEmpty());
        QVERIFY(world.workspace.findChild<CurveGrid*>()->find("loss/total"));
    }

    void aFolderThatWasMovedAwayIsTold() {
        World world(*this);
        world.record("sft");
        QTRY_COMPARE(world.rows(), 1);
        QTRY_VERIFY(world.action("Open folder")->isEnabled());
        world.action("Open folder")->trigger();
        QTRY_VERIFY(world.workspace.message().contains("no folder /somewhere/out"));
    }

    void aRunIsForgottenAfterAsking() {
        World world(*this);
        world.record("sft");
        QTRY_COMPARE(world.rows(), 1);
        QTRY_VERIFY(world.action("Delete…")->isEnabled());
        world.action("Delete…")->trigger();
        for (auto* button : world.workspace.findChild<QMessageBox*>()->buttons())
            if (button->text().remove('&') == "Forget") QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY(world.shows("No runs yet."));
    }

    // A process ended and another has its number by now.
    void aProcessThatIsNotTheRunsIsNotSignalled_data() {
        QTest::addColumn<Act>("act");
        QTest::newRow("stop") << Act(&TrainingProcesses::stop);
        QTest::newRow("kill") << Act(&TrainingProcesses::kill);
        QTest::newRow("pause") << Act(&TrainingProcesses::pause);
        QTest::newRow("unpause") << Act(&TrainingProcesses::unpause);
    }
    void aProcessThatIsNotTheRunsIsNotSignalled() {
        QFETCH(Act, act);
        const auto file = newFile();
        QProcess stranger;
        stranger.start("sleep", {"600"});
        QVERIFY(stranger.waitForStarted());
        RunStore store(file);
        auto run = *store.find(store.start(infoOf("sft")));
        run.pid = stranger.processId();
        TrainingProcesses trainings(thisProgram(), QString::fromStdString(file.string()));
        QSignalSpy failed(&trainings, &TrainingProcesses::failed);
        (trainings.*act)(run);
        QCOMPARE(failed.size(), 1);
        QVERIFY(failed[0][0].toString().contains("is gone"));
        QVERIFY(!stranger.waitForFinished(50));
        QVERIFY(!processIsHeld(stranger.processId()));
        stranger.kill();
        QVERIFY(stranger.waitForFinished());
    }

    void whatEndedWhileTheStoreIsGoneIsNotAskedAboutOnClosing() {
        World world(*this);
        world.start("goes", folder_.filePath("out-gone"));
        QTRY_COMPARE(world.workspace.running().size(), 1u);
        const auto run = world.workspace.running().front();
        const auto away = world.file.string() + ".away";
        std::filesystem::rename(world.file, away);
        QTRY_VERIFY(world.workspace.message().contains("is gone"));
        QCOMPARE(world.workspace.running().size(), 1u);
        QCOMPARE(::kill(static_cast<pid_t>(run.pid), SIGKILL), 0);
        QTRY_COMPARE(world.workspace.running().size(), 0u);
        QCOMPARE(world.rows(), 1);
    }

    void theOutputOfARunInARelativeFolderIsKept() {
        const auto file = newFile();
        TrainingProcesses trainings(thisProgram(), QString::fromStdString(file.string()));
        QSignalSpy ended(&trainings, &TrainingProcesses::ended),
            read(&trainings, &TrainingProcesses::outputRead);
        const auto before = QDir::currentPath();
        QVERIFY(QDir::setCurrent(folder_.path()));
        trainings.start({.kind = "sft", .data = "ends", .out = "out-relative"});
        QTRY_COMPARE(ended.size(), 1);
        QVERIFY(QDir::setCurrent(before));
        const auto out = folder_.filePath("out-relative").toStdString();
        trainings.readOutput({.id = 1, .info = {.out = out}});
        QTRY_COMPARE(read.size(), 1);
        QCOMPARE(read[0][1].toString(), QString("run 1"));
    }

    void goingOnKeepsWhatWasPrintedBefore() {
        const auto file = newFile();
        TrainingProcesses trainings(thisProgram(), QString::fromStdString(file.string()));
        QSignalSpy ended(&trainings, &TrainingProcesses::ended),
            read(&trainings, &TrainingProcesses::outputRead);
        trainings.start({.kind = "sft", .data = "goes", .out = folder_.filePath("out-crash")});
        std::optional<Run> run;
        QTRY_VERIFY(std::filesystem::exists(file) && (run = RunStore(file).find(1)) && run->step);
        trainings.kill(*run);
        QTRY_COMPARE(ended.size(), 1);
        trainings.resume(*RunStore(file).find(1));
        QTRY_COMPARE(RunStore(file).find(1)->status, RunStatus::Running);
        trainings.readOutput(*RunStore(file).find(1));
        QTRY_COMPARE(read.size(), 1);
        QCOMPARE(read[0][1].toString().count("run 1"), 2);
        trainings.stop(*RunStore(file).find(1));
        QTRY_COMPARE(ended.size(), 2);
    }

    // Notes.

    void notesThatCannotBeStoredStayAndAreTriedAgain() {
        World world(*this);
        const auto first = world.record("sft"), second = world.record("sft");
        QTRY_COMPARE(world.rows(), 2);
        auto* table = world.workspace.findChild<RunsTable*>();
        auto* editor = world.workspace.findChild<NotesEditor*>();
        world.workspace.select(first);
        QTRY_VERIFY(table->selected() == std::vector{first});
        const auto away = world.file.string() + ".away";
        std::filesystem::rename(world.file, away);
        QTRY_VERIFY(world.workspace.message().contains("is gone"));
        QTest::keyClicks(editor, "do not lose me");
        world.workspace.select(second);
        QTRY_VERIFY(table->selected() == std::vector{second});
        QTRY_VERIFY(editor->toPlainText().isEmpty());
        world.workspace.select(first);
        QTRY_COMPARE(editor->toPlainText(), QString("do not lose me"));
        QTRY_VERIFY(world.shows("Not saved yet"));
        QVERIFY(!std::filesystem::exists(world.file));  // a change makes no store
        std::filesystem::rename(away, world.file);
        QTRY_COMPARE_WITH_TIMEOUT(RunStore(world.file).find(first)->notes,
                                  std::string("do not lose me"), 20000);
        QTRY_VERIFY(!world.shows("Not saved yet"));
        QCOMPARE(editor->toPlainText(), QString("do not lose me"));
    }

    void notesThatCouldNotBeStoredComeBackWithTheNextWindow() {
        std::filesystem::path file;
        std::string away;
        {
            World world(*this);
            file = world.file;
            away = file.string() + ".away";
            world.record("sft");
            auto* editor = world.workspace.findChild<NotesEditor*>();
            QTRY_VERIFY(editor->isEnabled());
            std::filesystem::rename(file, away);
            QTest::keyClicks(editor, "written last");
            world.workspace.close();
        }
        std::filesystem::rename(away, file);
        TrainWorkspace again({QString::fromStdString(file.string()), thisProgram(), "", ""});
        again.show();
        QTRY_COMPARE_WITH_TIMEOUT(RunStore(file).find(1)->notes, std::string("written last"),
                                  20000);
    }

    void notesAreNotGivenToTheRunOfAnotherStore() {
        World world(*this);
        world.record("sft");
        auto* editor = world.workspace.findChild<NotesEditor*>();
        QTRY_VERIFY(editor->isEnabled());
        std::filesystem::rename(world.file, world.file.string() + ".away");
        QTRY_VERIFY(world.workspace.message().contains("is gone"));
        QTest::keyClicks(editor, "of the first");
        editor->clearFocus();
        world.record("sft");  // another store, whose run 1 is another
        QTRY_VERIFY(world.workspace.message().isEmpty());
        QTRY_COMPARE(editor->toPlainText(), QString());
        QCOMPARE(RunStore(world.file).find(1)->notes, std::string());
    }

    // The newest wins.

    void metricsThatNobodyWantsAnyMoreAreNotRead() {
        const auto file = newFile();
        RunStore store(file);
        std::vector<Metric> many;
        for (int step = 1; step <= 200000; ++step)
            many.push_back({.step = step, .name = "loss/total", .value = 1.0});
        const auto large = store.add({.info = infoOf("sft"), .status = RunStatus::Finished}, many);
        const auto small = store.start(infoOf("sft"));
        store.append(small, 1, {{"loss/total", 1}});
        StoreReader reader;
        Told told(reader);
        QSignalSpy done(&reader, &StoreReader::upToDate);
        reader.open(file);
        reader.subscribe({large});
        QTRY_VERIFY(!told.metrics[large].empty());  // the first piece
        reader.subscribe({small});
        QTRY_VERIFY(!told.metrics[small].empty());
        QTRY_VERIFY(!done.isEmpty());
        QCOMPARE(told.metrics[small]["loss/total"].values.size(), 1u);
        QVERIFY2(told.metrics[large]["loss/total"].values.size() < many.size(),
                 "what was overtaken was read to its end");
    }

    // Colours.

    void aRunKeepsItsColourWhateverElseIsChosen() {
        World world(*this);
        for (int i = 0; i < 3; ++i) world.record("sft");
        QTRY_COMPARE(world.rows(), 3);
        auto* table = world.workspace.findChild<RunsTable*>();
        auto* view = world.view();
        const auto colourOf = [&](std::int64_t run) {
            for (int row = 0; row < world.rows(); ++row)
                if (world.text(row, RunsModel::Id) == QString::number(run))
                    return world.model()
                        ->index(row, RunsModel::Id)
                        .data(Qt::DecorationRole)
                        .value<QPixmap>()
                        .toImage();
            return QImage();
        };
        std::map<std::int64_t, QImage> alone;
        for (const std::int64_t run : {1, 2, 3}) {
            table->select(run);
            world.action("Draw only these curves")->trigger();
            alone[run] = colourOf(run);
        }
        QVERIFY(alone[1] != alone[2] && alone[2] != alone[3] && alone[1] != alone[3]);
        view->selectAll();
        world.action("Draw all curves")->trigger();
        for (const std::int64_t run : {1, 2, 3}) QTRY_COMPARE(colourOf(run), alone[run]);
    }

    void aRunOfAnotherMachineIsNotSignalled() {
        TrainingProcesses trainings(thisProgram(), QString::fromStdString(newFile().string()));
        QSignalSpy failed(&trainings, &TrainingProcesses::failed);
        trainings.stop({.id = 7, .host = "elsewhere", .pid = QCoreApplication::applicationPid()});
        QCOMPARE(failed.size(), 1);
        QVERIFY(failed[0][0].toString().contains("elsewhere"));
    }
};

int main(int argc, char** argv) {
    if (argc > 1 && std::string(argv[1]) == "sft") {
        QStringList arguments;
        for (int i = 1; i < argc; ++i) arguments << argv[i];
        return train(arguments);
    }
    QApplication app(argc, argv);
    TrainWindowTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "train_window_test.moc"
