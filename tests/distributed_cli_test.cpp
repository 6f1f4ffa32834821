// Two processes on loopback train what one trains, and one that dies ends the other.

#include <unistd.h>

#include <QTemporaryDir>
#include <cmath>
#include <csignal>
#include <map>
#include <memory>

#include "tests/support/free_port.h"
#include "tests/support/program.h"
#include "tests/support/small_disk.h"

namespace {

constexpr int kTimeout = 4;         // seconds until a rank is taken for dead
constexpr int kPatience = 300'000;  // ms, of the test: a busy machine is slow, not wrong
constexpr int kHeldOut = 150;       // records

const QStringList kSft{"sft", "--steps",     "7", "--cool-down", "1", "--pictures",
                       "4",   "--questions", "3"};
const QStringList kGrpo{
    "grpo", "--max-steps",      "2",  "--lr",      "1e-4", "--temperature", "2.5", "--top-k",
    "0",    "--max-new-tokens", "24", "--prompts", "4",    "--group-size",  "4"};

// metric at step -> value
std::map<std::pair<int, QString>, double> curves(const QString& store, const QString& run) {
    const auto csv = program::lvr({"runs", "export", run, "--store", store}).out;
    std::map<std::pair<int, QString>, double> values;
    for (const auto& line : csv.split('\n').mid(1)) {
        const auto parts = line.split(',');
        if (parts.size() == 3) values[{parts[0].toInt(), parts[1]}] = parts[2].toDouble();
    }
    return values;
}

}  // namespace

class DistributedCliTest : public QObject {
    Q_OBJECT
    QTemporaryDir dir_;
    QString store_, data_, heldOut_;

    QString path(const QString& name) const { return dir_.filePath(name); }
    QStringList whole(QStringList command, const QString& out) const {
        return command << "--model" << LVR_RESOURCES "/models/tiny"
                       << "--data" << data_ << "--out" << path(out) << "--store" << store_
                       << "--save-every"
                       << "2"
                       << "--rank-timeout"
                       << "60";
    }
    static void holdOut(const QString& folder, int count) {
        QCOMPARE(program::lvr({"make-data", "scenes", "--out", folder, "--count",
                               QString::number(count), "--seed", "4"})
                     .code,
                 0);
    }
    // The first rank asks for longer than the others would wait for an answer: `probes` questions,
    // a step, a save, the questions again, and so on.
    QStringList slowlyMeasured(const QString& out, int probes) const {
        auto command =
            whole({"sft", "--schedule", "constant", "--steps", "2", "--pictures", "4"}, out);
        command.replace(command.indexOf("60"), QString::number(kTimeout));
        command.replace(command.indexOf("--save-every") + 1, "1");
        return command << "--validation-data" << heldOut_ << "--validate-every"
                       << "1"
                       << "--probes" << QString::number(probes);
    }
    static void waitFor(QProcess& process, const QByteArray& words) {
        QByteArray said;
        while (!said.contains(words)) {
            QVERIFY2(process.waitForReadyRead(60000), process.readAllStandardError() + said);
            said += process.readAllStandardOutput();
        }
    }
    std::unique_ptr<QProcess> start(int rank, quint16 port, const QStringList& arguments) const {
        auto process = std::make_unique<QProcess>();
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert("RANK", QString::number(rank));
        environment.insert("WORLD_SIZE", "2");
        environment.insert("MASTER_ADDR", "127.0.0.1");
        environment.insert("MASTER_PORT", QString::number(port));
        process->setProcessEnvironment(environment);
        process->start(LVR_PROGRAM, arguments);
        return process;
    }
    // Both must end well.
    void runTwo(const QStringList& arguments) const {
        const auto port = freePort();
        const auto first = start(0, port, arguments), second = start(1, port, arguments);
        for (const auto& process : {first.get(), second.get()}) {
            QVERIFY(process->waitForFinished(kPatience));
            QVERIFY2(process->exitCode() == 0, process->readAllStandardError());
        }
        QCOMPARE(second->readAllStandardOutput(), QByteArray());
    }
    // Curves that do not depend on the clock or on what else the machine does.
    std::map<std::pair<int, QString>, double> learningOf(const QString& out) const {
        auto all = curves(store_, path(out));
        std::erase_if(all, [](const auto& entry) {
            const auto& name = entry.first.second;
            return name.startsWith("time/") || name.startsWith("system/") ||
                   name.endsWith("_per_second");
        });
        return all;
    }
    void compare(const QString& one, const QString& other, int steps = 1000) const {
        const auto a = learningOf(one), b = learningOf(other);
        QVERIFY(!a.empty());
        QCOMPARE(a.size(), b.size());
        for (const auto& [key, value] : a) {
            if (key.first > steps) continue;
            // Rounding in another order grows along a run: the norm of a gradient shows it first.
            const double tolerance = key.second == "grad_norm" ? 1e-3 : 1e-5;
            QVERIFY2(std::abs(b.at(key) - value) <= tolerance * std::max(1.0, std::abs(value)),
                     qPrintable(key.second + ": " + QString::number(value) + ", " +
                                QString::number(b.at(key))));
        }
    }

private Q_SLOTS:
    void initTestCase() {
        store_ = path("runs.db");
        data_ = path("scenes");
        QCOMPARE(
            program::lvr({"make-data", "scenes", "--out", data_, "--count", "60", "--seed", "3"})
                .code,
            0);
        heldOut_ = path("held-out");
        holdOut(heldOut_, kHeldOut);
    }

    void twoRanksTrainWhatOneTrains_data() {
        QTest::addColumn<QStringList>("command");
        QTest::newRow("sft") << kSft;
        QTest::newRow("grpo") << kGrpo;
        QTest::newRow("sft of 10 records a step") << kSft + QStringList{"--batch", "10"};
        QTest::newRow("sft with validation")
            << kSft + QStringList{"--validation-data", heldOut_, "--validate-every", "4",
                                  "--probes",          "3"};
    }
    void twoRanksTrainWhatOneTrains() {
        QFETCH(QStringList, command);
        const auto name = QString(QTest::currentDataTag()).replace(' ', '-');
        const auto alone = program::lvr(whole(command, name + "-alone"));
        QVERIFY2(alone.code == 0, qPrintable(alone.err));
        runTwo(whole(command, name + "-two"));
        compare(name + "-alone", name + "-two");
    }

    // What two ranks saved, one goes on with.
    void aRankThatDiesEndsTheOtherAndTheRunGoesOn() {
        const auto port = freePort();
        auto arguments = whole(kSft, "killed");
        arguments[2] = "40";
        arguments[4] = "32";
        const auto first = start(0, port, arguments), second = start(1, port, arguments);
        waitFor(*first, "saved at step 2");
        second->kill();
        QVERIFY(second->waitForFinished(kPatience));
        QVERIFY(first->waitForFinished(kPatience));
        QCOMPARE(first->exitCode(), 1);
        const auto error = first->readAllStandardError();
        QVERIFY2(error.contains("rank 0 of 2: another rank failed"), error);
        QCOMPARE(error.count('\n'), 1);

        const auto resumed = program::lvr({"sft", "--resume", path("killed"), "--store", store_});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        const auto alone = program::lvr(whole(arguments.mid(0, 9), "not-killed"));
        QVERIFY2(alone.code == 0, qPrintable(alone.err));
        compare("not-killed", "killed", 12);
    }

    // As many questions as this machine needs longer for.
    void ranksWaitForAMeasurementHoweverLongItTakes() {
        double took = 0;
        for (int probes = kHeldOut; took <= kTimeout; probes *= 2) {
            QVERIFY2(probes < 10000, "no measurement takes long enough here");
            const auto out = QString("slow-%1").arg(probes);
            auto arguments = slowlyMeasured(out, probes);
            if (probes > kHeldOut) {
                const auto more = path("held-out-" + QString::number(probes));
                holdOut(more, probes);
                arguments.replaceInStrings(heldOut_, more);
            }
            runTwo(arguments);
            auto all = curves(store_, path(out));
            took = all.at({2, "time/elapsed"}) - all.at({1, "time/elapsed"});
            QVERIFY(all.count({2, "probe/accuracy"}) == 1);
        }
    }

    void aRankThatIsGoneIsFoundWhileTheFirstMeasures_data() {
        QTest::addColumn<int>("whom");
        QTest::addColumn<int>("signal");
        QTest::newRow("the first is killed") << 0 << SIGKILL;
        QTest::newRow("the first stands still") << 0 << SIGSTOP;
        QTest::newRow("one that waits is killed") << 1 << SIGKILL;
    }
    void aRankThatIsGoneIsFoundWhileTheFirstMeasures() {
        QFETCH(int, whom);
        QFETCH(int, signal);
        const auto out = QString("gone-%1-%2").arg(whom).arg(signal);
        const auto port = freePort();
        const auto arguments = slowlyMeasured(out, kHeldOut);
        const auto first = start(0, port, arguments), second = start(1, port, arguments);
        waitFor(*first, "saved at step 1");  // then the questions are asked
        auto& gone = whom == 0 ? *first : *second;
        auto& left = whom == 0 ? *second : *first;
        ::kill(static_cast<pid_t>(gone.processId()), signal);
        QVERIFY(left.waitForFinished(kPatience));
        gone.kill();
        QVERIFY(gone.waitForFinished(kPatience));
        QCOMPARE(left.exitCode(), 1);
        const auto error = left.readAllStandardError();
        QVERIFY2(error.contains("another rank failed or did not answer in time"), error);
        if (signal == SIGSTOP) QVERIFY2(error.contains("rank 0 gives no sign of life"), error);
    }

    // Another file fills the disk and then leaves.
    void aFullDiskPausesAllRanksAndSaysSoOnce() {
        const auto result = program::SmallDisk(path("disk"), "24m")
                                .run(R"(
            head -c 20000000 /dev/zero > "$1/filler"
            export WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT="$6"
            for rank in 0 1; do
                RANK=$rank "$3" sft --model "$4" --data "$5" --out "$1/out" --steps 3 \
                    --cool-down 1 --rank-timeout "$7" --store "$2.db" >> "$2" 2>&1 &
                pids="$pids $!"
            done
            timeout 60 tail -n +1 -f "$2" | grep -q -m 1 paused || exit 98
            sleep $(($7 + 2))
            rm "$1/filler"
            for pid in $pids; do wait $pid || exit 97; done
            [ -f "$1/out/model.safetensors" ] && [ ! -e "$1/out.new" ])",
                                     {LVR_RESOURCES "/models/tiny", data_,
                                      QString::number(freePort()), QString::number(kTimeout)});
        if (!result) QSKIP("this needs the right to mount a file system");
        QVERIFY2(result->code == 0, result->log + QByteArray::number(result->code));
        QCOMPARE(result->log.count("paused: "), 1);
        QCOMPARE(result->log.count("there is room again"), 1);
    }

    void aFullDiskUnderTheFeatureCacheStopsNothing() {
        const auto result = program::SmallDisk(path("cache"), "4m")
                                .run(R"(
            head -c 4150000 /dev/zero > "$1/filler"
            "$3" sft --model "$4" --data "$5" --out "$2.out" --steps 3 --cool-down 0 \
                --store "$2.db" --feature-cache "$1/features" > "$2" 2>&1)",
                                     {LVR_RESOURCES "/models/tiny", data_});
        if (!result) QSKIP("this needs the right to mount a file system");
        QVERIFY2(result->code == 0, result->log);
        QVERIFY2(result->log.count("keeps nothing more") == 1, result->log);
        QVERIFY2(!result->log.contains("paused"), result->log);
    }

    void halfSetVariablesAreNamed() {
        qputenv("RANK", "0");
        const auto result = program::lvr(whole(kSft, "never"));
        qunsetenv("RANK");
        QCOMPARE(result.code, 1);
        QVERIFY2(result.err.contains("WORLD_SIZE, MASTER_ADDR, MASTER_PORT"),
                 qPrintable(result.err));
        QVERIFY(!QFileInfo::exists(path("never")));
    }
};

QTEST_GUILESS_MAIN(DistributedCliTest)
#include "distributed_cli_test.moc"
