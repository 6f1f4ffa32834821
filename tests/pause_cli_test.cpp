// What a training writes to can't be written for a while, or not at all.

#include <QTemporaryDir>

#include "tests/support/small_disk.h"
#include "tests/support/training.h"

using namespace program;

class PauseCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    QStringList sft(const QString& out) const {
        return QStringList{"sft",          "--model", kTinyModel, "--data",
                           path("scenes"), "--out",   path(out)} +
               words("--schedule constant --steps 12 --pictures 1 --questions 4 --save-every 1");
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("LVR_STORE", path("runs.db").toUtf8());
        QCOMPARE(lvr({"make-data", "scenes", "--out", path("scenes"), "--count", "10"}).code, 0);
        const auto whole = lvr(sft("whole"));
        QVERIFY2(whole.code == 0, qPrintable(whole.err));
    }

    void aLockedStorePausesATraining() {
        Training training(sft("paused"));
        QVERIFY(training.says("saved at step 2"));
        {
            const Lock lock(path("runs.db"));
            QVERIFY2(training.says("is locked by another program; it goes on by itself"),
                     training.said());
            QVERIFY(training.says("paused: the run store " + path("runs.db").toUtf8()));
        }
        QVERIFY2(training.end() == 0, training.said());
        QCOMPARE(training.said().count("paused: "), 1);
        QVERIFY(training.said().contains("going on"));
        QCOMPARE(curvesOf(path("paused")), curvesOf(path("whole")));
        QCOMPARE(bytesOf(path("paused/model.safetensors")),
                 bytesOf(path("whole/model.safetensors")));
    }

    // The step that could not be written is not taken again: its numbers come back as well.
    void aTrainingThatIsStoppedWhileTheStoreIsLockedLosesNothing_data() {
        QTest::addColumn<int>("signal");
        QTest::newRow("Ctrl-C") << SIGINT;
        QTest::newRow("SIGTERM") << SIGTERM;
    }
    void aTrainingThatIsStoppedWhileTheStoreIsLockedLosesNothing() {
        QFETCH(int, signal);
        const auto name = "stopped-" + QString::number(signal);
        Training training(sft(name));
        QVERIFY(training.says("saved at step 2"));
        {
            const Lock lock(path("runs.db"));
            QVERIFY2(training.says("paused: "), training.said());
            QVERIFY2(training.end(signal) == 130, training.said());
        }
        QVERIFY2(training.said().contains("stopped; lvr sft --resume " + path(name).toUtf8() +
                                          " goes on after step "),
                 training.said());
        const auto resumed = lvr({"sft", "--resume", path(name)});
        QVERIFY2(resumed.code == 0, qPrintable(resumed.err));
        QCOMPARE(curvesOf(path(name)), curvesOf(path("whole")));
        QCOMPARE(bytesOf(path(name + "/model.safetensors")),
                 bytesOf(path("whole/model.safetensors")));
        QVERIFY(!QFile::exists(path(name + ".unrecorded.db")));
    }

    void aStoreOnAReadOnlyDiskIsASentenceBeforeAnythingIsWritten_data() {
        QTest::addColumn<QString>("before");
        QTest::newRow("one that is there") << "\"$3\" runs import \"$6\" > /dev/null &&";
        QTest::newRow("a new one") << "";
    }
    void aStoreOnAReadOnlyDiskIsASentenceBeforeAnythingIsWritten() {
        QFETCH(QString, before);
        QFile other(path("trainer_state.json"));
        QVERIFY(other.open(QIODevice::WriteOnly));
        other.write(R"({"log_history": [{"step": 1, "loss": 2.0}]})");
        other.close();
        const auto result = SmallDisk(path("disk"), "24m")
                                .run("export LVR_STORE=\"$1/runs.db\"\n" + before + R"(
            mount -o remount,ro "$1" || exit 98
            "$3" sft --model "$4" --data "$5" --out "$2.out" --steps 2 > "$2" 2>&1
            [ $? = 1 ] && [ ! -e "$2.out" ])",
                                     {kTinyModel, path("scenes"), other.fileName()});
        if (!result) QSKIP("this needs the right to mount a file system");
        QVERIFY2(result->code == 0, result->log);
        QVERIFY2(result->log.contains("--store") && result->log.contains("runs.db"), result->log);
        QCOMPARE(result->log.count('\n'), 1);
    }

    // On a disk that is read-only, and where the folder itself is a disk: what is exchanged in one
    // step must lie on one.
    void anOutThatCantBeWrittenIsASentenceBeforeTheFirstStep_data() {
        QTest::addColumn<QString>("remount");
        QTest::addColumn<QString>("out");
        QTest::newRow("read-only") << "mount -o remount,ro \"$1\" || exit 98"
                                   << "$1/out";
        QTest::newRow("a disk") << ""
                                << "$1";
    }
    void anOutThatCantBeWrittenIsASentenceBeforeTheFirstStep() {
        QFETCH(QString, remount);
        QFETCH(QString, out);
        const auto before = lvr({"runs", "list", "--json"}).out;
        const auto result =
            SmallDisk(path("disk"), "24m")
                .run(remount + "\n\"$3\" sft --model \"$4\" --data \"$5\" --out \"" + out +
                         "\" --steps 30 > \"$2\" 2>&1\n[ $? = 1 ]",
                     {kTinyModel, path("scenes")});
        if (!result) QSKIP("this needs the right to mount a file system");
        QVERIFY2(result->code == 0, result->log);
        QVERIFY2(result->log.contains("choose another --out"), result->log);
        QCOMPARE(result->log.count('\n'), 1);
        QCOMPARE(lvr({"runs", "list", "--json"}).out, before);
    }

    void ofTwoThatStartAtOnceWithTheSameFolderOneDoes() {
        Training one(sft("same")), other(sft("same"));
        const int first = one.end(), second = other.end();
        QVERIFY2(first + second == 1, one.said() + other.said());
        const auto& refused = first == 1 ? one.said() : other.said();
        QVERIFY2(refused.contains(" writes to " + path("same").toUtf8()) ||
                     refused.contains(path("same").toUtf8() + " holds a training"),
                 refused);
        QCOMPARE(curvesOf(path("same")), curvesOf(path("whole")));
        QCOMPARE(shown(path("same"))["status"].toString(), QString("finished"));
    }
};

QTEST_GUILESS_MAIN(PauseCliTest)
#include "pause_cli_test.moc"
