// Two processes on loopback train what one trains, and one that dies ends the other.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <cmath>
#include <map>
#include <memory>

#include "tests/program.h"

namespace {

const QStringList kSft{"sft",        "--max-steps", "8",           "--steps", "6",
                       "--pictures", "4",           "--questions", "3"};
const QStringList kGrpo{
    "grpo", "--max-steps",      "2",  "--lr",      "1e-4", "--temperature", "2.5", "--top-k",
    "0",    "--max-new-tokens", "24", "--prompts", "4",    "--group-size",  "4"};

quint16 freePort() {
    sockaddr_in address{.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    bind(server, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(server, reinterpret_cast<sockaddr*>(&address), &size);
    close(server);
    return ntohs(address.sin_port);
}

// metric at step -> value
std::map<std::pair<int, QString>, double> curves(const QString& store, int run) {
    const auto csv = program::lvr({"runs", "export", QString::number(run), "--store", store}).out;
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
    QString store_, data_;
    int runsBefore_ = 0;

    QString path(const QString& name) const { return dir_.filePath(name); }
    QStringList whole(QStringList command, const QString& out) const {
        return command << "--model" << LVR_RESOURCES "/models/tiny"
                       << "--data" << data_ << "--out" << path(out) << "--store" << store_
                       << "--save-every"
                       << "2"
                       << "--rank-timeout"
                       << "60";
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
            QVERIFY(process->waitForFinished(120000));
            QVERIFY2(process->exitCode() == 0, process->readAllStandardError());
        }
        QCOMPARE(second->readAllStandardOutput(), QByteArray());
    }
    // Curves that do not depend on the clock or on what else the machine does.
    std::map<std::pair<int, QString>, double> learningOf(int run) const {
        auto all = curves(store_, run);
        std::erase_if(all, [](const auto& entry) {
            const auto& name = entry.first.second;
            return name.startsWith("time/") || name.startsWith("system/") ||
                   name.endsWith("_per_second");
        });
        return all;
    }
    void compare(int one, int other, int steps = 1000) const {
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
    }

    void twoRanksTrainWhatOneTrains_data() {
        QTest::addColumn<QStringList>("command");
        QTest::newRow("sft") << kSft;
        QTest::newRow("grpo") << kGrpo;
        QTest::newRow("sft of 10 records a step") << kSft + QStringList{"--batch", "10"};
    }
    void twoRanksTrainWhatOneTrains() {
        QFETCH(QStringList, command);
        const auto name = QString(QTest::currentDataTag()).replace(' ', '-');
        const int before = runsBefore_;
        runsBefore_ += 2;
        const auto alone = program::lvr(whole(command, name + "-alone"));
        QVERIFY2(alone.code == 0, qPrintable(alone.err));
        runTwo(whole(command, name + "-two"));
        compare(before + 1, before + 2);
    }

    // What two ranks saved, one goes on with.
    void aRankThatDiesEndsTheOtherAndTheRunGoesOn() {
        const auto port = freePort();
        auto arguments = whole(kSft, "killed");
        arguments[2] = "40";
        arguments[4] = "32";
        const auto first = start(0, port, arguments), second = start(1, port, arguments);
        QByteArray said;
        while (!said.contains("saved at step 2")) {
            QVERIFY(first->waitForReadyRead(60000));
            said += first->readAllStandardOutput();
        }
        second->kill();
        QVERIFY(second->waitForFinished(60000));
        QVERIFY(first->waitForFinished(60000));
        QCOMPARE(first->exitCode(), 1);
        const auto error = first->readAllStandardError();
        QVERIFY2(error.contains("rank 0 of 2: another rank failed"), error);
        QCOMPARE(error.count('\n'), 1);

        const auto resumed = program::lvr({"sft", "--resume", path("killed"), "--store", store_});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        const auto alone = program::lvr(whole(arguments.mid(0, 9), "not-killed"));
        QVERIFY2(alone.code == 0, qPrintable(alone.err));
        compare(6, 5, 12);
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
