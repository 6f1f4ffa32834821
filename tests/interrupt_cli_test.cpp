// Ctrl-C, as the user of `lvr` sees it.

#include <unistd.h>

#include <QTemporaryDir>
#include <csignal>

#include "tests/support/cpu_time.h"
#include "tests/support/program.h"

using program::jsonOf;
using program::lvr;

namespace {

const QString kTiny = LVR_RESOURCES "/models/tiny", kWordy = LVR_GOLDENS "/models/random-a";
constexpr double kSoon = 20;  // seconds of CPU time; what is interrupted would take longer

}  // namespace

class InterruptCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }

    // Of a process so far. Its age says little of what it has done where others compute, too.
    static double cpuSeconds(const QProcess& process) {
        QFile file(QString("/proc/%1/stat").arg(process.processId()));
        if (!file.open(QIODevice::ReadOnly)) return 0;
        const auto all = file.readAll();
        const auto fields = all.mid(all.lastIndexOf(')')).split(' ');  // proc(5): utime, stime
        return (fields.value(12).toDouble() + fields.value(13).toDouble()) /
               static_cast<double>(sysconf(_SC_CLK_TCK));
    }

    // Starts it, interrupts it when it has worked for so long, and looks when and how it ends.
    static void interrupt(QProcess& process, const QStringList& arguments, double cpu) {
        process.start(LVR_PROGRAM, arguments);
        QVERIFY(process.waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(cpuSeconds(process) >= cpu || process.state() != QProcess::Running,
                                 120000);
        QVERIFY2(process.state() == QProcess::Running, process.readAllStandardError().constData());
        const double before = cpuSeconds(process) + ::cpuSeconds(RUSAGE_CHILDREN);
        ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(60000));
        const double more = ::cpuSeconds(RUSAGE_CHILDREN) - before;
        QVERIFY2(more < kSoon, qPrintable(QString::number(more)));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 130);
    }

    // Very many records: the same file over and over.
    void writeEndlessList() const {
        QJsonArray list;
        for (int i = 0; i < 5000; ++i)
            list.append(QJsonObject{{"ds_name", QString::number(i)},
                                    {"data_path", "scenes/data.json"},
                                    {"image_folder", "scenes"}});
        QFile file(path("endless.json"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QJsonDocument(list).toJson());
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QCOMPARE(lvr({"make-data", "scenes", "--out", path("scenes"), "--count", "40"}).code, 0);
        writeEndlessList();
        const auto picture = QDir(path("scenes/images")).entryInfoList(QDir::Files)[0].filePath();
        const auto asked = lvr({"ask", "--model", kWordy, "--image", picture, "--question", "Why?",
                                "--force-start", "--exit", "fixed:1000", "--max-new-tokens", "10",
                                "--trace", path("long.lvrtrace")});
        QVERIFY2(asked.code == 0, qPrintable(asked.err));
    }

    void longWorkEndsAtOnce_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::newRow("eval, amid a batch")
            << QStringList{"eval",   "scenes", "--model", kWordy,  "--count",          "64",
                           "--exit", "none",   "--kinds", "chain", "--max-new-tokens", "30000"};
        QTest::newRow("eval, amid the latents of a swap") << QStringList{
            "eval", "scenes",           "--model", kWordy,    "--count", "64",        "--exit",
            "none", "--max-new-tokens", "30000",   "--kinds", "chain",   "--latents", "swap"};
        QTest::newRow("ask") << QStringList{"ask",  "--model",       kWordy,   "--question",
                                            "Why?", "--force-start", "--exit", "fixed:50000"};
        QTest::newRow("bench") << QStringList{"bench", "train", "--repeats", "100000"};
        for (const char* command : {"check", "preview"})
            QTest::addRow("data %s", command) << QStringList{"data", command, path("endless.json")};
        QTest::newRow("score") << QStringList{"score", "--model", kTiny, "--data",
                                              path("endless.json")};
        for (const char* file : {"a.gif", "a.png"})
            QTest::addRow("trace export to %s", file) << QStringList{
                "trace", "export", path("long.lvrtrace"), "--all-steps", "--to", path(file)};
        QTest::newRow("make-data")
            << QStringList{"make-data", "scenes", "--out", path("many"), "--count", "1000000"};
    }
    void longWorkEndsAtOnce() {
        QFETCH(const QStringList, arguments);
        QProcess process;
        interrupt(process, arguments, 2);
        QVERIFY(!QFile::exists(path("a.gif")) && !QFile::exists(path("a.png")));
    }

    void aTrainingThatIsMeasuringIsSaved() {
        QProcess process;
        interrupt(process,
                  {"sft", "--model", kWordy, "--data", path("scenes"), "--validation-data",
                   path("scenes"), "--probes", "40", "--validate-every", "1", "--out", path("out")},
                  3);
        QVERIFY(process.readAllStandardOutput().contains("saved at step "));
        QVERIFY(process.readAllStandardError().contains("stopped; lvr sft --resume " +
                                                        path("out").toUtf8() + " goes on after"));
        QCOMPARE(jsonOf(lvr({"runs", "list", "--json"}))[0]["status"].toString(),
                 QString("stopped"));
    }
};

QTEST_GUILESS_MAIN(InterruptCliTest)
#include "interrupt_cli_test.moc"
