// `lvr runs follow` beside a training that writes.

#include <QTemporaryDir>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/runs_io/tensorboard.h"
#include "tests/support/program.h"

using program::compareFailure;
using program::jsonOf;

namespace {

std::vector<lvr::Metric> losses(int from, int to) {
    std::vector<lvr::Metric> metrics;
    for (int step = from; step <= to; ++step)
        metrics.push_back({.step = step, .name = "loss", .value = 1.0 / step});
    return metrics;
}

}  // namespace

class FollowCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir temporary_;
    QString path(const QString& name) const { return temporary_.filePath(name); }
    QJsonObject newestRun() const {
        const auto runs = jsonOf(program::lvr({"runs", "list", "--json"})).array();
        return runs.isEmpty() ? QJsonObject() : runs.first().toObject();
    }
    void append(const QString& name, const std::string& bytes) const {
        std::ofstream(path(name).toStdString(), std::ios::binary | std::ios::app) << bytes;
    }
    static std::string events(int from, int to) {
        return lvr::toEventFile({.step = to, .started = 1000.0 + from, .heartbeat = 1000.0 + to},
                                losses(from, to));
    }

private Q_SLOTS:
    void init() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QVERIFY(QDir(temporary_.path()).mkpath("out"));
    }

    void whatIsNoFolderIsRefused() {
        compareFailure(program::lvr({"runs", "follow", path("none")}), 1, "there is no folder");
        append("file", "a");
        compareFailure(program::lvr({"runs", "follow", path("file")}), 1,
                       "name the folder it is in");
        compareFailure(program::lvr({"runs", "follow", path("out"), "--until-idle", "-3"}), 2,
                       "until-idle");
        QVERIFY(newestRun().isEmpty());
    }

    void aRunIsKeptUpToDateWhileItIsWritten() {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(LVR_PROGRAM, {"runs", "follow", path("out"), "--name", "theirs"});
        QTRY_VERIFY_WITH_TIMEOUT(newestRun()["status"].toString() == "paused", 60'000);
        QVERIFY(newestRun()["message"].toString().startsWith("waits for"));
        QCOMPARE(newestRun()["name"].toString(), QString("theirs"));
        QCOMPARE(newestRun()["kind"].toString(), QString("follow"));
        append("out/events.out.tfevents.1.host", events(1, 3));
        QTRY_COMPARE_WITH_TIMEOUT(newestRun()["step"].toInt(), 3, 60'000);
        QCOMPARE(newestRun()["status"].toString(), QString("running"));
        const auto more = events(4, 5);
        append("out/events.out.tfevents.1.host", more.substr(0, more.size() - 2));
        QTRY_COMPARE_WITH_TIMEOUT(newestRun()["step"].toInt(), 4, 60'000);
        append("out/events.out.tfevents.1.host", more.substr(more.size() - 2));
        QTRY_COMPARE_WITH_TIMEOUT(newestRun()["step"].toInt(), 5, 60'000);
        // Two of the same would write the same run.
        const auto second = program::lvr({"runs", "follow", path("out"), "--until-idle", "1"});
        QCOMPARE(second.code, 1);
        QVERIFY2(second.err.contains("still running"), qPrintable(second.err));
        ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(60'000));
        QCOMPARE(process.exitCode(), 130);
        QCOMPARE(newestRun()["status"].toString(), QString("stopped"));
        const auto said = process.readAll();
        QVERIFY2(said.contains("step 5: 5 values"), said.constData());
    }

    void theSameRunGoesOnAndNothingIsDoubled() {
        const auto id = newestRun()["id"].toInt();
        append("out/events.out.tfevents.1.host", events(6, 7));
        const auto result = program::lvr({"runs", "follow", path("out"), "--until-idle", "1"});
        QCOMPARE(result.code, 0);
        QVERIFY2(result.out.contains("nothing came for 1 s"), qPrintable(result.out));
        QCOMPARE(newestRun()["id"].toInt(), id);
        QCOMPARE(newestRun()["status"].toString(), QString("finished"));
        const auto rows =
            program::lvr({"runs", "export", QString::number(id)}).out.trimmed().split('\n');
        QCOMPARE(rows.size(), 8);  // a heading and seven steps
    }

    void aTrainerThatIsThroughEndsIt() {
        QVERIFY(QDir(temporary_.path()).mkpath("state"));
        append("state/trainer_state.json",
               R"({"global_step": 20, "max_steps": 20, "log_history": [{"step": 20, "loss": 1}]})");
        const auto result = program::lvr({"runs", "follow", path("state")});
        QCOMPARE(result.code, 0);
        QVERIFY2(result.out.contains("all of its steps were done"), qPrintable(result.out));
    }
};

QTEST_GUILESS_MAIN(FollowCliTest)
#include "follow_cli_test.moc"
