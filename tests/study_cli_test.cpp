// Whose folder a study's folder is.

#include <QTemporaryDir>

#include "tests/support/program.h"

using program::compareFailure;
using program::lvr;

class StudyCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    QStringList study(const QStringList& more, const QString& name = "chains") const {
        return QStringList{"study", name, "--out", path("st")} + more;
    }
    // Until it begins with its first model; the vision tower is some minutes away.
    static void begin(QProcess& process, const QStringList& arguments) {
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(LVR_PROGRAM, arguments);
        QByteArray said;
        while (!said.contains("$ lvr align") && process.waitForReadyRead(60000))
            said += process.readAll();
        QVERIFY2(said.contains("$ lvr align"), said.constData());
    }
    static void interrupt(QProcess& process) {
        process.terminate();
        QVERIFY(process.waitForFinished(120000));
        QCOMPARE(process.exitCode(), 130);
    }
    void write(const QString& name, const QByteArray& text) const {
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) == text.size());
    }

private Q_SLOTS:
    void initTestCase() { qputenv("LVR_STORE", path("runs.db").toUtf8()); }

    void twoAtOnceInOneFolderAreRefusedAndAnInterruptedOneGoesOn() {
        const QStringList settings{"--seeds", "1", "--steps", "4", "--count", "5"};
        QProcess first, again;
        begin(first, study(settings));
        compareFailure(lvr(study(settings)), 1, "another study is writing to");
        interrupt(first);
        begin(again, study(settings));
        interrupt(again);
    }

    void otherSettingsAreRefusedByName() {
        compareFailure(lvr(study({"--steps", "9", "--count", "7"})), 2,
                       "st was made with lvr study chains --steps 4 --count 5; give another --out");
        compareFailure(lvr(study({"--steps", "4", "--count", "5"}, "paper-mini")), 2,
                       "was made with lvr study chains");
    }

    void theReportNamesItsSettings() {
        QByteArray rows = "[";
        for (int hops = 0; hops < 10; ++hops)
            rows += QByteArray(hops ? "," : "") + R"({"count": 5, "accuracy": 0.4})";
        rows += "]";
        for (const char* variant :
             {"LVR", "teacher-forcing", "teacher-forcing--snap", "teacher-forcing---GRPO", "filler",
              "plain", "words--cold", "words--warm"})
            write(QString("st/%1-0.json").arg(variant), rows);
        const auto result = lvr(study({"--seeds", "1", "--steps", "4", "--count", "5"}));
        QVERIFY2(result.code == 0, qPrintable(result.err));
        QFile report(path("st/report.md"));
        QVERIFY(report.open(QIODevice::ReadOnly));
        const auto text = report.readAll();
        QVERIFY2(text.contains("`lvr study chains --steps 4 --seeds 1 --count 5`"),
                 text.constData());
        QVERIFY(text.contains("`lvr align`"));
    }

    void resultsOfUnknownSettingsAreRefused() {
        QVERIFY(QFile::remove(path("st/study.json")));
        compareFailure(lvr(study({"--steps", "4", "--count", "5"})), 2, "no study.json");
        write("st/study.json", "[1]");
        compareFailure(lvr(study({"--steps", "4", "--count", "5"})), 1, "study.json");
    }

    void exitRulesAreComparedWithTheBestBudgetAndKept() {
        const QStringList small{"study", "exits",   "--out", path("ex"), "--seeds",
                                "1",     "--count", "2",     "--probe",  "2"};
        const auto first = lvr(small);
        QVERIFY2(first.code == 0, qPrintable(first.err));
        for (const char* part : {"| fixed:16 |", "| settled:0.98:16 |", "| answer-settled:2:16 |",
                                 "| entropy:0.5:16 |", "| probe:probe-tiny.json:0.5:16 |",
                                 "The best fixed budget is fixed:"})
            QVERIFY2(first.out.contains(part), part);
        QFile report(path("ex/report.md")), plot(path("ex/tiny-mixture.svg"));
        QVERIFY(report.open(QIODevice::ReadOnly) && plot.open(QIODevice::ReadOnly));
        const auto text = QString::fromUtf8(report.readAll());
        QVERIFY(text.contains("xxh3-128:"));
        QCOMPARE(text.count("questions. The best fixed budget"), 3);
        QVERIFY(plot.readAll().contains("<circle"));
        QCOMPARE(lvr(small).out, first.out);  // what is kept is not measured again
        auto other = small;
        other[7] = "3";
        compareFailure(lvr(other), 2, "was made with other settings");
    }
};

QTEST_GUILESS_MAIN(StudyCliTest)
#include "study_cli_test.moc"
