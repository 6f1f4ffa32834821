#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/checkpoint/generation_config.h"
#include "core/checkpoint/model_config.h"
#include "core/checkpoint/provenance.h"
#include "core/error.h"
#include "tests/support/text_files.h"

using namespace lvr;
using Json = nlohmann::json;

namespace {

const fs::path kModels = fs::path(LVR_GOLDENS) / "models";

Json goldenConfig(const std::string& model) {
    return Json::parse(readText(kModels / model / "config.json"));
}

}  // namespace

class ConfigTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> temporary_;
    fs::path dir_;

private Q_SLOTS:
    void init() {
        temporary_ = std::make_unique<QTemporaryDir>();
        dir_ = temporary_->path().toStdString();
    }

    void flatAndNestedConfigsAreRead() {
        const auto a = readModelConfig(kModels / "random-a");
        QCOMPARE(a.text.hiddenSize, 64);
        QCOMPARE(a.text.mropeSection, (std::array{2, 3, 3}));
        QCOMPARE(a.text.tieWordEmbeddings, false);
        QCOMPARE(a.vision.fullattBlockIndexes, (std::vector{1, 3}));
        QCOMPARE(a.lvr, (LvrConfig{LvrHead::None, false, 1779, 1778, 1781, 1780}));
        QCOMPARE(a.imageTokenId, 1768);
        QCOMPARE(a.eosTokenId, 1758);
        const auto b = readModelConfig(kModels / "random-b");
        QCOMPARE(b.text, (TextConfig{96, 4, 3, 1, 160, 1856, 32768, 1e-6, 1e6, {4, 6, 6}, true}));
        QCOMPARE(b.vision, (VisionConfig{5, 80, 5, 112, 96, 14, 2, 2, 112, 3, {2, 4}}));
        QCOMPARE(b.lvr.head, LvrHead::Glu);
        QCOMPARE(b.lvr.latentEndToken, true);
        QCOMPARE(readModelConfig(kModels / "random-c").lvr.head, LvrHead::Mlp);
    }

    // An empty name = the field is absent.
    void tyingIsResolvedAsTransformersDoes_data() {
        QTest::addColumn<QString>("base");
        QTest::addColumn<QString>("top");
        QTest::addColumn<QString>("nested");
        QTest::addColumn<bool>("tied");
        QTest::newRow("flat, absent") << "random-a"
                                      << ""
                                      << "" << true;
        QTest::newRow("flat, true") << "random-a"
                                    << "true"
                                    << "" << true;
        QTest::newRow("flat, false") << "random-a"
                                     << "false"
                                     << "" << false;
        QTest::newRow("nested, absent") << "random-b"
                                        << ""
                                        << "" << false;
        QTest::newRow("nested, at the top only") << "random-b"
                                                 << "true"
                                                 << "" << true;
        QTest::newRow("nested, untied at the top only") << "random-b"
                                                        << "false"
                                                        << "" << false;
        QTest::newRow("nested, inside only") << "random-b"
                                             << ""
                                             << "true" << true;
        QTest::newRow("nested, inside wins") << "random-b"
                                             << "true"
                                             << "false" << false;
        QTest::newRow("nested, inside wins over untied") << "random-b"
                                                         << "false"
                                                         << "true" << true;
    }

    void tyingIsResolvedAsTransformersDoes() {
        QFETCH(QString, base);
        QFETCH(QString, top);
        QFETCH(QString, nested);
        auto config = goldenConfig(base.toStdString());
        const auto put = [](Json& object, const QString& value) {
            object.erase("tie_word_embeddings");
            if (!value.isEmpty()) object["tie_word_embeddings"] = value == "true";
        };
        put(config, top);
        if (config.contains("text_config")) put(config["text_config"], nested);
        writeText(dir_ / "config.json", config.dump());
        QTEST(readModelConfig(dir_).text.tieWordEmbeddings, "tied");
    }

    void lvrFieldsAreReadFromTheTopLevelOnly() {
        auto config = goldenConfig("random-b");
        config["text_config"]["lvr_head"] = false;
        config["text_config"]["lvr_start_id"] = 5;
        config.erase("lvr_id");
        config["text_config"]["lvr_id"] = 6;
        writeText(dir_ / "config.json", config.dump());
        const auto lvr = readModelConfig(dir_).lvr;
        QCOMPARE(lvr.head, LvrHead::Glu);
        QCOMPARE(lvr.lvrStartId, std::optional<std::int64_t>(1778));
        QCOMPARE(lvr.lvrId, std::nullopt);
    }

    void aPlainQwenFolderHasNoLvrIds() {
        auto config = goldenConfig("random-a");
        for (const auto* key : {"lvr_head", "lvr_head_type", "latent_end_token", "lvr_id",
                                "lvr_start_id", "lvr_end_id", "lvr_latent_end_id"})
            config.erase(key);
        writeText(dir_ / "config.json", config.dump());
        QCOMPARE(readModelConfig(dir_).lvr, LvrConfig());
    }

    void everyRopeSpellingMeansTheSame() {
        const auto wanted = readModelConfig(kModels / "random-b").text;
        const auto base = goldenConfig("random-b");
        for (const auto* rope :
             {R"({"rope_scaling":{"type":"mrope","mrope_section":[4,6,6]}})",
              R"({"rope_scaling":{"rope_type":"default","mrope_section":[4,6,6]}})",
              R"({"rope_scaling":null,"rope_theta":null,"rope_parameters":
                                    {"type":"mrope","rope_type":"default","rope_theta":1000000.0,
                                     "mrope_section":[4,6,6]}})"}) {
            auto config = base;
            config["text_config"].erase("rope_scaling");
            config["text_config"].merge_patch(Json::parse(rope));
            writeText(dir_ / "config.json", config.dump());
            QCOMPARE(readModelConfig(dir_).text, wanted);
        }
    }

    void aConfigThatCannotBeBuiltIsRefused_data() {
        QTest::addColumn<QString>("patch");  // merged into random-a's config.json
        QTest::addColumn<QString>("says");
        const auto row = [](const char* patch, const char* says) {
            QTest::newRow(patch) << QString(patch) << QString(says);
        };
        row(R"({"model_type":"llama"})", "'model_type' is 'llama'");
        row(R"({"model_type":null})", "'model_type' is missing");
        row(R"({"hidden_size":null})", "'hidden_size' is missing");
        row(R"({"hidden_size":"64"})", "'hidden_size' must be an integer");
        row(R"({"hidden_size":64.5})", "'hidden_size' must be an integer");
        row(R"({"hidden_size":0})", "'hidden_size' is 0");
        row(R"({"hidden_size":-64})", "'hidden_size' is -64");
        row(R"({"hidden_size":9223372036854775808})", "'hidden_size' must be an integer");
        row(R"({"hidden_size":1000000000000})", "'hidden_size' is 1000000000000");
        row(R"({"hidden_size":66})", "multiple of num_attention_heads (4)");
        row(R"({"num_key_value_heads":3})", "multiple of num_key_value_heads (3)");
        row(R"({"num_hidden_layers":2000000})", "'num_hidden_layers'");
        row(R"({"intermediate_size":null})", "'intermediate_size' is missing");
        row(R"({"vocab_size":null})", "'vocab_size' is missing");
        row(R"({"vocab_size":1000})", "outside the vocabulary of 1000");
        row(R"({"rms_norm_eps":0})", "'rms_norm_eps' must be positive");
        row(R"({"rms_norm_eps":"x"})", "'rms_norm_eps' must be a number");
        row(R"({"rope_theta":-1})", "'rope_theta' must be positive");
        row(R"({"hidden_act":"gelu"})", "'hidden_act' is 'gelu'");
        row(R"({"use_sliding_window":true})", "'use_sliding_window'");
        row(R"({"tie_word_embeddings":"yes"})", "'tie_word_embeddings' must be true or false");
        row(R"({"rope_scaling":null})", "'rope_scaling' is missing");
        row(R"({"rope_scaling":[]})", "'rope_scaling' must be an object");
        row(R"({"rope_scaling":{"type":"yarn"}})", "'yarn'");
        row(R"({"rope_scaling":{"mrope_section":[2,3,4]}})", "half of the head size, 16");
        row(R"({"rope_scaling":{"mrope_section":[8]}})", "'rope_scaling.mrope_section'");
        row(R"({"rope_scaling":{"mrope_section":[9223372036854775807,9223372036854775807,10]}})",
            "'rope_scaling.mrope_section'");
        row(R"({"vision_config":null})", "'vision_config' is missing");
        row(R"({"vision_config":{"depth":0}})", "'vision_config.depth' is 0");
        row(R"({"vision_config":{"num_heads":3}})", "'vision_config.hidden_size' is 64");
        row(R"({"vision_config":{"num_heads":32}})", "multiple of 4 * num_heads (128)");
        row(R"({"vision_config":{"out_hidden_size":32}})", "hidden_size, 64");
        row(R"({"vision_config":{"window_size":100}})", "multiple of patch_size");
        row(R"({"vision_config":{"hidden_act":"quick_gelu"}})", "'vision_config.hidden_act'");
        row(R"({"vision_config":{"in_channels":1}})", "'vision_config.in_channels' must be 3");
        row(R"({"vision_config":{"fullatt_block_indexes":[1,4]}})", "names block 4");
        row(R"({"vision_config":{"fullatt_block_indexes":7}})", "must be an array of numbers");
        row(R"({"lvr_head_type":"wide"})", "'lvr_head_type' is 'wide'");
        row(R"({"lvr_head":1})", "'lvr_head' must be true or false");
        row(R"({"lvr_start_id":1856})", "'lvr_start_id' is 1856");
        row(R"({"image_token_id":null})", "usual 151655 is outside");
        row(R"({"eos_token_id":"x"})", "'eos_token_id' must be an integer");
    }

    void aConfigThatCannotBeBuiltIsRefused() {
        QFETCH(QString, patch);
        QFETCH(QString, says);
        auto config = goldenConfig("random-a");
        config.merge_patch(Json::parse(patch.toStdString()));
        writeText(dir_ / "config.json", config.dump());
        const auto error = errorOf([&] { readModelConfig(dir_); });
        QVERIFY2(error.contains(says), qPrintable(error));
        QVERIFY2(error.contains("config.json"), qPrintable(error));
    }

    void aConfigFileThatIsNoJsonObjectIsRefused() {
        QVERIFY(errorOf([&] { readModelConfig(dir_); }).contains("there is no file"));
        for (const auto* text : {"", "[]", "3", "{", "{\"a\":1}}", "\xff\xfe", "null"}) {
            writeText(dir_ / "config.json", text);
            const auto error = errorOf([&] { readModelConfig(dir_); });
            QVERIFY2(error.contains("config.json"), qPrintable(error));
        }
        fs::remove(dir_ / "config.json");
        QCOMPARE(mkfifo((dir_ / "config.json").c_str(), 0600), 0);
        QVERIFY(errorOf([&] { readModelConfig(dir_); }).contains("not a regular file"));
    }

    void aWrittenConfigReadsBackEqual() {
        for (const auto* model : {"random-a", "random-b", "random-c"}) {
            auto config = readModelConfig(kModels / model);
            writeModelConfig(config, dir_);
            QCOMPARE(readModelConfig(dir_), config);
            config.lvr = {};
            config.padTokenId = 3;
            config.text.ropeTheta = 12345.678;
            config.text.rmsNormEps = 1e-7;
            writeModelConfig(config, dir_);
            QCOMPARE(readModelConfig(dir_), config);
        }
        QCOMPARE(filesIn(dir_), std::vector<std::string>{"config.json"});
    }

    void generationConfigKeepsItsStopTokens() {
        const auto golden = readGenerationConfig(kModels / "random-a");
        const std::vector<std::int64_t> both{1758, 1756}, seven{7}, one{1758};
        QCOMPARE(golden.eosTokenIds, both);
        QCOMPARE(golden.padTokenId, 1756);
        writeGenerationConfig(golden, dir_);
        QCOMPARE(readGenerationConfig(dir_).eosTokenIds, both);
        QCOMPARE(readGenerationConfig(dir_).padTokenId, 1756);
        writeText(dir_ / "generation_config.json", R"({"eos_token_id":7})");
        QCOMPARE(readGenerationConfig(dir_).eosTokenIds, seven);
        QCOMPARE(readGenerationConfig(dir_).padTokenId, 7);
        writeText(dir_ / "generation_config.json", R"({"eos_token_id":[-7]})");
        QVERIFY(errorOf([&] { readGenerationConfig(dir_); }).contains("'eos_token_id'"));
        fs::remove(dir_ / "generation_config.json");
        fs::copy_file(kModels / "random-a" / "config.json", dir_ / "config.json");
        QCOMPARE(readGenerationConfig(dir_).eosTokenIds, one);
        QCOMPARE(readGenerationConfig(dir_).padTokenId, 1758);
    }

    // As transformers' generate() takes them, and the release's loops (lvr-spec 4).
    void generationConfigSaysHowToDecode_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("sampling");  // temperature, top-p, top-k, penalty
        QTest::addColumn<QString>("exit");
        const auto row = [](const char* name, const char* file, const char* sampling,
                            const char* exit = "") {
            QTest::newRow(name) << QString(file) << QString(sampling) << QString(exit);
        };
        row("nothing", "{}", "0 1 0 1");
        row("greedy whatever the temperature", R"({"temperature":0.7,"top_p":0.9})", "0 0.9 0 1");
        row("greedy with a penalty", R"({"do_sample":false,"repetition_penalty":1.2})",
            "0 1 0 1.2");
        row("Qwen2.5-VL", R"({"do_sample":true,"temperature":1e-06,"repetition_penalty":1.05})",
            "1e-06 1 50 1.05");
        row("all", R"({"do_sample":true,"temperature":0.5,"top_p":0.8,"top_k":3})", "0.5 0.8 3 1");
        row("min-p", R"({"do_sample":true,"min_p":0.1})", "1 1 50 1");
        row("top-k off", R"({"do_sample":true,"top_k":0})", "1 1 0 1");
        row("steps", R"({"lvr_steps":4})", "0 1 0 1", "fixed:4");
        row("a list of steps", R"({"lvr_steps":[4],"decoding_strategy":"steps"})", "0 1 0 1",
            "fixed:4");
        row("latent", R"({"decoding_strategy":"latent","lvr_steps":5,"criterion":"cosine",
            "lvr_end_threshold":0.5})",
            "0 1 0 1", "latent-end:cosine:0.5:5");
        row("latent, usual", R"({"decoding_strategy":"latent"})", "0 1 0 1",
            "latent-end:mse:0.02:16");
        row("mode switching", R"({"decoding_strategy":"vanilla","lvr_steps":9})", "0 1 0 1",
            "end-token:9");
    }
    void generationConfigSaysHowToDecode() {
        QFETCH(QString, file);
        QFETCH(QString, sampling);
        QFETCH(QString, exit);
        writeText(dir_ / "generation_config.json", file.toStdString());
        const auto config = readGenerationConfig(dir_);
        const auto& s = config.sampling;
        QCOMPARE(QString("%1 %2 %3 %4")
                     .arg(s.temperature)
                     .arg(s.topP)
                     .arg(s.topK)
                     .arg(s.repetitionPenalty),
                 sampling);
        QCOMPARE(s.minP, file.contains("min_p") ? 0.1 : 0.0);
        QCOMPARE(config.exit ? QString::fromStdString(toText(*config.exit)) : QString(), exit);
    }

    void generationConfigThatCannotBeIsRefused() {
        for (const auto* text :
             {R"({"temperature":-1})", R"({"top_p":0})", R"({"min_p":2})", R"({"top_k":-1})",
              R"({"lvr_steps":-1})", R"({"lvr_steps":[1,2]})", R"({"repetition_penalty":0})",
              R"({"do_sample":"yes"})", R"({"decoding_strategy":"latent","criterion":"l1"})",
              R"({"force_lvr_start":1})", R"({"max_new_tokens":0})"}) {
            writeText(dir_ / "generation_config.json", text);
            QVERIFY2(
                errorOf([&] { readGenerationConfig(dir_); }).contains("generation_config.json"),
                text);
        }
    }

    void generationFieldsThatAreNotBuiltInAreNamed() {
        writeText(dir_ / "generation_config.json",
                  R"({"num_beams":4,"min_p":0.1,"typical_p":1.0,"no_repeat_ngram_size":0,
                      "bad_words_ids":[[1]],"suppress_tokens":[],"guidance_scale":null})");
        QCOMPARE(readGenerationConfig(dir_).notBuiltIn,
                 (std::vector<std::string>{"bad_words_ids", "num_beams"}));
    }

    void anotherExitRuleTakesTheOldOnesPlace() {
        const auto file = dir_ / "generation_config.json";
        writeText(file, R"({"do_sample": true, "lvr_steps": 8, "x": 1.50})");
        writeGenerationExit(FixedSteps{8}, dir_);
        QCOMPARE(readText(file), R"({"do_sample": true, "lvr_steps": 8, "x": 1.50})");
        writeGenerationExit(FixedSteps{4}, dir_);
        QCOMPARE(Json::parse(readText(file)).dump(), R"({"do_sample":true,"lvr_steps":4,"x":1.5})");
        writeGenerationExit(EndProbability{}, dir_);
        QCOMPARE(Json::parse(readText(file)).dump(), R"({"do_sample":true,"x":1.5})");
    }

    void provenanceReadsBackEqual() {
        QCOMPARE(readProvenance(dir_), std::nullopt);
        const Provenance written{.defaultExit = "end-prob:0.5:16",
                                 .latentFeed = "filler",
                                 .command = "lvr sft --seed 3",
                                 .seed = ~std::uint64_t{0},
                                 .data = "scenes",
                                 .notes = "naïve \"quotes\"\n"};
        writeProvenance(written, dir_);
        QCOMPARE(readProvenance(dir_), std::optional(written));
        writeText(dir_ / "lvr_workbench.json", R"({"seed":"1"})");
        QVERIFY(errorOf([&] { readProvenance(dir_); }).contains("'seed' must be"));
    }

    void aSidecarKeepsWhatItsParentSaidAndWhatIsNotKnownHere() {
        const auto said = Json::parse(R"({"default_exit":"fixed:4","latent_feed":"filler",
            "roi_tokens":"pool:4","head_positions":"released","command":"lvr sft","seed":3,
            "data":"d","notes":"n","of_a_later_version":{"a":[1,2.5]}})");
        writeText(dir_ / "lvr_workbench.json", said.dump());
        writeProvenance(madeFrom(readProvenance(dir_), "lvr grpo"), dir_);
        auto expected = said;
        expected["command"] = "lvr sft\nlvr grpo";
        QCOMPARE(Json::parse(readText(dir_ / "lvr_workbench.json")).dump(), expected.dump());
    }
};

QTEST_GUILESS_MAIN(ConfigTest)
#include "config_test.moc"
