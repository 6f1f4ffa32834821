// lvr diagnose: a small set of scenes and one question, as their user runs them.

#include <QTemporaryDir>

#include "tests/support/program.h"

using program::compareFailure;
using program::jsonOf;
using program::lvr;

class DiagnoseCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    QStringList scenes(const QStringList& more) const {
        return QStringList{"diagnose",
                           "--data",
                           "scenes:color-to-shape",
                           "--count",
                           "4",
                           "--seed",
                           "990031",
                           "--interventions",
                           "other-question,markers-only"} +
               more;
    }
    QByteArray read(const QString& name) const {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private Q_SLOTS:
    void whatCannotBeWrittenIsRefusedBeforeAnythingIsAsked() {
        compareFailure(lvr(scenes({"--out", path("nowhere/r.html")})), 1, "there is no folder");
        compareFailure(lvr(scenes({})), 2, "--out report.html");
        compareFailure(lvr({"diagnose", "--out", path("r.html")}), 2, "either --data");
        compareFailure(lvr({"diagnose", "--interventions", "zeros", "--data", "scenes"}), 2,
                       "the nearest valid one is \"zero\"");
    }

    void aSetIsReportedAndGoneOnWith() {
        const auto done = lvr(scenes({"--out", path("r.html"), "--out", path("r.json"), "--json"}));
        QVERIFY2(done.code == 0, qPrintable(done.err));
        const auto report = jsonOf(done).object();
        QCOMPARE(report["asked"].toInt(), 4);
        QCOMPARE(report["verdict"].toObject()["use"].toString(), QString("too few to tell"));
        QCOMPARE(report["interventions"].toArray().size(), 2);
        QVERIFY(report["command"].toString().contains("diagnose"));
        QVERIFY(report["model_hash"].toString().startsWith("xxh3"));
        QCOMPARE(QJsonDocument::fromJson(read("r.json")).object(), report);
        const auto page = read("r.html");
        QVERIFY(page.contains("<svg") && !page.contains("<script") && !page.contains("http"));

        // An interruption: the report is not there and the last line is cut off.
        QVERIFY(QFile::remove(path("r.html")));
        auto kept = read("r.items.jsonl");
        QCOMPARE(kept.count('\n'), 5);
        kept.chop(40);
        QFile file(path("r.items.jsonl"));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(kept) == kept.size());
        file.close();
        compareFailure(lvr(scenes({"--out", path("r.html")})), 1, "--resume goes on with it");
        compareFailure(lvr(scenes({"--out", path("r.html"), "--resume", "--seed", "7"})), 1,
                       "differs");
        const auto again = lvr(scenes({"--out", path("r.html"), "--resume", "--json"}));
        QVERIFY2(again.code == 0, qPrintable(again.err));
        QCOMPARE(jsonOf(again).object()["interventions"], report["interventions"]);
        QCOMPARE(read("r.items.jsonl").count('\n'), 5);
    }

    // The models that come with the program to show that the instrument finds what was planted.
    void theControlsAreToldApartByAHundredQuestions_data() {
        QTest::addColumn<QString>("verdict");
        QTest::newRow("tiny") << "used";
        QTest::newRow("filler") << "slots, no feedback";
        QTest::newRow("masked") << "not used";
    }
    void theControlsAreToldApartByAHundredQuestions() {
        QFETCH(const QString, verdict);
        const QString model = LVR_RESOURCES "/models/" + QString(QTest::currentDataTag());
        const auto done =
            lvr({"diagnose", "--model", model, "--dtype", "float32", "--data", "scenes:chain",
                 "--count", "100", "--seed", "771204", "--interventions",
                 "other-picture,other-question,markers-only", "--out",
                 path(QString(QTest::currentDataTag()) + ".json"), "--json"});
        QVERIFY2(done.code == 0, qPrintable(done.err));
        const auto report = jsonOf(done).object();
        QVERIFY(report["thought"].toInt() >= 90);
        QCOMPARE(report["verdict"].toObject()["use"].toString(), verdict);
    }

    void oneQuestionIsPrinted() {
        QCOMPARE(lvr({"make-data", "scenes", "--out", path("s"), "--count", "1"}).code, 0);
        const auto done = lvr({"diagnose", "--image", path("s/images/000001.png"), "--question",
                               "Follow the dots from red. What shape is at the end?",
                               "--other-question", "What shape is the blue object?", "--json"});
        QVERIFY2(done.code == 0, qPrintable(done.err));
        const auto panel = jsonOf(done).object();
        QVERIFY(panel["latents"].toInt() > 0);
        QVERIFY(panel["decodes"].toDouble() <= 3);
        QCOMPARE(panel["early"].toArray().size(), panel["latents"].toInt() + 1);
    }
};

QTEST_GUILESS_MAIN(DiagnoseCliTest)
#include "diagnose_cli_test.moc"
