// Folders of Qwen3-VL: read as released, saved so that transformers and we open them again,
// quantised, adapted, trained; and the tiny ones that are made here.

#include <QTemporaryDir>
#include <set>

#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/positions.h"
#include "core/model/quantise_checkpoint.h"
#include "core/model/random_model.h"
#include "core/model/save_checkpoint.h"
#include "core/text/chat_template.h"
#include "core/torch.h"
#include "core/train/optimizer.h"
#include "core/train/trainable.h"
#include "tests/support/golden.h"
#include "tests/support/training.h"

using namespace lvr;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

fs::path model(const std::string& name) { return golden::own("qwen3vl/models/" + name); }

Pixels somePixels(const LvrCheckpoint& checkpoint) {
    Image image{96, 64, {}};
    for (int i = 0; i < 96 * 64 * 3; ++i)
        image.rgb.push_back(static_cast<std::uint8_t>(i * 2654435761U >> 24));
    return preprocess({image}, checkpoint.preprocess);
}

// Of a question about a picture. [T, V]
torch::Tensor logitsOf(const LvrCheckpoint& checkpoint) {
    const auto& network = checkpoint.model;
    const auto pixels = somePixels(checkpoint);
    const auto ids = chatPrompt(checkpoint.tokenizer, pixels.grids, "What is it?");
    const auto positions = ropeIndex(ids, pixels.grids, network.config());
    const auto sequence = network.sequence(ids, network.visualTokens(pixels), positions.ids);
    return network.logits(network.hidden(sequence))[0];
}

std::set<std::string> storedNames(const fs::path& folder) {
    std::set<std::string> names;
    const auto file = SafetensorsFile::open(folder / "model.safetensors");
    for (const auto& [name, view] : file.tensors()) names.insert(name);
    return names;
}

bool areTransformersNames(const std::set<std::string>& names) {
    return std::ranges::all_of(names, [](const auto& name) {
        return name.starts_with("model.visual.") || name.starts_with("model.language_model.") ||
               name.starts_with("lm_head.");
    });
}

const std::string kTurn = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n";

// In the manner of the released one, which also writes for tools and counts pictures.
std::string toolTemplate() {
    std::ifstream file(fs::path(LVR_FIXTURES) / "chat" / "tools.jinja");
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

class Qwen3VlFolderTest : public QObject {
    Q_OBJECT

    QTemporaryDir dir_;
    fs::path path(const std::string& name) const { return dir_.path().toStdString() + "/" + name; }
    QString text(const std::string& name) const {
        return QString::fromStdString(path(name).string());
    }

    fs::path copyOf(const std::string& name, const std::string& to) const {
        fs::remove_all(path(to));
        fs::copy(model(name), path(to));
        return path(to);
    }
    static void changeConfig(const fs::path& folder, const std::function<void(Json&)>& change) {
        auto config = golden::read(folder / "config.json");
        change(config);
        std::ofstream(folder / "config.json") << config;
    }
    static std::string errorOf(const std::function<void()>& act) {
        try {
            act();
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    }
    static QString succeed(const QStringList& arguments) {
        const auto result = program::lvr(arguments);
        if (result.code != 0) qWarning("%s", qPrintable(result.err));
        return result.code == 0 ? result.out : QString();
    }

private Q_SLOTS:
    void initTestCase() { qputenv("LVR_STORE", text("runs.db").toUtf8()); }

    void aConfigSaysWhatIsBuilt() {
        const auto a = readModelConfig(model("a")), b = readModelConfig(model("b"));
        QCOMPARE(a.backbone, &qwen3Vl());
        QCOMPARE(b.text.headDim, std::optional(24));
        QCOMPARE(b.text.ropeTheta, 5e6);
        QCOMPARE(b.vision.deepstackVisualIndexes, (std::vector{1, 3}));
        QCOMPARE(a.vision.numPositionEmbeddings, 64);
        for (const auto& config : {a, b}) {
            fs::create_directories(path("written"));
            writeModelConfig(config, path("written"));
            QVERIFY(readModelConfig(path("written")) == config);
        }
    }

    void whatCannotBeBuiltIsRefusedByName_data() {
        QTest::addColumn<QString>("patch");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* patch, const char* says) {
            QTest::newRow(patch) << QString(patch) << QString(says);
        };
        row(R"({"model_type":"qwen3_vl_moe"})",
            "is 'qwen3_vl_moe'; only qwen2_5_vl and qwen3_vl models can be opened");
        row(R"({"text_config":{"attention_bias":true}})", "'text_config.attention_bias' is true");
        row(R"({"text_config":{"head_dim":18}})", "half of the head size, 18");
        row(R"({"text_config":{"rope_scaling":{"mrope_interleaved":false}}})",
            "'text_config.rope_scaling.mrope_interleaved' is false");
        row(R"({"vision_config":{"hidden_act":"silu"}})", "only gelu_pytorch_tanh");
        row(R"({"vision_config":{"num_position_embeddings":65}})", "no square number");
        row(R"({"vision_config":{"deepstack_visual_indexes":[0,4]}})", "names block 4");
        row(R"({"vision_config":{"deepstack_visual_indexes":[2,0]}})", "ascending order");
    }
    void whatCannotBeBuiltIsRefusedByName() {
        QFETCH(QString, patch);
        QFETCH(QString, says);
        const auto folder = copyOf("a", "refused");
        changeConfig(folder,
                     [&](Json& config) { config.merge_patch(Json::parse(patch.toStdString())); });
        const auto error = errorOf([&] { readModelConfig(folder); });
        QVERIFY2(QString::fromStdString(error).contains(says), error.c_str());
    }

    void theHubCacheListsThem() {
        const auto snapshot = path("hub/models--Qwen--Qwen3-VL/snapshots/1");
        fs::create_directories(snapshot.parent_path());
        fs::copy(model("b"), snapshot);
        qputenv("HF_HUB_CACHE", text("hub").toUtf8());
        const auto listed = cachedCheckpoints();
        qunsetenv("HF_HUB_CACHE");
        QCOMPARE(listed, std::vector<std::string>{"Qwen/Qwen3-VL"});
    }

    // tie_word_embeddings may be missing or wrong: the weights are there or not.
    void weightsSayWhetherTheHeadIsTied() {
        for (const auto* name : {"a", "b"})
            for (const auto* said : {"true", "false", "null"}) {
                const auto folder = copyOf(name, "tied");
                changeConfig(folder, [&](Json& config) {
                    config["text_config"].erase("tie_word_embeddings");
                    config["tie_word_embeddings"] = Json::parse(said);
                });
                const auto opened = LvrModel::open(folder);
                const bool tied = *name == 'b';
                QCOMPARE(opened.config().text.tieWordEmbeddings, tied);
                QCOMPARE(opened.warnings().empty(), tied == (std::string(said) == "true"));
                opened.save(path("saved-tied"));
                QCOMPARE(readModelConfig(path("saved-tied")).text.tieWordEmbeddings, tied);
            }
    }

    void aSavedFolderIsOneOfTransformersAndOpensBitForBit_data() {
        QTest::addColumn<QString>("name");
        for (const auto* name : {"a", "b"}) QTest::newRow(name) << name;
    }
    void aSavedFolderIsOneOfTransformersAndOpensBitForBit() {
        QFETCH(QString, name);
        const torch::NoGradGuard off;
        const auto from = model(name.toStdString()), out = path("saved-" + name.toStdString());
        const auto opened = LvrCheckpoint::open(from.string());
        saveCheckpoint(opened, from, opened.madeInto("test"), out);
        const auto config = golden::read(out / "config.json");
        QCOMPARE(config["model_type"].get<std::string>(), std::string("qwen3_vl"));
        QCOMPARE(config["architectures"][0].get<std::string>(),
                 std::string("Qwen3VLForConditionalGeneration"));
        QVERIFY(config["text_config"].contains("head_dim") && !config.contains("hidden_size"));
        QVERIFY(areTransformersNames(storedNames(out)));
        const auto again = LvrCheckpoint::open(out.string());
        QVERIFY(again.rules.tokens == opened.rules.tokens);
        QVERIFY(again.model.config().lvr.lvrStartId.has_value());
        QVERIFY(again.preprocess == opened.preprocess && again.chat == opened.chat);
        QVERIFY(torch::equal(logitsOf(again), logitsOf(opened)));
    }

    void aFreshlyWrittenFolderOpens() {
        auto config = readModelConfig(model("b"));
        writeRandomModel(config, torch::kBFloat16, 1, path("random"));
        QVERIFY(areTransformersNames(storedNames(path("random"))));
        QVERIFY(LvrModel::open(path("random")).config() == config);
    }

    void theTemplateOfTheFolderDecides() {
        const auto folder = copyOf("b", "template");
        const auto prompt = [&] {
            const auto tokenizer = Tokenizer::open(folder);
            return tokenizer.decode(chatPrompt(tokenizer, {}, "Hi", {}, chatStyleOf(folder)));
        };
        const std::string asked = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
        QCOMPARE(prompt(), asked);
        for (const auto& style : {ChatStyle(), ChatStyle{""}}) {
            std::ofstream(folder / "chat_template.jinja") << jinjaOf(style);
            QVERIFY((lookAtTemplate(folder) == FolderTemplate{style}));
        }
        std::ofstream(folder / "chat_template.jinja") << jinjaOf({});  // as Qwen2.5-VL's
        QCOMPARE(prompt(), kTurn + asked);
        std::ofstream(folder / "chat_template.jinja") << toolTemplate();
        QVERIFY(!lookAtTemplate(folder).foreign);
        QCOMPARE(prompt(), asked);
        std::ofstream(folder / "chat_template.jinja")
            << toolTemplate() + "{{- '<think>\\n' }}";  // the thinking models'
        QCOMPARE(lookAtTemplate(folder).foreign->word, std::string("<think>"));
        fs::remove(folder / "chat_template.jinja");
        QCOMPARE(prompt(), asked);
    }

    void withoutAProcessorsFilePicturesAreReadAsTheBackboneDoes() {
        const auto folder = copyOf("a", "no-processor");
        fs::remove(folder / "preprocessor_config.json");
        QVERIFY(PreprocessConfig::open(folder) == PreprocessConfig::of(qwen3Vl()));
        LvrCheckpoint::open(folder.string());
    }

    void integersAnswerNearlyAlike() {
        const torch::NoGradGuard off;
        const auto wide = logitsOf(LvrCheckpoint::open(model("a").string())).flatten();
        for (const auto& [bits, least] : {std::pair{8, 0.999}, std::pair{4, 0.95}}) {
            const auto out = path("int" + std::to_string(bits));
            const auto report = quantiseCheckpoint(model("a"), {bits, 32}, out, {});
            QVERIFY(report.kept.empty());
            QVERIFY(areTransformersNames(storedNames(out)));
            const auto narrow = logitsOf(LvrCheckpoint::open(out.string())).flatten();
            const double cosine = torch::cosine_similarity(wide, narrow, 0).item<double>();
            qInfo("int%d: cosine %.5f", bits, cosine);
            QVERIFY(cosine > least);
        }
    }

    void bfloat16WeightsAnswerAsFloat32Does() {
        const torch::NoGradGuard off;
        const auto from = model("a");
        auto half = LvrCheckpoint::open(from.string(), {.dtype = torch::kBFloat16});
        half.model.save(path("half"));
        half.model = LvrModel::open(path("half"), {.dtype = torch::kBFloat16});
        QCOMPARE(half.model.activations(), torch::kFloat32);
        auto wide = LvrCheckpoint::open(from.string());
        wide.model = LvrModel::open(path("half"));
        QVERIFY(golden::difference(logitsOf(half), logitsOf(wide)) < 1e-4);
    }

    void anAdapterIsTrainedSavedAndOpened() {
        const LoraOptions rank2{.rank = 2, .alpha = 6};
        const auto from = model("b");
        auto checkpoint =
            LvrCheckpoint::open(from.string(), {.use = LoadOptions::Use::Training, .lora = rank2});
        const auto trained = trainable(checkpoint.model);
        AdamW optimizer(trained, 0);
        for (int step = 0; step < 2; ++step) {
            optimizer.zeroGrad();
            logitsOf(checkpoint).square().mean().backward();
            optimizer.step(0.05, 1e9);
        }
        freeze(checkpoint.model);
        const torch::NoGradGuard off;
        saveCheckpoint(checkpoint, from, checkpoint.madeInto("test"), path("adapter"));
        const auto before = logitsOf(LvrCheckpoint::open(from.string()));
        const auto merged = logitsOf(LvrCheckpoint::open(path("adapter").string()));
        QVERIFY(golden::difference(merged, before) > 1e-2);
        QVERIFY(golden::difference(merged, logitsOf(checkpoint)) < 1e-4);
    }

    // Gradients reach every part of the network, the DeepStack mergers too.
    void everyPartCanLearn() {
        auto checkpoint =
            LvrCheckpoint::open(model("b").string(), {.use = LoadOptions::Use::Training});
        trainable(checkpoint.model, {.language = 1, .merger = 1, .vision = 1});
        logitsOf(checkpoint).square().mean().backward();
        for (const auto& [name, tensor] : checkpoint.model.parameters())
            QVERIFY2(tensor.grad().defined() && tensor.grad().abs().max().item<double>() > 0,
                     name.c_str());
    }

    void releasedShapesHaveTheReleasedSizes() {
        const auto base = readModelConfig(model("a"));
        for (const auto& [name, wanted] : {std::pair{"qwen3-vl-2b", 2'127'532'032LL},
                                           {"qwen3-vl-4b", 4'437'815'808LL},
                                           {"qwen3-vl-8b", 8'767'123'696LL}}) {
            long long count = 0;
            for (const auto& [tensor, shape] : tensorShapes(inShape(base, name)))
                count += c10::multiply_integers(shape);
            QCOMPARE(count, wanted);
        }
    }

    void aTrainingOfTwoStepsGoesOnAsIfNeverStopped() {
        QVERIFY(
            !succeed({"make-data", "scenes", "--out", text("scenes"), "--count", "6"}).isNull());
        const auto sft = [&](const QString& out, const QString& steps) {
            return QStringList{
                       "sft",    "--model",      QString::fromStdString(model("b").string()),
                       "--data", text("scenes"), "--out",
                       out,      "--steps",      steps} +
                   program::words("--pictures 1 --questions 2 --schedule constant --lr 1e-4");
        };
        QVERIFY(!succeed(sft(text("whole"), "2")).isNull());
        QVERIFY(!succeed(sft(text("parts"), "1")).isNull());
        QVERIFY(!succeed({"sft", "--resume", text("parts"), "--steps", "2"}).isNull());
        QCOMPARE(program::bytesOf(text("parts/model.safetensors")),
                 program::bytesOf(text("whole/model.safetensors")));
        QVERIFY(areTransformersNames(storedNames(path("whole"))));
    }

    // Scenes have 8x8 cells of 28 pixels; a tiny Qwen3-VL sees them as 8x8 of 32.
    void aTinyModelIsMadeAndTrained() {
        QVERIFY(!succeed({"align", "--backbone", "qwen3-vl", "--steps", "2", "--out", text("tiny")})
                     .isNull());
        const auto tiny = LvrCheckpoint::open(path("tiny").string());
        QCOMPARE(tiny.model.config().backbone, &qwen3Vl());
        QVERIFY(tiny.warnings.empty());
        QCOMPARE(tiny.chat.defaultSystem, std::string());
        QVERIFY(tokenGrid({224, 224}, tiny.preprocess) == (PatchGrid{8, 8}));
        qInfo("%lld parameters", static_cast<long long>(tiny.model.parameterCount()));
        QVERIFY(!succeed({"sft", "--model", text("tiny"), "--data", text("scenes"), "--out",
                          text("trained"), "--steps", "1", "--pictures", "1", "--questions", "2"})
                     .isNull());
        const auto asked =
            program::lvr({"ask", "--model", text("trained"), "--image",
                          text("scenes/images/000001.png"), "--question", "What is red?", "--exit",
                          "fixed:2", "--force-start", "--max-new-tokens", "8"});
        QVERIFY2(asked.code == 0 && asked.err.contains("64 visual tokens"), qPrintable(asked.err));
    }
};

QTEST_GUILESS_MAIN(Qwen3VlFolderTest)
#include "qwen3vl_folder_test.moc"
