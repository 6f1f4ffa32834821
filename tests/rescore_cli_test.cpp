// Judging kept outputs again from the command line.

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>

#include "tests/support/program.h"

using program::compareFailure;
using program::lvr;

class RescoreCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }
    void write(const QString& name, const QByteArray& text) const {
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) == text.size());
    }
    QByteArray read(const QString& name) const {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private Q_SLOTS:
    void initTestCase() {
        write(
            "raw.jsonl",
            R"({"benchmark":"vstar","options":["red","blue"],"gold":"B","output":"Answer: B","id":"x"})"
            "\n"
            R"({"benchmark":"vstar","options":["red","blue"],"gold":"A","output":"<answer> A </answer>"})"
            "\n{\"benchmark\": 3}\n");
    }

    void everyScorersLetterAndVerdictArePrinted() {
        const auto result = lvr({"eval", "rescore", "--raw", path("raw.jsonl"), "--json"});
        QVERIFY2(result.code == 0, qPrintable(result.err));
        const auto rows = QJsonDocument::fromJson(result.out.toUtf8()).array();
        QCOMPARE(rows.size(), 2);
        const auto first = rows[0].toObject();
        QCOMPARE(first["line"].toInt(), 1);
        QCOMPARE(first["id"].toString(), "x");
        const auto scorers = first["scorers"].toObject();
        QCOMPARE(scorers["lmms_vstar"].toObject()["letter"].toString(), "A");
        QCOMPARE(scorers["lmms_vstar"].toObject()["right"].toBool(), false);
        QCOMPARE(scorers["vlmevalkit_rule"].toObject()["letter"].toString(), "B");
        QCOMPARE(scorers["vlmevalkit_rule"].toObject()["right"].toBool(), true);
        QVERIFY(scorers["exact_letter"].toObject()["letter"].isNull());
        QVERIFY(!scorers.contains("lmms_mmvp"));
        QVERIFY(result.err.contains("raw.jsonl line 3: field 'benchmark' must be a string"));
        QVERIFY(result.err.contains("left out 1 of 3 lines"));
    }

    void theTableCountsAndDisagreementsAreListed() {
        const auto result = lvr({"eval", "rescore", "--raw", path("raw.jsonl"), "--disagreements",
                                 path("d.csv"), "--to", path("all.json")});
        QVERIFY2(result.code == 0, qPrintable(result.err));
        static const QRegularExpression row(
            "vstar +vlmevalkit_rule +2 +2 +1.0000 +0.3424-1.0000 +0\n");
        QVERIFY2(result.out.contains(row), qPrintable(result.out));
        QVERIFY(result.out.contains("scorers disagree on 2 of 2 items"));
        const auto csv = read("d.csv");
        QVERIFY(csv.startsWith("line,id,column,benchmark,gold,scorer,letter,right,rule,output\n"));
        QVERIFY(csv.contains("1,x,,vstar,B,lmms_vstar,A,0,"));
        QCOMPARE(QJsonDocument::fromJson(read("all.json")).array().size(), 2);
    }

    void wrongUseIsASentence() {
        const auto raw = path("raw.jsonl");
        compareFailure(lvr({"eval", "rescore", "--raw", path("not.jsonl")}), 1,
                       "there is no file " + path("not.jsonl"));
        compareFailure(lvr({"eval", "rescore", "--raw", raw, "--scorers", "lmms_vsta"}), 1,
                       "did you mean \"lmms_vstar\"?");
        compareFailure(lvr({"eval", "rescore", "--raw", raw, "--to", "x.txt"}), 2, ".json");
    }
};

QTEST_GUILESS_MAIN(RescoreCliTest)
#include "rescore_cli_test.moc"
