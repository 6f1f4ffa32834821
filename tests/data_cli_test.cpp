// Data and questions as people have them, given to the headless command.

#include <QTemporaryDir>

#include "tests/support/program.h"

using program::compareFailure;
using program::lvr;
using program::Result;

namespace {

const QString kModel = LVR_GOLDENS "/models/random-a";
const QString kWide = LVR_GOLDENS "/images/landscape.png", kOdd = LVR_GOLDENS "/images/odd.png";
const QString kData = LVR_RESOURCES "/../tests/fixtures/data/";

QJsonObject objectOf(const Result& result) { return program::jsonOf(result).object(); }

QJsonArray idsOf(const QString& text) {
    return objectOf(lvr({"tokenize", "--model", kModel, "--json", text}))["ids"].toArray();
}

Result ask(const QStringList& more) {
    return lvr(QStringList{"ask", "--model", kModel, "--max-new-tokens", "6", "--json"} + more);
}

}  // namespace

class DataCliTest : public QObject {
    Q_OBJECT
    QTemporaryDir dir_;
    QString write(const QString& name, const QByteArray& bytes) const {
        QFile out(dir_.filePath(name));
        if (out.open(QIODevice::WriteOnly)) out.write(bytes);
        return out.fileName();
    }
    QString copyOf(const QString& data) const {
        QFile::copy(kData + data, dir_.filePath(data));
        return dir_.filePath(data);
    }

private Q_SLOTS:
    void initTestCase() { qputenv("XDG_CACHE_HOME", dir_.filePath("cache").toUtf8()); }

    void aTextMayBeginWithAnAtSign() {
        QCOMPARE(idsOf("@@home"), idsOf("@" + write("at.txt", "@home")));
        QVERIFY(lvr({"ask", "--help"}).out.contains("@@"));
        compareFailure(lvr({"tokenize", "--model", kModel, "@home"}), 1, "@@");
    }

    void aByteOrderMarkOfATextFileIsDropped() {
        QCOMPARE(idsOf("@" + write("bom.txt", "\xef\xbb\xbfWhat?")), idsOf("What?"));
    }

    void aLongRunOfBlanksHasIds() {
        const auto text = "x" + QByteArray(400'000, ' ') + "y";
        QVERIFY(idsOf("@" + write("blanks.txt", text)).size() > 2);
    }

    void imagesStandWhereTheQuestionHasThem() {
        const QStringList images{"--image", kWide, "--image", kOdd};
        const auto marked =
            ask(images + QStringList{"--question", "First <image> and second\n<image>\n: same?"});
        const auto raw = ask(
            images + QStringList{"--raw-prompt", "--question",
                                 "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
                                 "<|im_start|>user\nFirst "
                                 "<|vision_start|><|image_pad|><|vision_end|> and second"
                                 "<|vision_start|><|image_pad|><|vision_end|>: same?<|im_end|>\n"
                                 "<|im_start|>assistant\n"});
        QVERIFY2(marked.code == 0, qPrintable(marked.err));
        QCOMPARE(objectOf(marked)["token_ids"], objectOf(raw)["token_ids"]);
        compareFailure(ask({"--image", kWide, "--question", "<image> or <image>?"}), 1,
                       "2 <image> for 1 image;");
    }

    void aThoughtMayBeOfAnyPicture() {
        const QStringList given{"--image",    kWide,   "--image",         kOdd,
                                "--question", "Same?", "--thought-means", "--thought-box"};
        for (const int image : {0, 1}) {
            const auto result = ask(given + QStringList{QString("0,0,0.02,0.02,%1").arg(image)});
            QVERIFY2(result.code == 0, qPrintable(result.err));
            const auto json = objectOf(result);
            QCOMPARE(json["thought"].toObject()["box_images"].toArray(), QJsonArray{image});
            const auto nearest = json["latent_steps"].toArray()[0].toObject()["nearest"];
            QCOMPARE(nearest.toArray()[0].toObject()["image"].toInt(), image);
        }
        compareFailure(ask(given + QStringList{"0,0,1,1,2"}), 1, "box 1 is on image 2, of 2");
        compareFailure(ask(given + QStringList{"0,0,1,1,"}), 2, "0,0,1,1,");
        compareFailure(ask(given + QStringList{"0,0,1,1,1.5"}), 2, "number of the picture");
    }

    void picturesInsideOfParquetAreTrainedOnAndScored() {
        const auto data = copyOf("geo.parquet");
        const auto score = lvr({"score", "--model", kModel, "--data", data, "--json"});
        QVERIFY2(score.code == 0, qPrintable(score.err));
        QCOMPARE(objectOf(score)["records"].toArray().size(), 2);
        for (const auto& [command, steps] :
             {std::pair("sft", "--steps"), {"grpo", "--max-steps"}}) {
            const auto run =
                lvr({command, "--model", kModel, "--data", data, "--out", dir_.filePath(command),
                     "--store", dir_.filePath("runs.db"), steps, "1"});
            QVERIFY2(run.code == 0, qPrintable(run.err));
        }
        const auto check = lvr({"data", "check", data, "--decode"});
        QVERIFY2(check.code == 0, qPrintable(check.err));
    }

    void recordsWithoutAnAnswerAreNotTrainedOn() {
        const auto run = lvr({"sft", "--model", kModel, "--data", kData + "empty-answer.json",
                              "--out", dir_.filePath("none"), "--store", dir_.filePath("runs.db")});
        QCOMPARE(run.code, 1);
        QVERIFY2(run.err.contains("the answer is empty"), qPrintable(run.err));
    }
};

QTEST_GUILESS_MAIN(DataCliTest)
#include "data_cli_test.moc"
