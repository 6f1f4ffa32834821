// What a person sees of a checkpoint folder that is unusual: honoured, or said not to be.

#include <QTemporaryDir>
#include <QtEndian>

#include "tests/support/program.h"

using program::compareFailure;
using program::lvr;

namespace {

const QString kModel = QString(LVR_GOLDENS) + "/models/random-a";
const QString kFixtures = QString(LVR_GOLDENS) + "/../fixtures/processor/";
const QString kPreprocessor = "preprocessor_config.json";

QByteArray read(const QString& file) {
    QFile in(file);
    return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
}

void write(const QString& file, const QByteArray& bytes) {
    QFile::remove(file);
    QFile out(file);
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(bytes);
}

QString copyOf(const QString& model, const QTemporaryDir& dir) {
    const auto copy = dir.filePath("model");
    QDir().mkpath(copy);
    for (const auto& name : QDir(model).entryList(QDir::Files))
        write(copy + "/" + name, read(model + "/" + name));
    return copy;
}

void changeConfig(const QString& folder, const QString& field, const QJsonValue& value) {
    const auto file = folder + "/config.json";
    auto config = QJsonDocument::fromJson(read(file)).object();
    config[field] = value;
    write(file, QJsonDocument(config).toJson());
}

// One more tensor, [1] of F32, at the end of the folder's file; or another name for one that it
// has.
void addTensor(const QString& folder, const QString& name) {
    const auto file = folder + "/model.safetensors";
    const auto old = read(file);
    const auto length = qFromLittleEndian<quint64>(old.constData());
    auto header = QJsonDocument::fromJson(old.mid(8, static_cast<int>(length))).object();
    const auto end = old.size() - 8 - static_cast<qsizetype>(length);
    header[name] = QJsonObject{
        {"dtype", "F32"}, {"shape", QJsonArray{1}}, {"data_offsets", QJsonArray{end, end + 4}}};
    auto text = QJsonDocument(header).toJson(QJsonDocument::Compact);
    while (text.size() % 8) text += ' ';
    QByteArray start(8, '\0');
    qToLittleEndian<quint64>(static_cast<quint64>(text.size()), start.data());
    write(file, start + text + old.mid(8 + static_cast<int>(length)) + QByteArray(4, '\0'));
}

QJsonObject gridOf(const QString& model, const QString& picture) {
    const auto result = lvr({"ask", "--model", model, "--image", kFixtures + picture, "--question",
                             "Where?", "--max-new-tokens", "1", "--json"});
    return program::jsonOf(result).object()["grid"].toObject();
}

QString train(const QString& model, const QTemporaryDir& dir) {
    lvr({"make-data", "scenes", "--out", dir.filePath("data"), "--count", "2"});
    const auto result =
        lvr({"sft", "--model", model, "--data", dir.filePath("data"), "--out", dir.filePath("out"),
             "--steps", "1", "--store", dir.filePath("runs.db")});
    return result.code == 0 ? result.err : "failed: " + result.err;
}

}  // namespace

class OpeningTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void picturesAreCutAsAFolderOfTransformers5Says() {
        const QTemporaryDir dir;
        const auto model = copyOf(kModel, dir);
        QFile::remove(model + "/" + kPreprocessor);
        write(model + "/processor_config.json", read(kFixtures + "processor_config.json"));
        const QJsonObject four{{"rows", 4}, {"cols", 4}};  // 8 x 8 patches
        QCOMPARE(gridOf(model, "img560.png"), four);
        const auto said = train(model, dir);
        QVERIFY2(!said.startsWith("failed"), qPrintable(said));
        QCOMPARE(gridOf(dir.filePath("out"), "img560.png"), four);
    }

    void withoutLimitsTheClassDefaultHolds() {
        const QTemporaryDir dir;
        const auto model = copyOf(kModel, dir);
        write(model + "/" + kPreprocessor, read(kFixtures + "no-limits.json"));
        const QJsonObject grid{{"rows", 30}, {"cols", 41}};  // 60 x 82 patches
        QCOMPARE(gridOf(model, "img1600.png"), grid);
    }

    void aFixedSizeIsRefused() {
        const QTemporaryDir dir;
        const auto model = copyOf(kModel, dir);
        write(model + "/" + kPreprocessor, read(kFixtures + "fixed-size.json"));
        compareFailure(lvr({"ask", "--model", model, "--question", "Where?"}), 1, "'size'");
    }

    void patchesThatDoNotFitTheModelAreRefused_data() {
        QTest::addColumn<QString>("field");
        for (const auto* field : {"patch_size", "temporal_patch_size", "merge_size"})
            QTest::newRow(field) << field;
    }
    void patchesThatDoNotFitTheModelAreRefused() {
        QFETCH(QString, field);
        const QTemporaryDir dir;
        const auto model = copyOf(kModel, dir);
        auto said = QJsonDocument::fromJson(read(model + "/" + kPreprocessor)).object();
        said[field] = said[field].toInt() * 2;
        write(model + "/" + kPreprocessor, QJsonDocument(said).toJson());
        compareFailure(lvr({"ask", "--model", model, "--question", "Where?"}), 1, field + " is");
    }

    void aQuantisedFolderIsNamedInOneSentence() {
        const QTemporaryDir dir;
        const auto model = copyOf(kModel, dir);
        changeConfig(model, "quantization_config", QJsonObject{{"quant_method", "awq"}});
        const QStringList ask{"ask", "--model", model, "--question", "Where?"};
        compareFailure(lvr(ask), 1, "quantised with awq");  // its weights are plain
        write(model + "/model.safetensors",
              read(model + "/model.safetensors").replace("up_proj.weight", "up_proj.qweigh"));
        const auto result = lvr(ask);
        compareFailure(result, 1, "quantised with awq");
        QVERIFY2(result.err.size() < 500, qPrintable(result.err));
    }

    void whatIsLeftOutIsSaidWhereverAModelIsOpened() {
        const QTemporaryDir dir;
        const auto model = copyOf(kModel, dir);
        addTensor(model, "lvr_head.mlp.0.weight");
        const auto mentions = [](const QString& text) {
            return text.contains("lvr_head.mlp.0.weight [1]") && text.contains("left out");
        };
        const auto asked = lvr(
            {"ask", "--model", model, "--question", "Where?", "--max-new-tokens", "1", "--json"});
        QCOMPARE(asked.code, 0);
        QVERIFY2(mentions(asked.err), qPrintable(asked.err));
        const auto said = train(model, dir);
        QVERIFY2(mentions(said), qPrintable(said));
        const auto info = lvr({"model", "info", model});
        QVERIFY2(mentions(info.out + info.err), qPrintable(info.out + info.err));
    }

    void whatCouldChangeTheAnswersAndIsNotReadIsSaid() {
        const QTemporaryDir dir;
        const auto model = copyOf(kModel, dir);
        changeConfig(model, "auto_map", QJsonObject{{"AutoModel", "modeling.Mine"}});
        for (const auto* name : {"non_lora_state_dict.bin", "pytorch_model.bin"})
            write(model + "/" + name, "x");
        const auto asked =
            lvr({"ask", "--model", model, "--question", "Where?", "--max-new-tokens", "1"});
        for (const auto* part : {"auto_map", "non_lora_state_dict.bin"})
            QVERIFY2(asked.err.contains(part), qPrintable(asked.err));
        QVERIFY2(!asked.err.contains("pytorch_model.bin"), qPrintable(asked.err));
        const auto info = lvr({"model", "info", model});
        QVERIFY2(info.out.contains("not read        non_lora_state_dict.bin, pytorch_model.bin"),
                 qPrintable(info.out));
    }

    void aPhotoLargerThanTheModelReadsIsScaledAndThatIsSaid() {
        const QStringList ask{"ask",        "--image", kFixtures + "img1600.png",
                              "--question", "What?",   "--max-new-tokens",
                              "2",          "--json"};
        const auto scaled = lvr(ask);  // the shipped model: 2,048 positions
        QCOMPARE(scaled.code, 0);
        const auto json = program::jsonOf(scaled).object();
        const auto picture = json["pictures"].toArray().at(0).toObject();
        QCOMPARE(picture["width"].toInt(), 1600);
        const int tokens = picture["visual_tokens"].toInt();
        QVERIFY(tokens > 1024 && tokens < 2048);
        QCOMPARE(tokens,
                 json["grid"].toObject()["rows"].toInt() * json["grid"].toObject()["cols"].toInt());
        QVERIFY2(scaled.err.contains(QString("1600x1200 read as %1x%2, %3 visual tokens")
                                         .arg(picture["read_width"].toInt())
                                         .arg(picture["read_height"].toInt())
                                         .arg(tokens)),
                 qPrintable(scaled.err));
        QVERIFY2(scaled.err.contains("the model's max_pixels 12845056 does not fit"),
                 qPrintable(scaled.err));

        const auto asked = lvr(ask + QStringList{"--max-pixels", "4000000"});
        QVERIFY2(asked.err.contains("--max-pixels 4000000 does not fit"), qPrintable(asked.err));
        QCOMPARE(program::jsonOf(asked).object()["grid"], json["grid"]);
        const auto small = lvr(ask + QStringList{"--max-pixels", "200000"});
        QVERIFY2(!small.err.contains("does not fit"), qPrintable(small.err));
        QVERIFY(
            program::jsonOf(small).object()["pictures"].toArray().at(0)["visual_tokens"].toInt() <
            256);
    }

    void aQuestionLongerThanTheModelReadsIsRefusedBeforeItsPictureIsEncoded() {
        const auto words = QString("where is the red star ").repeated(600);
        const auto result = lvr({"ask", "--image", kFixtures + "img1600.png", "--question", words});
        compareFailure(result, 1, "the question \"where is the red star");
        QVERIFY2(result.err.contains("shorten it"), qPrintable(result.err));
    }

    void whatIsScoredOrTrainedOnMustFitBeforeItIsEncoded() {
        const QTemporaryDir dir;
        write(dir.filePath("data.json"),
              "[{\"image\": \"" + (kFixtures + "img1600.png").toUtf8() +
                  "\", \"dataset\": \"a\", \"conversations\": [{\"from\": \"human\", "
                  "\"value\": \"<image>\\nWhat?\"}, {\"from\": \"gpt\", \"value\": "
                  "\"<answer> red </answer>\"}]}]");
        const auto scored = lvr({"score", "--data", dir.filePath("data.json")});
        QVERIFY2(scored.err.contains("reads at most 2048; lower --max-pixels"),
                 qPrintable(scored.err));
        const auto trained = lvr({"sft", "--model", LVR_RESOURCES "/models/tiny", "--data",
                                  dir.filePath("data.json"), "--out", dir.filePath("out"),
                                  "--steps", "1", "--store", dir.filePath("runs.db")});
        QVERIFY2(trained.err.contains("2048 positions; lower --max-pixels"),
                 qPrintable(trained.err));
    }

    void aQuestionWithoutAPictureSaysSo() {
        const QStringList words{"ask",    "--model", kModel,          "--question",       "Where?",
                                "--exit", "fixed:2", "--force-start", "--max-new-tokens", "4"};
        const auto bare = lvr(words);
        QCOMPARE(bare.code, 0);
        QVERIFY2(bare.out.contains("no picture"), qPrintable(bare.out));
        const auto json = program::jsonOf(lvr(words + QStringList{"--json"})).object();
        QCOMPARE(json["images"].toInt(-1), 0);
        QCOMPARE(json["latent_steps"].toArray().size(), 2);
        const auto seen = lvr(words + QStringList{"--image", kFixtures + "img560.png"});
        QVERIFY2(!seen.out.contains("no picture"), qPrintable(seen.out));
    }

    void aRandomModelIsARealFolder() {
        const QTemporaryDir dir;
        const auto made = lvr({"model", "random", "--layers", "2", "--out", dir.filePath("made")});
        QCOMPARE(made.code, 0);
        const auto info = lvr({"model", "info", dir.filePath("made")});
        QVERIFY2(info.out.contains("2 layers"), qPrintable(info.out + info.err));
        QCOMPARE(lvr({"ask", "--model", dir.filePath("made"), "--question", "Where?",
                      "--max-new-tokens", "2"})
                     .code,
                 0);
        compareFailure(lvr({"model", "random", "--shape", "qwen9", "--out", dir.filePath("other")}),
                       1, "qwen2.5-vl-3b");
        QVERIFY(!QFile::exists(dir.filePath("other") + "/config.json"));
    }
};

QTEST_GUILESS_MAIN(OpeningTest)
#include "opening_test.moc"
