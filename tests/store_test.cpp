// The run store as trainers and windows share it.

#include <SQLiteCpp/SQLiteCpp.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>
#include <atomic>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>
#include <thread>

#include "core/error.h"
#include "core/store/process.h"
#include "core/store/run_store.h"
#include "tests/support/child.h"

using namespace lvr;
namespace fs = std::filesystem;

namespace {

RunInfo info() {
    return {.kind = "sft",
            .command = "lvr sft --seed 3",
            .options = "{\"seed\":3}",
            .parent = "base",
            .data = "scenes",
            .out = "/out/α",
            .seed = 18446744073709551615ULL,
            .codeVersion = "0.1.0",
            .steps = 100};
}

std::map<std::string, double> twelve(int step) {
    std::map<std::string, double> metrics;
    for (int i = 0; i < 12; ++i) metrics["metric/" + std::to_string(i)] = step + i * .01;
    return metrics;
}

QString errorOf(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace

class StoreTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> folder_;
    fs::path file_;

    // Its run is under way when this returns.
    Child runOfAnotherProcess() {
        int ready[2];
        if (pipe(ready) != 0) qFatal("no pipe");
        Child child([&] {
            RunStore own(file_);
            own.start(info());
            [[maybe_unused]] const auto written = write(ready[1], "x", 1);
            pause();
        });
        char byte = 0;
        if (read(ready[0], &byte, 1) != 1) qFatal("the other process started no run");
        for (const int end : ready) close(end);
        return child;
    }

private Q_SLOTS:
    void init() {
        folder_ = std::make_unique<QTemporaryDir>();
        file_ = fs::path(folder_->path().toStdString()) / "deep" / "runs.db";
    }

    void aRunReadsBackAsItWasWritten() {
        RunStore store(file_);
        const auto id = store.start(info());
        store.append(id, 1, {{"loss/total", 2.5}, {"own", 0}});
        store.append(id, 2, {{"loss/total", 1.25}});
        const auto running = store.find(id);
        QVERIFY(running->info == info());
        QVERIFY(running->status == RunStatus::Running);
        QCOMPARE(running->step, 2);
        QCOMPARE(running->pid, static_cast<std::int64_t>(getpid()));
        QVERIFY(running->heartbeat >= running->started && running->ended == 0);
        store.end(id, RunStatus::Finished, "every kind reached the goal");
        const RunStore reader(file_, RunStore::Access::Read);
        QVERIFY(reader.find(id)->status == RunStatus::Finished);
        QCOMPARE(reader.find(id)->message, std::string("every kind reached the goal"));
        QVERIFY(reader.find(id)->ended > 0);
        const auto metrics = reader.metrics(id);
        QCOMPARE(metrics.size(), 3U);
        QCOMPARE(metrics[0].name, std::string("loss/total"));
        QCOMPARE(metrics[0].value, 2.5);
        QCOMPARE(metrics[2].step, 2);
        QVERIFY(!reader.find(id + 1));
    }

    void notesStayWithTheRun() {
        RunStore store(file_);
        const auto id = store.start(info());
        store.setNotes(id, "half the rate of run 1;\nλ as in the paper");
        store.end(id, RunStatus::Stopped, "interrupted");
        store.resume(id, 0);
        QCOMPARE(RunStore(file_, RunStore::Access::Read).find(id)->notes,
                 std::string("half the rate of run 1;\nλ as in the paper"));
        store.setNotes(id, "");
        QCOMPARE(store.find(id)->notes, std::string());
        QVERIFY(errorOf([&] { store.setNotes(99, "x"); }).contains("no run 99"));
    }

    void theNewestValueOfEachMetricIsKnownHoweverSeldomItIsWritten() {
        RunStore store(file_);
        const auto id = store.start(info());
        store.append(id, 1, {{"loss", 3}, {"validation", 2}});
        store.append(id, 2, {{"loss", 1}});
        QCOMPARE(store.newestMetrics(id),
                 (std::map<std::string, double>{{"loss", 1}, {"validation", 2}}));
    }

    // It writes nothing then, and whoever opens the store later sees it all the same.
    void aHeldProcessIsPausedUntilItGoesOn() {
        RunStore store(file_);
        Child child([&] {
            RunStore own(file_);
            const auto id = own.start(info());
            for (int step = 1;; ++step) {
                own.append(id, step, {{"loss", 1}});
                usleep(1000);
            }
        });
        const auto run = [&] { return store.runs().front(); };
        while (store.runs().empty()) usleep(500);
        kill(child.id(), SIGSTOP);
        QTRY_COMPARE(run().status, RunStatus::Paused);
        const int step = run().step;
        QCOMPARE(RunStore(file_).runs().front().status, RunStatus::Paused);
        QVERIFY(errorOf([&] { store.remove(run().id); }).contains("still running"));
        QVERIFY(errorOf([&] { store.resume(run().id, 0); }).contains("still running"));
        kill(child.id(), SIGCONT);
        QTRY_COMPARE(run().status, RunStatus::Running);
        QTRY_VERIFY(run().step > step);
        kill(child.id(), SIGSTOP);
        child.kill();
        QCOMPARE(run().status, RunStatus::Lost);
        QCOMPARE(run().message, std::string("its process ended without a word"));
    }

    // It keeps all others from writing; who asks to take its run hears of it, not of a lock.
    void aProcessHeldInTheMiddleOfAStepStillHasItsRun() {
        RunStore store(file_);
        Child child([&] {
            const auto id = RunStore(file_).start(info());
            SQLite::Database own(file_.string(), SQLite::OPEN_READWRITE);
            own.exec("BEGIN IMMEDIATE");
            own.exec("UPDATE run SET step = 7 WHERE id = " + std::to_string(id));
            raise(SIGSTOP);
        });
        QCOMPARE(waitpid(child.id(), nullptr, WUNTRACED), child.id());
        const auto id = store.runs().front().id;
        QVERIFY(errorOf([&] { store.remove(id); }).contains("still running"));
        QVERIFY(errorOf([&] { store.resume(id, 0); }).contains("still running"));
    }

    void newestRunsComeFirst() {
        RunStore store(file_);
        const auto first = store.start(info()), second = store.start(info());
        QCOMPARE(store.runs().size(), 2U);
        QCOMPARE(store.runs()[0].id, second);
        QCOMPARE(store.runs()[1].id, first);
    }

    void valuesThatAreNoNumbersSurvive() {
        RunStore store(file_);
        const auto id = store.start(info());
        const double infinite = std::numeric_limits<double>::infinity();
        store.append(id, 1, {{"a", std::nan("")}, {"b", infinite}, {"c", -infinite}});
        const auto metrics = store.metrics(id);
        QVERIFY(std::isnan(metrics[0].value));
        QCOMPARE(metrics[1].value, infinite);
        QCOMPARE(metrics[2].value, -infinite);
    }

    void aReaderSeesEachRowOnceWhileAnotherWrites() {
        RunStore writer(file_);
        const auto id = writer.start(info()), other = writer.start(info());
        const RunStore reader(file_, RunStore::Access::Read);
        std::int64_t cursor = 0, seen = 0;
        for (int step = 1; step <= 200; ++step) {
            writer.append(id, step, twelve(step));
            writer.append(other, step, {{"x", 1}});
            if (step % 7) continue;
            for (const auto& metric : reader.readNew(id, cursor)) {
                QVERIFY(metric.step > seen / 12);
                ++seen;
            }
            QVERIFY(reader.readNew(id, cursor).empty());
        }
        seen += std::ssize(reader.readNew(id, cursor));
        QCOMPARE(seen, std::int64_t{2400});
        std::int64_t another = 0;  // a second look at the same run, and one at another
        QCOMPARE(reader.readNew(id, another).size(), 2400U);
        another = 0;
        QCOMPARE(reader.readNew(other, another).size(), 200U);
    }

    void rowsComeAsColumnsInPieces() {
        RunStore writer(file_);
        const auto id = writer.start(info());
        for (int step = 1; step <= 50; ++step) {
            auto metrics = twelve(step);
            if (step % 7 == 0) metrics["a rare one"] = step;
            writer.append(id, step, metrics);
        }
        const RunStore reader(file_, RunStore::Access::Read);
        std::map<std::string, MetricColumn> all;
        std::int64_t cursor = 0;
        int pieces = 0;
        for (;; ++pieces) {
            const auto piece = reader.readNewColumns(id, cursor, 100);
            if (piece.empty()) break;
            for (const auto& column : piece) {
                auto& whole = all[column.name];
                whole.steps.insert(whole.steps.end(), column.steps.begin(), column.steps.end());
                whole.values.insert(whole.values.end(), column.values.begin(), column.values.end());
            }
        }
        QCOMPARE(pieces, 7);  // of 607 rows
        QCOMPARE(all.size(), 13U);
        QCOMPARE(all["a rare one"].steps, (std::vector{7, 14, 21, 28, 35, 42, 49}));
        for (int i = 0; i < 12; ++i) {
            const auto& column = all["metric/" + std::to_string(i)];
            QCOMPARE(column.steps.size(), 50U);
            for (int step = 1; step <= 50; ++step) {
                QCOMPARE(column.steps[static_cast<std::size_t>(step - 1)], step);
                QCOMPARE(column.values[static_cast<std::size_t>(step - 1)], step + i * .01);
            }
        }
        writer.append(id, 51, {{"metric/3", 1}});
        const auto more = reader.readNewColumns(id, cursor, 100);
        QCOMPARE(more, (std::vector<MetricColumn>{{"metric/3", {51}, {1}}}));
    }

    void writersInSeveralProcessesDoNotLoseSteps() {
        RunStore store(file_);
        std::vector<Child> children;
        for (int i = 0; i < 3; ++i)
            children.emplace_back([&] {
                RunStore own(file_);
                auto mine = info();
                mine.out += std::to_string(processId());
                const auto id = own.start(mine);
                for (int step = 1; step <= 100; ++step) own.append(id, step, twelve(step));
                own.end(id, RunStatus::Finished, "");
            });
        for (auto& child : children) child.wait();
        QCOMPARE(store.runs().size(), 3U);
        for (const auto& run : store.runs()) {
            QVERIFY(run.status == RunStatus::Finished);
            QCOMPARE(store.metrics(run.id).size(), 1200U);
        }
    }

    // A training waits its turn while a run of a million rows is brought in, not until it is over.
    void aTrainingGoesOnWhileALongRunIsAdded() {
        RunStore store(file_);
        const auto id = store.start(info());
        Child child([&] {
            RunStore own(file_);
            std::vector<Metric> metrics(300'000);
            for (int i = 0; i < std::ssize(metrics); ++i)
                metrics[static_cast<std::size_t>(i)] = {.step = i, .name = "loss", .value = 1. / i};
            own.add({.info = info(), .status = RunStatus::Finished, .step = 299'999}, metrics);
        });
        while (store.runs().size() < 2 || store.metrics(id + 1).empty()) usleep(500);
        int step = 0;
        while (store.find(id + 1)->status == RunStatus::Running) {
            ++step;
            store.append(id, step, twelve(step));
        }
        child.wait();
        QVERIFY2(step > 5, qPrintable(QString::number(step)));
        QVERIFY(store.find(id + 1)->status == RunStatus::Finished);
        QCOMPARE(store.metrics(id + 1).size(), 300'000U);
    }

    // SIGKILL at any moment leaves whole steps, and a run that readers call lost.
    void aKilledWriterLeavesWholeSteps() {
        RunStore store(file_);
        for (int round = 0; round < 10; ++round) {
            Child child([&] {
                RunStore own(file_);
                const auto id = own.start(info());
                for (int step = 1;; ++step) own.append(id, step, twelve(step));
            });
            const auto wanted = static_cast<std::size_t>(round + 1);
            while (store.runs().size() < wanted || store.runs()[0].step < 5 + round) usleep(500);
            child.kill();
            const auto run = store.runs()[0];
            QVERIFY(run.status == RunStatus::Lost);
            const auto metrics = store.metrics(run.id);
            QCOMPARE(metrics.size() % 12, 0U);
            QCOMPARE(metrics.back().step, run.step);
            QCOMPARE(static_cast<int>(metrics.size()), run.step * 12);
        }
    }

    void aResumedRunForgetsWhatItWillDoAgain() {
        RunStore store(file_);
        const auto id = store.start(info());
        for (int step = 1; step <= 10; ++step) store.append(id, step, {{"loss", 10. - step}});
        store.end(id, RunStatus::Stopped, "stopped");
        store.resume(id, 6);
        QCOMPARE(store.metrics(id).size(), 6U);
        QVERIFY(store.find(id)->status == RunStatus::Running);
        QCOMPARE(store.find(id)->step, 6);
        QCOMPARE(store.find(id)->ended, 0.0);
        QVERIFY(errorOf([&] { store.resume(99, 0); }).contains("no run 99"));
    }

    // Whoever reads in between has what was there or what is.
    void metricsAreReplacedAllAtOnce() {
        RunStore store(file_);
        const auto id = store.start(info());
        std::vector<Metric> metrics;
        for (int step = 1; step <= 20'000; ++step)
            metrics.push_back({.step = step, .name = "loss", .value = 1. * step});
        store.appendAll(id, metrics);
        std::atomic isReplaced = false;
        std::set<std::size_t> sizes;
        std::jthread reader([&] {
            const RunStore others(file_, RunStore::Access::Read);
            while (!isReplaced) sizes.insert(others.metrics(id, "loss").size());
        });
        for (int i = 0; i < 4; ++i) store.appendAll(id, metrics, 0);
        isReplaced = true;
        reader.join();
        QCOMPARE(sizes, std::set{metrics.size()});
        QCOMPARE(store.find(id)->step, 20'000);
    }

    void aRunThatGoesBackLosesItsRolloutsBeyond() {
        RunStore store(file_);
        const auto id = store.start(info());
        const auto loss = [](int step) { return Metric{.step = step, .name = "loss", .value = 1}; };
        store.appendAll(id, {loss(1), loss(2), loss(3)});
        for (const int step : {2, 3, 5}) store.putRollouts(id, step, {Rollout{}});
        store.appendAll(id, {loss(2), loss(3)}, 1);  // the same steps: it did not go back
        QCOMPARE(store.rolloutSteps(id), (std::vector{2, 3, 5}));
        QCOMPARE(store.find(id)->step, 5);
        store.appendAll(id, {loss(2)}, 1);
        QCOMPARE(store.rolloutSteps(id), std::vector{2});
        QCOMPARE(store.find(id)->step, 2);
        QCOMPARE(store.metrics(id).size(), 2U);
    }

    void aRunThatStillRunsIsNeitherResumedByOthersNorRemoved() {
        RunStore store(file_);
        auto child = runOfAnotherProcess();
        const auto id = store.runs()[0].id;
        QVERIFY(errorOf([&] { store.resume(id, 0); }).contains("still running"));
        QVERIFY(errorOf([&] { store.remove(id); }).contains("still running"));
        child.kill();
        store.append(id, 1, {{"x", 1}});
        store.remove(id);
        QVERIFY(store.runs().empty());
        QVERIFY(store.metrics(id).empty());
    }

    // Window and terminal press Resume in the same instant: each looked before it took the run.
    void ofManyThatResumeAtOnceOneDoes() {
        constexpr int kMany = 6, kRounds = 15;
        RunStore store(file_);
        const auto id = store.start(info());
        store.end(id, RunStatus::Stopped, "stopped");
        for (int round = 0; round < kRounds; ++round) {
            int go[2], told[2];
            QCOMPARE(pipe(go), 0);
            QCOMPARE(pipe(told), 0);
            std::vector<Child> children;
            for (int i = 0; i < kMany; ++i)
                children.emplace_back([&] {
                    close(go[1]);
                    RunStore own(file_);
                    char byte = 'r';
                    [[maybe_unused]] auto done = write(told[1], &byte, 1);  // ready
                    done = read(go[0], &byte, 1);                           // until all are
                    const bool refused = !errorOf([&] { own.resume(id, 0); }).isEmpty();
                    done = write(told[1], refused ? "n" : "y", 1);
                    pause();
                });
            close(told[1]);
            char said = 0;
            for (int i = 0; i < kMany; ++i) QCOMPARE(read(told[0], &said, 1), ssize_t{1});
            close(go[1]);
            int resumed = 0;
            for (int i = 0; i < kMany; ++i) {
                QCOMPARE(read(told[0], &said, 1), ssize_t{1});
                resumed += said == 'y';
            }
            children.clear();
            for (const int end : {go[0], told[0]}) close(end);
            QCOMPARE(resumed, 1);
        }
    }

    void aFolderIsWrittenToByOneRun() {
        auto child = runOfAnotherProcess();
        RunStore store(file_);
        QVERIFY(errorOf([&] {
                    store.start(info());
                }).contains("writes to " + QString::fromStdString(info().out)));
        auto elsewhere = info();
        elsewhere.out += "-2";
        store.start(elsewhere);
        child.kill();
        store.start(info());
    }

    void otherFilesAreRefusedAndLeftAlone() {
        fs::create_directories(file_.parent_path());
        std::ofstream(file_) << "this is no database, it is a longer text than a header";
        const auto before = fs::file_size(file_);
        QVERIFY(errorOf([&] { RunStore store(file_); }).contains("is not a run store"));
        QCOMPARE(fs::file_size(file_), before);
        fs::remove(file_);
        SQLite::Database(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
            .exec("CREATE TABLE theirs (x)");
        QVERIFY(errorOf([&] { RunStore store(file_); }).contains("another program"));
        QVERIFY(!fs::exists(file_.string() + "-wal"));
    }

    void aNewerStoreIsRefused() {
        { RunStore store(file_); }
        SQLite::Database(file_.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
        QVERIFY(errorOf([&] { RunStore store(file_); }).contains("version 99"));
    }

    void aDamagedStoreIsAnError() {
        {
            RunStore store(file_);
            const auto id = store.start(info());
            for (int step = 1; step < 500; ++step) store.append(id, step, twelve(step));
        }
        std::fstream bytes(file_, std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(4096);
        bytes << std::string(static_cast<std::size_t>(fs::file_size(file_)) - 8192, '\x5a');
        bytes.close();
        const auto error = errorOf([&] {
            const RunStore store(file_, RunStore::Access::Read);
            for (const auto& run : store.runs()) store.metrics(run.id);
        });
        QVERIFY2(error.contains(QString::fromStdString(file_.string())), qPrintable(error));
    }

    void whereThereIsNoStoreReadersSayWhatToDo() {
        QVERIFY(errorOf([&] {
                    RunStore store(file_, RunStore::Access::Read);
                }).contains("there is no run store"));
        QVERIFY(!fs::exists(file_));
        QVERIFY(errorOf([&] { RunStore store("/proc/none/runs.db"); }).contains("can't open"));
    }

    void theStoreIsWhereTheEnvironmentSays() {
        qputenv("LVR_STORE", "/a/b.db");
        QCOMPARE(defaultStore(), fs::path("/a/b.db"));
        qunsetenv("LVR_STORE");
        qputenv("XDG_DATA_HOME", "/data");
        QCOMPARE(defaultStore(), fs::path("/data/lvr-workbench/runs.db"));
        qunsetenv("XDG_DATA_HOME");
        qputenv("HOME", "/home");
        QCOMPARE(defaultStore(), fs::path("/home/.local/share/lvr-workbench/runs.db"));
        qunsetenv("HOME");
        QVERIFY(errorOf([] { defaultStore(); }).contains("--store"));
    }

    void aRunHasANameAndTags() {
        RunStore store(file_);
        const auto run = store.start(info());
        QVERIFY(store.find(run)->name.empty() && store.find(run)->tags.empty());
        store.setName(run, "  the long night ");
        store.setTags(run, {"paper", " good one ", "paper", ""});
        QCOMPARE(store.find(run)->name, std::string("the long night"));
        QCOMPARE(store.find(run)->tags, (std::vector<std::string>{"paper", "good one"}));
        QVERIFY(errorOf([&] { store.setTags(run, {"a,b"}); }).contains("comma"));
        QVERIFY(errorOf([&] { store.setName(run, "two\nlines"); }).contains("several lines"));
        QVERIFY(errorOf([&] { store.setName(99, "x"); }).contains("no run 99"));
        QCOMPARE(store.find(run)->name, std::string("the long night"));
        store.setTags(run, {});
        QVERIFY(store.find(run)->tags.empty());
    }

    // An item that is looked at again replaces what was there; a run that goes on keeps it.
    void cellsOfItemsAreKeptInTheOrderTheyCame() {
        RunStore store(file_);
        const auto run = store.start({.kind = "eval"}), other = store.start({.kind = "eval"});
        store.putResults(run, {{"a/1", "fixed:4", "{}"}, {"a/1", "fixed:8", "{\"x\":1}"}}, 1);
        store.putResults(other, {{"a/1", "fixed:4", "[]"}}, 1);
        store.putResults(run, {{"a/2", "fixed:4", "{}"}, {"a/1", "fixed:4", "[1]"}}, 2);
        QCOMPARE(store.find(run)->step, 2);
        store.end(run, RunStatus::Stopped, "by hand");
        store.resume(run, 1);
        const std::vector<ItemResult> expected{
            {"a/1", "fixed:4", "[1]"}, {"a/1", "fixed:8", "{\"x\":1}"}, {"a/2", "fixed:4", "{}"}};
        QCOMPARE(store.results(run), expected);
        store.end(other, RunStatus::Finished, "");
        store.remove(other);
        QVERIFY(store.results(other).empty());
    }

    void anOlderStoreIsBroughtUpToDateWithAllItHolds_data() {
        QTest::addColumn<QString>("older");  // takes back what the versions since brought
        const QString seventh = "DROP TABLE item_result; PRAGMA user_version = 6;";
        QTest::newRow("version 6") << seventh;
        const QString sixth =
            seventh +
            "ALTER TABLE run DROP COLUMN name; ALTER TABLE run DROP COLUMN tags; PRAGMA "
            "user_version = 5;";
        QTest::newRow("version 5") << sixth;
        const QString fifth =
            sixth + "DROP TABLE outcome; DROP TABLE question; PRAGMA user_version = 4;";
        QTest::newRow("version 4") << fifth;
        const QString fourth =
            fifth + "ALTER TABLE run DROP COLUMN notes; PRAGMA user_version = 3;";
        QTest::newRow("version 3") << fourth;
        const QString third =
            fourth + "DROP TABLE checkpoint; DROP TABLE sample; PRAGMA user_version = 2;";
        QTest::newRow("version 2") << third;
        QTest::newRow("version 1")
            << third +
                   "DROP TABLE rollout; DROP TABLE alert; ALTER TABLE run DROP COLUMN "
                   "parent_hash; ALTER TABLE run DROP COLUMN data_hash; PRAGMA user_version = 1";
    }
    void anOlderStoreIsBroughtUpToDateWithAllItHolds() {
        QFETCH(const QString, older);
        std::int64_t run = 0;
        {
            RunStore store(file_);
            run = store.start(info());
            store.append(run, 1, {{"loss", 2}});
        }
        SQLite::Database(file_.string(), SQLite::OPEN_READWRITE).exec(older.toStdString());
        // Whoever only looks brings it up to date, too.
        QCOMPARE(RunStore(file_, RunStore::Access::Read).metrics(run).size(), 1U);
        RunStore store(file_);
        QVERIFY(store.find(run)->info == info());
        QVERIFY(store.find(run)->notes.empty());
        store.setNotes(run, "kept");
        QCOMPARE(store.find(run)->notes, std::string("kept"));
        QCOMPARE(store.metrics(run).size(), 1U);
        QVERIFY(store.rolloutSteps(run).empty());
        store.addSamples(run, 1, {{.record = "7"}});
        store.addCheckpoint(run, {.step = 1, .folder = "/out/1"});
        QCOMPARE(store.sampleSteps(run), std::vector{1});
        QCOMPARE(store.checkpoints(run).size(), 1U);
        store.putQuestion(run, {.number = 2, .text = "What?"}, 1);
        QCOMPARE(store.questions(run, 0).front().text, std::string("What?"));
    }

    // Its second statement fails: the first is taken back too, and what was there is there.
    void aMigrationThatFailsChangesNothing() {
        { RunStore(file_).start(info()); }
        {
            SQLite::Database raw(file_.string(), SQLite::OPEN_READWRITE);
            raw.exec("DROP TABLE checkpoint; PRAGMA user_version = 2");  // sample is in the way
        }
        QVERIFY(errorOf([&] { RunStore store(file_); }).contains("can't be used"));
        SQLite::Database raw(file_.string(), SQLite::OPEN_READWRITE);
        QVERIFY(!raw.tableExists("checkpoint"));
        QCOMPARE(raw.execAndGet("PRAGMA user_version").getInt(), 2);
        QCOMPARE(raw.execAndGet("SELECT count(*) FROM run").getInt(), 1);
    }

    void rolloutsAndAlertsComeBackAsTheyWere() {
        QTemporaryDir folder;
        RunStore store(folder.filePath("r.db").toStdString());
        const auto run = store.start(info());
        Rollout one{.group = 1,
                    .index = 0,
                    .image = "a.png",
                    .prompt = "what?",
                    .expected = "red",
                    .completion = "<answer> r\u00e9d </answer>\n",
                    .rewards = {{"accuracy", 1}, {"format", 0}},
                    .reward = 1,
                    .advantage = -0.5,
                    .stopped = "end_of_text",
                    .tokens = {{5, "r", -0.25F, false}, {6, "\ufffd", -1, true}},
                    .grid = {1, 2},
                    .heat = {-127, 127}};
        Rollout two = one;
        two.group = 0;
        two.heat.clear();  // no latent
        store.append(run, 3, {{"reward/mean", 1}}, {one, two}, "look");
        store.append(run, 5, {}, {one});
        QCOMPARE(store.rolloutSteps(run), (std::vector<int>{3, 5}));
        QVERIFY(store.rollouts(run, 3) == (std::vector{two, one}));
        QVERIFY(store.alerts(run) == (std::vector<Alert>{{3, "look"}}));
        store.end(run, RunStatus::Stopped, "");
        store.resume(run, 4);  // what came after step 4 is forgotten
        QCOMPARE(store.rolloutSteps(run), (std::vector<int>{3}));
    }

    void samplesComeBackAsTheyWere() {
        RunStore store(file_);
        const auto run = store.start(info());
        const SampleRow one{.record = "cars/12",
                            .image = "\u00e4.png",
                            .question = "What colour?",
                            .expected = "red",
                            .answer = "r\u00e9d",
                            .completion = "<answer>r\u00e9d</answer>",
                            .right = false,
                            .loss = 0.5,
                            .stopped = "end_of_text",
                            .tokens = {{5, "r", -0.25F, false}, {6, "\ufffd", -1, true}},
                            .grid = {1, 2},
                            .heat = {-127, 127}};
        const SampleRow two{.record = "cars/12"};  // neither compared nor scored; no latent
        auto three = one;
        three.right = true;
        store.addSamples(run, 10, {one, two, three});
        store.addSamples(run, 30, {two});
        QCOMPARE(store.sampleSteps(run), (std::vector{10, 30}));
        QVERIFY(store.samples(run, 10) == (std::vector{one, two, three}));
        QVERIFY(store.samples(run, 20).empty());
        QVERIFY(store.sampleSummaries(run) ==
                (std::vector<SampleSummary>{
                    {.step = 10, .count = 3, .compared = 2, .right = 1, .loss = 0.5},
                    {.step = 30, .count = 1}}));
        store.addSamples(run, 10, {two});  // asked again
        QVERIFY(store.samples(run, 10) == std::vector{two});
        store.end(run, RunStatus::Stopped, "");
        store.resume(run, 20);
        QCOMPARE(store.sampleSteps(run), std::vector{10});
        store.end(run, RunStatus::Stopped, "");
        store.remove(run);
        QVERIFY(store.sampleSteps(run).empty());
    }

    void checkpointsSayWhichFoldersStillHoldThem() {
        RunStore store(file_);
        const auto run = store.start(info());
        const CheckpointRow first{.step = 10, .folder = "/out/10", .loss = 2.5};
        const CheckpointRow second{.step = 20, .folder = "/out/20"};
        store.addCheckpoint(run, second);
        store.addCheckpoint(run, first);
        QVERIFY(store.checkpoints(run) == (std::vector{first, second}));
        store.forgetCheckpoint(run, 10);
        QVERIFY(!store.checkpoints(run)[0].kept && store.checkpoints(run)[1].kept);
        store.addCheckpoint(run, {.step = 30, .folder = "/out/20", .loss = std::nan("")});
        const auto rows = store.checkpoints(run);
        QVERIFY(!rows[1].kept && rows[2].kept && !rows[2].loss);
        store.end(run, RunStatus::Stopped, "");
        store.resume(run, 20);
        QCOMPARE(store.checkpoints(run).size(), 2U);
        QVERIFY(errorOf([&] { store.addCheckpoint(99, first); }).contains("FOREIGN KEY"));
    }

    void aProcessIsKnownByItsStart() {
        QVERIFY(processStart(processId()) > 0);
        Child child([] {});
        const auto id = child.id();
        child.wait();
        QCOMPARE(processStart(id), std::int64_t{0});
    }
};

QTEST_GUILESS_MAIN(StoreTest)
#include "store_test.moc"
