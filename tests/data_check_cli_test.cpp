// What lvr data check says of data before anybody trains on it.

#include <QTemporaryDir>

#include "tests/support/program.h"

using program::lvr;

namespace {

const QString kPicture = LVR_GOLDENS "/images/odd.png";

QJsonObject recordOf(const QString& response, const QJsonArray& boxes = {},
                     const QString& image = kPicture) {
    return {{"image", image},
            {"conversations", QJsonArray{QJsonObject{{"from", "human"}, {"value", "What?"}},
                                         QJsonObject{{"from", "gpt"}, {"value", response}}}},
            {"bboxes", boxes}};
}

// One box.
QJsonArray boxOf(double x0, double y0, double x1, double y1) {
    QJsonArray boxes;
    boxes.append(QJsonArray{x0, y0, x1, y1});
    return boxes;
}
const QJsonArray kBox = boxOf(0.1, 0.1, 0.6, 0.6), kTurned = boxOf(0.6, 0.6, 0.1, 0.1);

}  // namespace

class DataCheckCliTest : public QObject {
    Q_OBJECT
    QTemporaryDir dir_;
    QString write(const QString& name, const QByteArray& text) const {
        QFile out(dir_.filePath(name));
        if (out.open(QIODevice::WriteOnly)) out.write(text);
        return out.fileName();
    }
    QString write(const QString& name, const QJsonArray& records) const {
        return write(name, QJsonDocument(records).toJson());
    }
    static QJsonObject checked(const QStringList& data) {
        return program::jsonOf(lvr(QStringList{"data", "check", "--json"} + data)).object();
    }

private Q_SLOTS:
    void aBoxWithoutLvrIsSaid() {
        const auto data = write("unused.json", QJsonArray{recordOf("<answer> red </answer>", kBox),
                                                          recordOf("<lvr>\nred", kBox)});
        const auto said = lvr({"data", "check", data});
        QCOMPARE(said.code, 0);
        QVERIFY2(said.out.contains("1 record has boxes and no <lvr>: its boxes aren't used"),
                 qPrintable(said.out));
        QCOMPARE(checked({data})["roi_tokens"].toObject()["count"].toInt(), 1);
    }

    void cornersTheWrongWayRoundMeanTheSameRawAndFixed() {
        const auto raw = write("turned.json", QJsonArray{recordOf("<lvr>\nred", kTurned)});
        const auto fixed = dir_.filePath("fixed.json");
        QCOMPARE(lvr({"data", "check", raw, "--fix", fixed}).code, 0);
        const auto tokens = checked({raw})["roi_tokens"].toObject();
        QVERIFY(tokens["max"].toDouble() > 1);
        QCOMPARE(tokens, checked({fixed})["roi_tokens"].toObject());
        const auto said = lvr({"data", "check", raw}).out;
        QVERIFY2(said.contains("corners the wrong way round: they are swapped"), qPrintable(said));
    }

    void textLengthsAreShown() {
        const auto data = write(
            "lengths.json", QJsonArray{recordOf("red"), recordOf(QString("red ").repeated(300))});
        const auto said = lvr({"data", "check", data}).out;
        QVERIFY2(said.contains("text tokens") && said.contains("positions"), qPrintable(said));
        const auto json = checked({data});
        const auto text = json["text_tokens"].toObject(), all = json["positions"].toObject();
        QVERIFY(text["max"].toDouble() > 300 && text["min"].toDouble() < 30);
        QVERIFY(all["max"].toDouble() > text["max"].toDouble());
    }

    void whatFailsForTheSameReasonIsSaidOnce() {
        QJsonArray records;
        for (int i = 0; i < 24; ++i)
            records.append(recordOf("red", {}, QString("no/%1.png").arg(i)));
        const auto data = write("astray.json", records);
        const auto said = lvr({"data", "check", data, "--image-root", dir_.path()});
        QCOMPARE(said.code, 1);
        QVERIFY2(said.out.count("there is no file") <= 3 && said.out.contains("21 more like"),
                 qPrintable(said.out));
        QVERIFY2(said.err.contains("no picture was found below " + dir_.path()) &&
                     said.err.contains("is --image-root right?") && !said.err.contains("--fix"),
                 qPrintable(said.err));
        const auto trained = lvr({"score", "--data", data, "--image-root", dir_.path()});
        program::compareFailure(trained, 1, "is --image-root right?");
    }

    void brokenJsonIsSaidWithoutTheParsersWords() {
        const auto data = write("broken.jsonl", "{\"image\": \"" + kPicture.toUtf8() +
                                                    "\", \"conversations\": oops}\n");
        const auto said = lvr({"data", "check", data});
        QVERIFY2(said.out.contains("is not valid JSON from byte") && said.out.contains("oops}"),
                 qPrintable(said.out));
        QVERIFY(!said.out.contains("syntax error") && !said.out.contains("exception"));
    }

    void aNanSpoilsItsRecordOnly() {
        auto text =
            QJsonDocument(QJsonArray{recordOf("<lvr>\nred", kBox), recordOf("red")}).toJson();
        text.replace("0.1", "NaN");
        const auto json = checked({write("nan.json", text)});
        QCOMPARE(json["records"].toInt(), 2);
        QCOMPARE(json["bad"].toArray().size(), 1);
        QVERIFY(json["bad"].toArray()[0].toObject()["record"].toString().endsWith("record 1"));
    }

    void severalDataAreCheckedAsOne() {
        const auto one = write("one.json", QJsonArray{recordOf("red", {}, "odd.png")});
        const auto two = write("two.json", QJsonArray{recordOf("red")});
        const auto json =
            checked({one, two, "--image-root", LVR_GOLDENS "/images", "--image-root", dir_.path()});
        QCOMPARE(json["records"].toInt(), 2);
        QCOMPARE(json["bad"].toArray().size(), 0);
        QCOMPARE(json["datasets"].toObject()["unnamed"].toInt(), 2);
    }

    // Scripts read the rows of a benchmark from the command line.
    void theItemsOfABenchmarkAreListed() {
        qputenv("XDG_CACHE_HOME", dir_.filePath("cache").toUtf8());
        const QString samples = LVR_FIXTURES "/bench-samples/";
        QFile expected(samples + "expected.json");
        QVERIFY(expected.open(QIODevice::ReadOnly));
        const auto all = QJsonDocument::fromJson(expected.readAll()).object();
        const auto vstar = "vstar:" + samples + "vstar/craigwu_vstar_bench";
        QCOMPARE(program::jsonOf(lvr({"data", "list", "--data", vstar, "--json"})).array(),
                 all["rows"]["vstar"].toArray());
        const auto asked = lvr({"data", "list", "--data", vstar, "--prompts", "all", "--json"});
        QCOMPARE(program::jsonOf(asked).array(), all["prompts"]["vstar"].toArray());
        const auto table = lvr({"data", "list", "--data", "mmvp:" + samples + "mmvp/MMVP.tsv"});
        QVERIFY(table.out.contains("6 items, 6 pictures"));
        program::compareFailure(lvr({"data", "list", "--data", "vstar:" + samples + "mmvp"}), 1,
                                "holds MMVP");
        program::compareFailure(lvr({"data", "list", "--data", "vstarr:" + samples}), 2, "vstarr");
    }

    void theFieldsOfEveryFormatAreListed() {
        const auto said = lvr({"data", "formats"});
        QCOMPARE(said.code, 0);
        for (const char* field : {"bboxes", "bboxs", "\"qid\"", "data_path", "###"})
            QVERIFY2(said.out.contains(field), field);
        QVERIFY(lvr({"data", "check", "--help"}).out.contains("lvr data formats"));
    }
};

QTEST_GUILESS_MAIN(DataCheckCliTest)
#include "data_check_cli_test.moc"
