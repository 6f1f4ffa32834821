#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/files/safetensors.h"
#include "tests/support/text_files.h"

using namespace lvr;
using Json = nlohmann::json;

namespace {

const fs::path kModels = fs::path(LVR_GOLDENS) / "models";
const std::vector<float> kFloats{1.5f, -2, 3, 4, 5, 6};

// The whole of a golden model in one map: the sum of all its floats.
double sumOf(const std::map<std::string, TensorView>& weights) {
    double sum = 0;
    for (const auto& [name, view] : weights)
        for (std::size_t i = 0; i < view.size / 4; ++i) sum += std::abs(view.as<float>()[i]);
    return sum;
}

}  // namespace

class CheckpointTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> temporary_;
    fs::path dir_;

    void makeCache(const std::string& name, const std::string& revision) {
        const auto snapshot = dir_ / "hub" / name / "snapshots" / revision;
        fs::create_directories(snapshot);
        for (const auto* file : {"config.json", "model.safetensors"})
            fs::copy_file(kModels / "random-a" / file, snapshot / file);
    }

private Q_SLOTS:
    void init() {
        temporary_ = std::make_unique<QTemporaryDir>();
        dir_ = temporary_->path().toStdString();
        for (const auto* name :
             {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"})
            qunsetenv(name);
        qputenv("HOME", temporary_->path().toUtf8());
    }

    void bothLayoutsOpenUnderCanonicalNames() {
        // Sums of magnitudes computed by Python's safetensors and numpy.
        for (const auto& [model, count, sum, extra] :
             {std::tuple("random-a", 93, 129156.372888, "lm_head.weight"),
              std::tuple("random-b", 123, 111098.338241, "lvr_head.gate_proj.bias"),
              std::tuple("random-c", 99, 128225.336812, "lvr_head.ln_q.bias")}) {
            const auto weights = openWeights(kModels / model);
            qInfo("%s: %zu tensors, sum of magnitudes %.6f", model, weights.size(), sumOf(weights));
            QCOMPARE(weights.size(), std::size_t(count));
            QVERIFY(std::abs(sumOf(weights) - sum) < 1e-5);
            QVERIFY(weights.count("visual.patch_embed.proj.weight"));
            QVERIFY(weights.count("model.embed_tokens.weight"));
            QVERIFY(weights.count("model.layers.2.mlp.up_proj.weight"));
            QVERIFY(weights.count("model.norm.weight"));
            QVERIFY(weights.count(extra));
            for (const auto& [name, view] : weights) {
                QVERIFY(!name.starts_with("model.visual."));
                QVERIFY(!name.starts_with("model.language_model."));
            }
        }
        QVERIFY(openWeights(kModels / "random-b").count("lvr_latent_end_emb"));
        QVERIFY(!openWeights(kModels / "random-b").count("lm_head.weight"));
    }

    void anIndexMustFitItsShards_data() {
        QTest::addColumn<QString>("index");
        QTest::addColumn<QString>("says");
        QTest::newRow("fits") << R"({"weight_map":{"a":"1.st","b":"2.st"}})"
                              << "";
        QTest::newRow("shard missing") << R"({"weight_map":{"a":"1.st","b":"3.st","c":"4.st"}})"
                                       << "lacks 3.st, 4.st";
        QTest::newRow("tensor absent") << R"({"weight_map":{"a":"1.st","b":"2.st","c":"2.st"}})"
                                       << "c in 2.st";
        QTest::newRow("tensor elsewhere") << R"({"weight_map":{"a":"2.st","b":"2.st"}})"
                                          << "a in 2.st";
        QTest::newRow("in two shards") << R"({"weight_map":{"a":"1.st","b":"again.st"}})"
                                       << "there twice";
        QTest::newRow("both spellings")
            << R"({"weight_map":{"model.norm.weight":"old.st","model.language_model.norm.weight":"new.st"}})"
            << "there twice";
        QTest::newRow("parent") << R"({"weight_map":{"a":"../1.st"}})"
                                << "without a path";
        QTest::newRow("absolute") << R"({"weight_map":{"a":"/1.st"}})"
                                  << "without a path";
        QTest::newRow("dots") << R"({"weight_map":{"a":".."}})"
                              << "without a path";
        QTest::newRow("number") << R"({"weight_map":{"a":1}})"
                                << "'weight_map.a' must be a string";
        QTest::newRow("no map") << R"({})"
                                << "'weight_map' is missing";
        QTest::newRow("twice") << R"({"weight_map":{"a":"1.st","a":"2.st"}})"
                               << "occurs twice";
        QTest::newRow("not JSON") << "weights"
                                  << "stops being JSON";
    }

    void anIndexMustFitItsShards() {
        QFETCH(QString, index);
        QFETCH(QString, says);
        const auto shard = [&](const char* file, std::vector<std::string> names) {
            std::vector<TensorBytes> tensors;
            for (const auto& name : names)
                tensors.push_back({name, DType::F32, {1}, kFloats.data()});
            writeSafetensors(dir_ / file, tensors);
        };
        shard("1.st", {"a"});
        shard("2.st", {"b"});
        shard("again.st", {"a", "b"});
        shard("old.st", {"model.norm.weight"});
        shard("new.st", {"model.language_model.norm.weight"});
        writeText(dir_ / "model.safetensors.index.json", index.toStdString());
        const auto error = errorOf([&] { openWeights(dir_); });
        if (says.isEmpty()) QCOMPARE(error, QString());
        QVERIFY2(error.contains(says), qPrintable(error));
    }

    void aFolderWithoutSafetensorsSaysWhatIsNeeded() {
        writeText(dir_ / "pytorch_model.bin", "");
        const auto error = errorOf([&] { openWeights(dir_); });
        QVERIFY2(error.contains("must be converted"), qPrintable(error));
    }

    void allDifferencesComeInOneError() {
        const auto view = [](std::vector<std::int64_t> shape) {
            return TensorView{.shape = std::move(shape)};
        };
        ExpectedTensors expected{{"a", {2}}, {"b", {3, 4}}, {"c", {5}}};
        std::map<std::string, TensorView> found{
            {"a", view({2})}, {"b", view({4, 3})}, {"x", view({1})}, {"y", view({})}};
        const auto error = errorOf([&] { checkWeights(found, expected, "some/folder"); });
        for (const auto* part : {"some/folder", "1 missing: c [5]",
                                 "1 of the wrong shape: b is [4, 3] and should be [3, 4]",
                                 "2 unexpected: x [1], y []"})
            QVERIFY2(error.contains(part), qPrintable(error));
        for (int i = 0; i < 100; ++i) expected["layer" + std::to_string(i)] = {1};
        const auto longError = errorOf([&] { checkWeights(found, expected, "some/folder"); });
        QVERIFY2(longError.contains("101 missing") && longError.contains("and 61 more"),
                 qPrintable(longError));
        QCOMPARE(checkWeights({}, {}, "some/folder"), std::string());
        QCOMPARE(checkWeights(found, {{"a", {2}}, {"b", {4, 3}}}, "some/folder"),
                 std::string("x [1], y []"));
    }

    void aFolderIsFoundOrTheErrorSaysWhatIsThere() {
        const auto a = (kModels / "random-a").string();
        QCOMPARE(findCheckpoint(a), fs::path(a));
        const auto error = [&](const std::string& text) {
            return errorOf([&] { findCheckpoint(text); });
        };
        QVERIFY(error(dir_.string()).contains("has no config.json"));
        QVERIFY(error(a + "/config.json").contains("is not a folder"));
        QVERIFY(error("/no/such/folder").contains("no folder '/no/such/folder'"));
        QVERIFY(error("").contains("no folder"));
        QVERIFY(error("../a").contains("no folder"));
        QVERIFY(error(std::string("a/b\0c", 5)).contains("no folder"));
    }

    void aRepoIdIsLookedUpWhereTheVariablesSay_data() {
        QTest::addColumn<QByteArray>("variable");
        QTest::addColumn<QString>("suffix");  // of the folder the variable names
        QTest::newRow("HF_HUB_CACHE") << QByteArray("HF_HUB_CACHE") << "";
        QTest::newRow("HUGGINGFACE_HUB_CACHE") << QByteArray("HUGGINGFACE_HUB_CACHE") << "";
        QTest::newRow("HF_HOME") << QByteArray("HF_HOME") << "/hub";
        QTest::newRow("XDG_CACHE_HOME") << QByteArray("XDG_CACHE_HOME") << "/huggingface/hub";
        QTest::newRow("HOME") << QByteArray("HOME") << "/.cache/huggingface/hub";
    }

    void aRepoIdIsLookedUpWhereTheVariablesSay() {
        QFETCH(QByteArray, variable);
        QFETCH(QString, suffix);
        makeCache("models--org--some-model", "abc123");
        const auto hub = dir_ / ("place" + suffix.toStdString());
        fs::create_directories(hub.parent_path());
        fs::rename(dir_ / "hub", hub);
        qputenv(variable.constData(), QByteArray::fromStdString((dir_ / "place").string()));
        QCOMPARE(findCheckpoint("org/some-model"),
                 hub / "models--org--some-model" / "snapshots" / "abc123");
        QCOMPARE(cachedCheckpoints(), std::vector<std::string>{"org/some-model"});
        const auto error = errorOf([] { findCheckpoint("org/other"); });
        QVERIFY2(error.contains(QString::fromStdString(hub.string())), qPrintable(error));
        QVERIFY2(error.contains("hf download org/other"), qPrintable(error));
    }

    void withoutHomeNothingIsCached() {
        qunsetenv("HOME");
        QVERIFY(cachedCheckpoints().empty());
        QVERIFY(errorOf([] { findCheckpoint("org/model"); }).contains("neither HF_HOME nor HOME"));
        QCOMPARE(findCheckpoint((kModels / "random-a").string()), kModels / "random-a");
    }

    void refsMainWinsAndTheNewestSnapshotIsTheFallback() {
        qputenv("HF_HUB_CACHE", QByteArray::fromStdString((dir_ / "hub").string()));
        makeCache("models--org--m", "old");
        makeCache("models--org--m", "new");
        const auto model = dir_ / "hub" / "models--org--m";
        fs::last_write_time(
            model / "snapshots" / "old",
            fs::last_write_time(model / "snapshots" / "new") - std::chrono::hours(1));
        QCOMPARE(findCheckpoint("org/m"), model / "snapshots" / "new");
        writeText(model / "refs" / "main", "old");
        QCOMPARE(findCheckpoint("org/m"), model / "snapshots" / "old");
        writeText(model / "refs" / "main", "../../../elsewhere");
        QCOMPARE(findCheckpoint("org/m"), model / "snapshots" / "new");
        writeText(model / "refs" / "main", "gone");
        QCOMPARE(findCheckpoint("org/m"), model / "snapshots" / "new");
        fs::remove(model / "snapshots" / "old" / "config.json");
        fs::remove(model / "snapshots" / "new" / "config.json");
        QVERIFY(errorOf([] { findCheckpoint("org/m"); }).contains("no snapshot"));
    }

    void onlyCompleteQwenModelsAreListed() {
        const auto hub = dir_ / "hub";
        qputenv("HF_HUB_CACHE", QByteArray::fromStdString(hub.string()));
        for (const auto* name : {"models--org--good", "models--single", "models--org--no-weights",
                                 "models--org--bert", "models--org--broken", "models--org--sharded",
                                 "models--org--half", "datasets--org--data"})
            makeCache(name, "r");
        const auto at = [&](const std::string& model) { return hub / model / "snapshots" / "r"; };
        fs::remove(at("models--org--no-weights") / "model.safetensors");
        writeText(at("models--org--bert") / "config.json", R"({"model_type":"bert"})");
        writeText(at("models--org--broken") / "config.json", R"({"model_type":)");
        for (const auto* model : {"models--org--sharded", "models--org--half"}) {
            fs::rename(at(model) / "model.safetensors", at(model) / "1.safetensors");
            writeText(at(model) / "model.safetensors.index.json",
                      R"({"weight_map":{"a":"1.safetensors"}})");
        }
        fs::remove(at("models--org--half") / "1.safetensors");
        QCOMPARE(cachedCheckpoints(),
                 (std::vector<std::string>{"org/good", "org/sharded", "single"}));
    }
};

QTEST_GUILESS_MAIN(CheckpointTest)
#include "checkpoint_test.moc"
