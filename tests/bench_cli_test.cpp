// `lvr bench` on tiny sizes: that each figure comes with its unit, its share of a ceiling, its
// ratio to a slow way of the same run and how near it comes to that; what a wrong command line
// says. How fast anything is, is not tested here.

#include <QTemporaryDir>
#include <cmath>

#include "tests/support/program.h"

using program::compareFailure;
using program::jsonOf;
using program::lvr;

namespace {

const QString kTiny = LVR_RESOURCES "/models/tiny";
const QString kPicture = LVR_GOLDENS "/images/landscape.png";

const QStringList kInfer{"bench",           "infer", "--shape",         "tiny", "--layers", "1",
                         "--vision-layers", "1",     "--visual-tokens", "16",   "--rows",   "2",
                         "--repeats",       "1",     "--threads",       "1",    "--json"};
const QStringList kTrain{"bench", "train",     "--pictures", "1",     "--questions",
                         "2",     "--repeats", "1",          "--json"};

void checkCeilings(const QJsonObject& json) {
    QVERIFY(json["cpu"].isString());
    QVERIFY(json["kernels"].isString());
    QCOMPARE(json["threads"].toInt(), 1);
    QVERIFY(json["read_gb_per_second"].toDouble() > 0);
    QVERIFY(json["float32_gflop_per_second"].toDouble() > 0);
}

// Of a time and that of the slow way beside it.
void checkRatio(const QJsonObject& figure, const char* slow, const char* fast = "seconds",
                const char* ratio = "ratio") {
    QVERIFY2(figure[slow].toDouble() > 0, slow);
    const auto wanted = figure[slow].toDouble() / figure[fast].toDouble();
    QVERIFY2(std::abs(figure[ratio].toDouble() / wanted - 1) < 1e-9, slow);
}

void checkFigure(const QJsonObject& figure) {
    const auto name = figure["name"].toString().toUtf8();
    QVERIFY2(!name.isEmpty() && figure["seconds"].toDouble() > 0, name);
    if (figure.contains("reference_seconds")) checkRatio(figure, "reference_seconds");
    if (!figure.contains("share")) return;
    QVERIFY2(figure["share"].toDouble() > 0, name);
    QVERIFY2(!figure["ceiling"].toString().isEmpty(), name);
}

// The figures of a bench, each checked.
QJsonArray figuresOf(const QStringList& arguments) {
    const auto result = lvr(arguments);
    if (result.code != 0) qWarning("%s", qPrintable(result.err));
    const auto json = jsonOf(result).object();
    checkCeilings(json);
    const auto figures = json["figures"].toArray();
    for (const auto& figure : figures) checkFigure(figure.toObject());
    return figures;
}

QStringList namesOf(const QJsonArray& figures) {
    QStringList names;
    for (const auto& figure : figures) names << figure.toObject()["name"].toString();
    return names;
}

}  // namespace

class BenchCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }

private Q_SLOTS:
    void initTestCase() { qputenv("LVR_STORE", path("runs.db").toUtf8()); }

    void machineHoldsEachProductAgainstACeiling() {
        const QStringList arguments{"bench",     "machine", "--in",      "64", "--out", "96",
                                    "--repeats", "1",       "--threads", "1",  "--json"};
        const auto figures = figuresOf(arguments);
        QCOMPARE(figures.size(), 3 * 4);  // rows x kinds
        for (const auto& each : figures) {
            const auto figure = each.toObject();
            QVERIFY(figure.contains("share"));
            if (figure["name"].toString().startsWith("LibTorch")) continue;
            const bool isInt4 = figure["name"].toString().startsWith("int4");
            QVERIFY2(figure["cosine"].toDouble() > (isInt4 ? 0.99 : 0.9999),
                     qPrintable(figure["name"].toString()));
        }
    }

    void inferHoldsPassesAndQuestionsAgainstTheSlowWay() {
        const auto figures = figuresOf(kInfer + QStringList{"--questions"});
        QCOMPARE(namesOf(figures),
                 QStringList({"prompt of 116 positions", "token step", "latent step",
                              "token step of 2 rows", "picture of 16 visual tokens",
                              "second question's first step", "picture, 8 latents, 20 tokens",
                              "2 rollouts, 20 tokens each"}));
        for (const auto& each : figures) {
            const auto figure = each.toObject();
            const auto name = figure["name"].toString().toUtf8();
            QVERIFY2(figure.contains("share") && figure.contains("ratio"), name);
            QVERIFY2(figure["cosine"].toDouble() > 0.9999, name);
            if (figure.contains("same_top")) QVERIFY2(figure["same_top"].toDouble() > 0.9, name);
            if (name.startsWith("second")) QVERIFY(figure["equal"].toBool());
        }
        QCOMPARE(figures[7].toObject()["same_top"].toDouble(), 1.0);
    }

    void theSlowWayIsLeftOutWhereItWantsTooMuch() {
        const auto result = lvr(kInfer + QStringList{"--slow-memory", "0", "--quantized", "int4"});
        QCOMPARE(result.code, 0);
        QVERIFY2(result.err.contains("left out (--slow-memory)"), qPrintable(result.err));
        for (const auto& figure : jsonOf(result).object()["figures"].toArray()) {
            QVERIFY(figure.toObject()["seconds"].toDouble() > 0);
            QVERIFY(!figure.toObject().contains("ratio") && !figure.toObject().contains("cosine"));
        }
    }

    void imageComparesEveryPatch() {
        const auto figures = figuresOf({"bench", "image", "--image", kPicture, "--max-pixels",
                                        "20000", "--repeats", "1", "--json"});
        QCOMPARE(figures.size(), 3);
        QVERIFY(figures[2].toObject()["equal"].toBool());
        QVERIFY(figures[2].toObject().contains("ratio"));
    }

    void openSaysWhatItGrowsBy() {
        const auto result = lvr({"bench", "open", "--model", kTiny, "--repeats", "1", "--json"});
        const auto json = jsonOf(result).object();
        checkCeilings(json);
        for (const char* key : {"weights_mb", "grows_by_mb", "own_memory_mb"})
            QVERIFY2(json[key].isDouble(), key);
        const auto figures = json["figures"].toArray();
        QCOMPARE(figures.size(), 2);
        checkFigure(figures[0].toObject());
        QVERIFY(figures[0].toObject()["equal"].toBool());
        checkFigure(figures[1].toObject());
        QVERIFY(figures[1].toObject().contains("share"));
    }

    void trainChecksWhatItsTricksBring() {
        const auto result = lvr(
            kTrain + QStringList{"--positions", "8", "--hidden-size", "16", "--vocab-size", "100"});
        QVERIFY2(result.code == 0, qPrintable(result.err));
        const auto json = jsonOf(result).object();
        checkCeilings(json);
        QVERIFY(json["step_seconds"].toDouble() > 0 && json["share"].toDouble() > 0);
        const auto shared = json["shared_prefix"].toObject();
        checkRatio(shared, "repeated_seconds");
        QVERIFY(shared["loss_difference"].toDouble() < 1e-5);
        QVERIFY(json["features"].toObject()["equal"].toBool());
        const auto chunked = json["cross_entropy"].toObject();
        checkRatio(chunked, "full_seconds", "chunked_seconds", "time_ratio");
        QVERIFY(chunked["gradient_difference"].toDouble() < 1e-5);
    }

    void trainComparesSchedules() {
        const auto result = lvr(kTrain + QStringList{"--mixed", "--official", "--visual-tokens",
                                                     "4", "--completions", "2"});
        QVERIFY2(result.code == 0, qPrintable(result.err));
        const auto json = jsonOf(result).object();
        checkCeilings(json);
        const auto mixed = json["mixed_sizes"].toObject(), sft = json["official_sft"].toObject(),
                   grpo = json["official_grpo"].toObject();
        checkRatio(mixed, "equal_positions_per_second", "mixed_positions_per_second");
        QVERIFY(mixed["share"].toDouble() > 0 && mixed["loss_difference"].toDouble() < 1e-5);
        checkRatio(sft, "official_seconds");
        QVERIFY(sft["share"].toDouble() > 0 && sft["loss_difference"].toDouble() < 1e-4);
        checkRatio(grpo, "official_seconds");
        QVERIFY(grpo["log_probability_difference"].toDouble() < 1e-3);
    }

    void aMistakeIsOneSentence_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const QStringList& arguments, int code,
                            const QString& says) {
            QTest::newRow(name) << QStringList{"bench"} + arguments << code << says;
        };
        const auto nowhere = path("nowhere.png");
        row("nothing", {}, 2, "bench");
        row("an unknown flag", {"infer", "--answer"}, 2, "--answer");
        row("no such model", {"infer", "--model", nowhere}, 1, nowhere);
        row("no such picture", {"image", "--image", nowhere}, 1, "there is no file " + nowhere);
        row("a folder", {"image", "--image", folder_.path()}, 1, folder_.path());
        row("odd inputs", {"machine", "--in", "33"}, 2, "multiple of 32");
        row("no such data", {"train", "--data", nowhere}, 1, nowhere);
        row("too many questions",
            {"train", "--pictures", "1", "--questions", "40", "--repeats", "1"}, 1,
            "lower --questions");
    }
    void aMistakeIsOneSentence() {
        QFETCH(QStringList, arguments);
        QFETCH(int, code);
        QFETCH(QString, says);
        compareFailure(lvr(arguments), code, says);
    }
};

QTEST_GUILESS_MAIN(BenchCliTest)
#include "bench_cli_test.moc"
