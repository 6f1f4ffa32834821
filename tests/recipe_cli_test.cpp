// --recipe and --print-options as their user sees them.

#include <QTemporaryDir>
#include <cmath>

#include "tests/support/program.h"

using program::compareFailure;
using program::jsonOf;
using program::lvr;

namespace {

const QString kTiny = LVR_RESOURCES "/models/tiny";
const QString kGoldens = LVR_GOLDENS;

QJsonObject printed(const QStringList& arguments) {
    const auto result = lvr(arguments + QStringList{"--print-options"});
    [&] { QVERIFY2(result.code == 0 && result.err.isEmpty(), qPrintable(result.err)); }();
    return jsonOf(result).object();
}

}  // namespace

class RecipeCliTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString path(const QString& name) const { return folder_.filePath(name); }

    // So many parameters, as far as its files say; they take no room on the disk.
    QString modelOf(int thousands) const {
        const auto model = path("large");
        QDir().mkpath(model);
        QFile::copy(kGoldens + "/models/random-a/config.json", model + "/config.json");
        const auto header =
            QString(R"({"model.embed_tokens.weight":{"dtype":"BF16","shape":[%1,1000],)"
                    R"("data_offsets":[0,%2]}})")
                .arg(thousands)
                .arg(thousands * 2000LL)
                .toUtf8();
        QFile file(model + "/model.safetensors");
        if (!file.open(QIODevice::WriteOnly)) return {};
        const quint64 length = static_cast<quint64>(header.size());
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file.write(header);
        file.resize(8 + header.size() + thousands * 2000LL);
        return model;
    }

    // Two questions about thoughts of different lengths, under the name of a dataset.
    QString dataNamed(const QString& name) const {
        QJsonArray records;
        const auto add = [&](const QString& picture, const QJsonArray& box) {
            records.append(QJsonObject{
                {"dataset", name},
                {"image", QJsonArray{kGoldens + "/images/" + picture}},
                {"conversations",
                 QJsonArray{
                     QJsonObject{{"from", "human"}, {"value", "<image>\nWhat is it?"}},
                     QJsonObject{{"from", "gpt"}, {"value", "<lvr>\n<answer> red </answer>"}}}},
                {"bboxes", QJsonArray{box}}});
        };
        add("square.png", {0.0, 0.0, 1.0, 1.0});
        add("portrait.png", {0.0, 0.0, 0.1, 0.1});
        QFile file(path(name + ".json"));
        if (file.open(QIODevice::WriteOnly)) file.write(QJsonDocument(records).toJson());
        return file.fileName();
    }

    double lossOfStep(const QString& data, const QStringList& options) {
        const auto out = path(QString("run-%1").arg(++runs_));
        const auto result = lvr(QStringList{"sft", "--model", kTiny, "--data", data, "--out", out,
                                            "--steps", "1", "--cool-down", "0"} +
                                options);
        [&] { QVERIFY2(result.code == 0, qPrintable(result.err)); }();
        for (const auto& row : lvr({"runs", "export", out}).out.split('\n'))
            if (row.startsWith("1,loss/latent,")) return row.section(',', 2).toDouble();
        return NAN;
    }

    int runs_ = 0;

private Q_SLOTS:
    void initTestCase() { qputenv("LVR_STORE", path("runs.db").toUtf8()); }

    void aRecipeIsWrittenOutWithoutModelOrData() {
        const auto paper = printed({"sft", "--recipe", "paper"});
        QCOMPARE(paper["recipe"].toString(), QString("paper"));
        QCOMPARE(paper["lr"].toDouble(), 1e-5);
        QCOMPARE(paper["schedule"].toString(), QString("cosine"));
        QCOMPARE(paper["warm-up"].toDouble(), 0.03);
        QCOMPARE(paper["weight-decay"].toDouble(), 0.1);
        QCOMPARE(paper["decay-of"].toString(), QString("matrices"));
        QCOMPARE(paper["adam-beta2"].toDouble(), 0.999);
        QCOMPARE(paper["latent-weight"].toDouble(), 0.1);
        QCOMPARE(paper["own-latents"].toString(), QString("off"));
        QCOMPARE(paper["latent-end"].toString(), QString("token"));
        QCOMPARE(printed({"sft", "--recipe", "tiny"})["lr"].toDouble(), 2e-3);
        QCOMPARE(printed({"pretrain", "--recipe", "paper"})["lr"].toDouble(), 1e-5);
        QCOMPARE(printed({"pretrain", "--recipe", "paper"})["twin"].toString(), QString("plain"));
        const auto grpo = printed({"grpo", "--recipe", "paper"});
        QCOMPARE(grpo["lr"].toDouble(), 1e-5);
        QCOMPARE(grpo["exit"].toString(), QString("fixed:8"));
        QCOMPARE(grpo["max-steps"].toInt(), 1500);
        QCOMPARE(grpo["decay-of"].toString(), QString("matrices"));
        QCOMPARE(printed({"grpo", "--recipe", "tiny"})["max-steps"].toInt(), 200);
        QVERIFY(!QFile::exists(path("runs.db")));
        compareFailure(lvr({"sft", "--print-options"}), 2, "--recipe");
    }

    void theSizeOfTheModelChoosesTheRecipe() {
        for (const auto* command : {"sft", "grpo", "pretrain"}) {
            const auto of = [&](const QString& model) {
                return printed({command, "--model", model})["recipe"].toString();
            };
            QCOMPARE(of(kTiny), QString("tiny"));
            QCOMPARE(of(modelOf(100001)), QString("paper"));
            QCOMPARE(of(modelOf(100000)), QString("tiny"));
        }
        compareFailure(lvr({"sft", "--model", path("none"), "--print-options"}), 1, "none");
    }

    void whatAFlagSaysWinsOverTheRecipe() {
        const auto options = printed({"sft", "--recipe", "paper", "--lr", "0.002", "--latent-end",
                                      "off", "--lora-targets", "q_proj", "--seed", "3"});
        QCOMPARE(options["lr"].toDouble(), 0.002);  // which is tiny's
        QCOMPARE(options["latent-end"].toString(), QString("off"));
        QCOMPARE(options["lora-targets"].toArray(), QJsonArray{"q_proj"});
        QCOMPARE(options["seed"].toInt(), 3);
        QCOMPARE(options["batch"].toInt(), 205);
    }

    void aRunSaysAndKeepsItsRecipe() {
        const auto out = path("kept");
        const auto result = lvr({"sft", "--model", kTiny, "--data", dataNamed("photos"), "--out",
                                 out, "--recipe", "paper", "--steps", "1"});
        QVERIFY2(result.code == 0, qPrintable(result.err));
        QVERIFY2(result.out.contains("recipe paper"), qPrintable(result.out));
        const auto options =
            jsonOf(lvr({"runs", "list", "--json"})).array().first()["options"].toObject();
        QCOMPARE(options["recipe"].toString(), QString("paper"));
        QCOMPARE(options["answer-gate"].toString(), QString("off"));
        const auto info = lvr({"model", "info", out});
        QVERIFY2(info.out.contains("exit rule       fixed:8"), qPrintable(info.out));
    }

    // `--steps` is what runs, and a goal is only spoken of where there is one.
    void aShortTrainingSaysWhatItWas() {
        const auto trained = [&](const char* out, const QStringList& options) {
            return lvr(QStringList{"sft", "--model", kTiny, "--data", dataNamed("photos"), "--out",
                                   path(out)} +
                       options);
        };
        const auto held = trained("goal", {"--steps", "6", "--goal", "1"});
        QVERIFY2(held.out.contains(" 6/6 "), qPrintable(held.out));
        QVERIFY2(held.out.contains("below the goal: "), qPrintable(held.out));
        QVERIFY2(held.err.contains("the warm-up is longer"), qPrintable(held.err));
        const auto flat =
            trained("flat", {"--steps", "2", "--schedule", "constant", "--warm-up", "0"});
        QVERIFY2(flat.out.contains("running training accuracy: photos at "), qPrintable(flat.out));
        QVERIFY2(!flat.out.contains("goal"), qPrintable(flat.out));
        QVERIFY2(!flat.err.contains("warm-up"), qPrintable(flat.err));
        program::compareFailure(trained("long", {"--steps", "6", "--cool-down", "7"}), 2,
                                "--cool-down 7 is longer than --steps 6");
    }

    // Drawn scenes are known by the names of their kinds.
    void paperRecipeDoesNotLookAtTheNamesOfDatasets() {
        const auto latent = [&](const char* name, const QStringList& options) {
            return lossOfStep(dataNamed(name), options);
        };
        const QStringList paper{"--recipe", "paper"};
        QCOMPARE(latent("spatial", paper), latent("photos", paper));
        const QStringList tiny{"--extra-slots", "0", "--position-gap", "0"};
        QVERIFY(std::abs(latent("spatial", tiny) - latent("photos", tiny)) > 1e-4);
    }
};

QTEST_GUILESS_MAIN(RecipeCliTest)
#include "recipe_cli_test.moc"
