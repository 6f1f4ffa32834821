// What a saved checkpoint holds beside its weights: others open it, and nothing of its base is
// lost.
#include <QTemporaryDir>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/json_splice.h"
#include "core/model/lvr_checkpoint.h"
#include "core/model/placement.h"
#include "core/model/save_checkpoint.h"
#include "core/trace/trace_file.h"
#include "tests/support/golden.h"
#include "tests/support/program.h"

namespace fs = std::filesystem;
using namespace lvr;
using Json = nlohmann::json;
using Text = std::string;

namespace {

const Text kTokens[] = {"<|lvr_start|>", "<|lvr|>", "<|lvr_latent_end|>", "<|lvr_end|>"};

Json readJson(const fs::path& file) {
    std::ifstream in(file);
    return Json::parse(in);
}

Text readText(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void writeText(const fs::path& file, const Text& text) { std::ofstream(file) << text; }

template <class Change>
void change(const fs::path& file, const Change& how) {
    auto json = readJson(file);
    how(json);
    writeText(file, json.dump(2) + "\n");
}

fs::path copyOf(const Text& model, const fs::path& folder) {
    fs::create_directories(folder);
    for (const auto& file : fs::directory_iterator(golden::own("models/" + model))) {
        fs::copy_file(file, folder / file.path().filename());
        fs::permissions(folder / file.path().filename(), fs::perms::owner_all);
    }
    return folder;
}

bool isLvrToken(const Text& token) {
    return std::find(std::begin(kTokens), std::end(kTokens), token) != std::end(kTokens);
}

// random-a as it would be had nobody added the LVR parts: a plain Qwen2.5-VL folder.
fs::path plainBase(const fs::path& folder) {
    copyOf("random-a", folder);
    change(folder / "tokenizer.json", [](Json& json) {
        auto& added = json["added_tokens"];
        for (std::size_t i = added.size(); i-- > 0;)
            if (isLvrToken(added[i]["content"])) added.erase(i);
    });
    change(folder / "tokenizer_config.json", [](Json& json) {
        auto& decoder = json["added_tokens_decoder"];
        const auto all = decoder;
        for (const auto& [id, token] : all.items())
            if (isLvrToken(token["content"])) decoder.erase(id);
    });
    change(folder / "added_tokens.json", [](Json& json) {
        for (const auto& token : kTokens) json.erase(token);
    });
    change(folder / "config.json", [](Json& json) {
        const auto all = json;
        for (const auto& [key, value] : all.items())
            if (key.find("lvr") != Text::npos || key == "latent_end_token") json.erase(key);
    });
    return folder;
}

void saveAgain(const fs::path& from, const fs::path& to, const LoadOptions& options = {}) {
    const auto checkpoint = LvrCheckpoint::open(from.string(), options);
    saveCheckpoint(checkpoint, from, madeFrom(checkpoint.provenance, "lvr test"), to);
}

}  // namespace

class SavedTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir dir_;
    fs::path at(const Text& name) const { return fs::path(dir_.path().toStdString()) / name; }

private Q_SLOTS:
    void whatIsAppendedToJsonStandsAtItsPlaceAndTheRestStays() {
        const Text text =
            "{\n  \"a\": {\"x]\": \"}\\\"\", \"n\": [1e5, 2.50]},\n  \"list\": [\n    {\n"
            "      \"id\": 1\n    }\n  ]\n}\n";
        QCOMPARE(withAppended(text, {"list"}, {{{"id", 2}}}),
                 "{\n  \"a\": {\"x]\": \"}\\\"\", \"n\": [1e5, 2.50]},\n  \"list\": [\n    {\n"
                 "      \"id\": 1\n    },\n    {\n      \"id\": 2\n    }\n  ]\n}\n");
        QCOMPARE(
            withAppended(text, {"a"}, {{"b", true}}),
            "{\n  \"a\": {\"x]\": \"}\\\"\", \"n\": [1e5, 2.50], \"b\": true},\n  \"list\": [\n"
            "    {\n      \"id\": 1\n    }\n  ]\n}\n");
        QCOMPARE(withAppended("{}", {}, {{"b", {1}}}), "{\"b\": [1]}");
        QCOMPARE(Text(valueAt(text, {"a", "n"})), "[1e5, 2.50]");
        QCOMPARE(Text(valueAt(text, {"a", "m"})), "");
        QVERIFY_EXCEPTION_THROWN(withAppended(text, {"a"}, nlohmann::ordered_json::array({1})),
                                 Error);
    }

    void aPlainBaseIsSavedWithTheTokensAndIdsThatTransformersWrites_data() {
        QTest::addColumn<QStringList>("removed");
        QTest::newRow("fast") << QStringList();
        QTest::newRow("fast, no added_tokens.json") << QStringList{"added_tokens.json"};
        QTest::newRow("slow") << QStringList{"tokenizer.json"};
    }
    void aPlainBaseIsSavedWithTheTokensAndIdsThatTransformersWrites() {
        QFETCH(QStringList, removed);
        const Text name = QTest::currentDataTag();
        const auto base = plainBase(at(name));
        for (const auto& file : removed) fs::remove(base / file.toStdString());
        const auto out = at(name + " out");
        saveAgain(base, out);
        const auto original = golden::own("models/random-a");
        for (const auto* file : {"tokenizer.json", "tokenizer_config.json", "added_tokens.json",
                                 "config.json", "special_tokens_map.json"}) {
            QCOMPARE(fs::exists(out / file), fs::exists(base / file));
            if (fs::exists(out / file))
                QVERIFY2(readJson(out / file) == readJson(original / file), file);
        }
        const auto again = LvrCheckpoint::open(out.string());
        QCOMPARE(again.rules.tokens.start, 1778);
        QCOMPARE(again.tokenizer.decode({1778, 1779, 1780, 1781}),
                 "<|lvr_start|><|lvr|><|lvr_latent_end|><|lvr_end|>");
    }

    // As transformers wrote folders before added_tokens_decoder.
    void anOldSlowFolderGetsTheTokensInItsOldPlaces() {
        const auto base = plainBase(at("old"));
        fs::remove(base / "tokenizer.json");
        change(base / "tokenizer_config.json",
               [](Json& json) { json.erase("added_tokens_decoder"); });
        change(base / "special_tokens_map.json", [](Json& json) {
            for (const char* token : {"<|endoftext|>"})
                json["additional_special_tokens"].push_back(token);
        });
        saveAgain(base, at("old out"));
        QVERIFY(readJson(at("old out") / "added_tokens.json") ==
                readJson(golden::own("models/random-a/added_tokens.json")));
        const auto special = readJson(at("old out") / "special_tokens_map.json");
        for (const auto& token : kTokens) {
            const auto& all = special["additional_special_tokens"];
            QCOMPARE(std::count(all.begin(), all.end(), token), 1);
        }
        const auto again = LvrCheckpoint::open(at("old out").string());
        QCOMPARE(again.tokenizer.decode({1778, 5}, SkipSpecial::Yes), again.tokenizer.decode({5}));
    }

    void savedTwiceIsSavedTheSame() {
        const auto base = plainBase(at("twice"));
        saveAgain(base, at("once"));
        saveAgain(at("once"), at("again"));
        for (const auto& file : fs::directory_iterator(at("once"))) {
            if (file.path().filename() == "lvr_workbench.json") continue;  // one more command
            QVERIFY2(readText(file) == readText(at("again") / file.path().filename()),
                     file.path().c_str());
        }
    }

    void idsThatConfigGivesAreNotThoseOfOtherTokens() {
        const auto base = plainBase(at("strange"));
        change(base / "config.json", [](Json& json) { json["lvr_id"] = 7; });
        QVERIFY_EXCEPTION_THROWN(LvrCheckpoint::open(base.string()), Error);
    }

    void filesAndFieldsThatAreNotOursGoAlong() {
        const auto base = plainBase(at("rich"));
        const Text video = "{\"size\": {\"longest_edge\": 1}, \"unknown\": 1e5}";
        writeText(base / "video_preprocessor_config.json", video);
        writeText(base / "LICENSE", "as is");
        writeText(base / "chat_template.jinja", "{{ messages }}");
        writeText(base / "generation_config.json",
                  "{\"do_sample\": true, \"eos_token_id\": [1758, 1756], \"of_tomorrow\": [1]}");
        writeText(base / "trainer_state.json", "{}");
        writeText(base / "optimizer.pt", "old");
        writeText(base / "model.safetensors.index.json.bak", "x");
        change(base / "config.json", [](Json& json) {
            json["of_tomorrow"] = {{"deep", {1, 2}}};
            json["vision_config"]["of_tomorrow"] = 2;
            json["rope_scaling"]["of_tomorrow"] = 3;
        });
        change(base / "preprocessor_config.json", [](Json& json) { json["of_tomorrow"] = 4; });
        saveAgain(base, at("rich out"));
        for (const auto* file : {"video_preprocessor_config.json", "LICENSE", "chat_template.jinja",
                                 "generation_config.json", "preprocessor_config.json",
                                 "chat_template.json", "model.safetensors.index.json.bak"})
            QVERIFY2(readText(at("rich out") / file) == readText(base / file), file);
        const auto config = readJson(at("rich out") / "config.json");
        QCOMPARE(config["of_tomorrow"]["deep"].dump(), "[1,2]");
        QCOMPARE(config["vision_config"]["of_tomorrow"].dump(), "2");
        QCOMPARE(config["rope_scaling"]["of_tomorrow"].dump(), "3");
        for (const auto* file : {"trainer_state.json", "optimizer.pt"})
            QVERIFY2(!fs::exists(at("rich out") / file), file);
    }

    void thePixelLimitsInForceAreWrittenWhereTheBaseHasThem() {
        for (const Text model : {"random-a", "random-b"}) {
            const auto base = copyOf(model, at(model));
            auto checkpoint = LvrCheckpoint::open(base.string());
            checkpoint.preprocess.minPixels = 100352;
            checkpoint.preprocess.maxPixels = 401408;
            saveCheckpoint(checkpoint, base, {}, at(model + " limits"));
            auto expected = readJson(base / "preprocessor_config.json");
            auto& place = expected.contains("size") ? expected["size"] : expected;
            place[expected.contains("size") ? "shortest_edge" : "min_pixels"] = 100352;
            place[expected.contains("size") ? "longest_edge" : "max_pixels"] = 401408;
            const auto written = readJson(at(model + " limits") / "preprocessor_config.json");
            QCOMPARE(written.dump(), expected.dump());
        }
    }

    void theConfigNamesTheTypeThatWasSaved_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("patch");
        QTest::addColumn<QString>("place");
        QTest::newRow("torch_dtype") << "random-a"
                                     << R"({})"
                                     << "/torch_dtype";
        QTest::newRow("dtype") << "random-a"
                               << R"({"torch_dtype":null,"dtype":"float32"})"
                               << "/dtype";
        QTest::newRow("none") << "random-a"
                              << R"({"torch_dtype":null})"
                              << "/torch_dtype";
        QTest::newRow("nested") << "random-b"
                                << R"({})"
                                << "/text_config/torch_dtype";
    }
    void theConfigNamesTheTypeThatWasSaved() {
        QFETCH(QString, model);
        QFETCH(QString, patch);
        QFETCH(QString, place);
        const Text name = QTest::currentDataTag();
        const auto base = copyOf(model.toStdString(), at(name));
        change(base / "config.json",
               [&](Json& json) { json.merge_patch(Json::parse(patch.toStdString())); });
        for (const auto& [dtype, text] :
             {std::pair(torch::kFloat32, "float32"), std::pair(torch::kBFloat16, "bfloat16")}) {
            const auto out = at(name + " " + text);
            saveAgain(base, out, {.dtype = dtype});
            const auto config = readJson(out / "config.json");
            const Json::json_pointer pointer(place.toStdString());
            QVERIFY2(config.contains(pointer), config.dump().c_str());
            QCOMPARE(config[pointer].get<Text>(), text);
            QCOMPARE(config.contains("torch_dtype") + config.contains("dtype"), 1);
        }
    }

    // The published code reads no text_config; transformers 5 writes nothing else.
    void aNestedConfigIsSavedWithItsFieldsOnTopToo() {
        saveAgain(copyOf("random-b", at("two levels")), at("two levels out"));
        const auto config = readJson(at("two levels out") / "config.json");
        for (const auto* key : {"hidden_size", "vocab_size", "num_hidden_layers", "rope_scaling"})
            QCOMPARE(config[key].dump(), config["text_config"][key].dump());
    }

    void aTrainedPlainBaseHoldsTheTokensHoweverItWasTrained_data() {
        QTest::addColumn<QStringList>("command");
        QTest::newRow("sft") << QStringList{"sft", "--steps", "1", "--cool-down", "0"};
        QTest::newRow("pretrain") << QStringList{"pretrain", "--steps", "1", "--cool-down", "0"};
        QTest::newRow("lora") << QStringList{"sft", "--steps",     "1", "--cool-down",
                                             "0",   "--lora-rank", "2", "--lora-embeddings",
                                             "on"};
        QTest::newRow("grpo") << QStringList{"grpo", "--max-steps",  "1", "--prompts",
                                             "1",    "--group-size", "2", "--max-new-tokens",
                                             "4"};
    }
    void aTrainedPlainBaseHoldsTheTokensHoweverItWasTrained() {
        QFETCH(QStringList, command);
        const auto base = QString::fromStdString(at("base").string());
        if (!fs::exists(at("base"))) plainBase(at("base"));
        const auto data = dir_.filePath("scenes");
        if (!fs::exists(data.toStdString()))
            QCOMPARE(program::lvr({"make-data", "scenes", "--out", data, "--count", "4"}).code, 0);
        const Text name = QTest::currentDataTag();
        const auto out = QString::fromStdString(at("trained " + name).string());
        const auto store = dir_.filePath("runs.db");
        const auto trained = program::lvr(
            command + QStringList{"--model", base, "--data", data, "--out", out, "--store", store});
        QVERIFY2(trained.code == 0, qPrintable(trained.err));
        auto folders = QStringList{out};
        if (name == "lora") {
            folders << out + " merged";
            const auto merged =
                program::lvr({"model", "merge", "--model", out, "--out", folders.last()});
            QVERIFY2(merged.code == 0, qPrintable(merged.err));
        }
        const auto original = golden::own("models/random-a");
        for (const auto& folder : folders) {
            const fs::path saved = folder.toStdString();
            for (const auto* file :
                 {"tokenizer.json", "tokenizer_config.json", "added_tokens.json", "config.json"})
                QVERIFY2(readJson(saved / file) == readJson(original / file), file);
        }
    }

    // The ids of transformers' generate() on the same folder.
    void aCheckpointIsDecodedAsGenerateDecodesIt() {
        std::ifstream file(fs::path(LVR_FIXTURES) / "generation_config.json");
        const auto fixture = Json::parse(file);
        const auto base = copyOf("random-a", at("generated"));
        writeText(at("prompt.txt"), fixture["prompt"]);
        for (const auto& c : fixture["cases"]) {
            writeText(base / "generation_config.json", c["generation_config"].dump());
            const auto result = program::lvr(
                {"ask", "--model", QString::fromStdString(base.string()), "--raw-prompt",
                 "--question", "@" + QString::fromStdString(at("prompt.txt").string()), "--exit",
                 "none", "--max-new-tokens", "64", "--json"});
            QVERIFY2(result.code == 0, qPrintable(result.err));
            const auto json = Json::parse(result.out.toStdString());
            QCOMPARE(json["token_ids"].dump(), c["ids"].dump());
        }
    }

    void askSaysHowItDecodesAndWhoSaidSo() {
        const auto base = copyOf("random-a", at("said"));
        writeProvenance({.defaultExit = "end-prob:0.5:3", .latentFeed = "filler"}, base);
        change(base / "generation_config.json", [](Json& json) {
            json["force_lvr_start"] = true;
            json["max_new_tokens"] = 5;
        });
        const QStringList ask{"ask",        "--model", QString::fromStdString(base.string()),
                              "--question", "What?",   "--top-k",
                              "7"};
        const auto trace = dir_.filePath("said.lvrtrace");
        const auto result = program::lvr(ask + QStringList{"--json", "--trace", trace});
        QVERIFY2(result.code == 0, qPrintable(result.err));
        const auto said = Json::parse(result.out.toStdString())["decoding"];
        const auto is = [&](const char* option, const char* value, const char* from) {
            return said[option]["value"] == value && said[option]["from"] == from;
        };
        const char* file = "generation_config.json";
        QVERIFY2(is("temperature", "1e-06", file) && is("repetition-penalty", "1.05", file) &&
                     is("force-start", "yes", file) && is("max-new-tokens", "5", file) &&
                     is("top-p", "1", "default") && is("top-k", "7", "flag") &&
                     is("exit", "end-prob:0.5:3", "sidecar") &&
                     is("latent-feed", "filler", "sidecar") && is("seed", "0", "default"),
                 said.dump().c_str());
        QVERIFY(readTrace(trace.toStdString()).origins.at("top-k") == "flag");
        const auto text = program::lvr(ask + QStringList{"--no-force-start"}).out;
        QVERIFY2(text.contains("force-start no, top-k 7 (flag)"), qPrintable(text));
        QVERIFY2(text.contains("temperature 1e-06"), qPrintable(text));
    }

    void whatOfACheckpointIsPassedOverIsSaid_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("said");
        const QString words =
            "<|im_start|>system\nYou are a %1.<|im_end|>\n<|im_start|>"
            "{{ m['role'] }}<|vision_start|><|image_pad|><|vision_end|>";
        const char* jinja = "chat_template.jinja";
        QTest::newRow("the usual words") << jinja << words.arg("helpful assistant") << "";
        QTest::newRow("another system text")
            << jinja << words.arg("pirate") << "chat_template.jinja is not read";
        QTest::newRow("a set system text")
            << jinja << "{% set s = 'Be brief' %}" + words.arg("helpful assistant") << "\"Be\"";
        QTest::newRow("no system text")
            << jinja << "<|im_start|>{{ m['role'] }}<|image_pad|><|im_end|>"
            << "";
        QTest::newRow("in JSON") << "chat_template.json"
                                 << R"({"chat_template":"[INST] {{ m }}"})"
                                 << "chat_template.json";
        QTest::newRow("beams") << "generation_config.json"
                               << R"({"num_beams":4})"
                               << "num_beams of generation_config.json";
    }
    void whatOfACheckpointIsPassedOverIsSaid() {
        QFETCH(QString, file);
        QFETCH(QString, text);
        QFETCH(QString, said);
        const auto base = copyOf("random-a", at(QTest::currentDataTag()));
        writeText(base / file.toStdString(), text.toStdString());
        const auto warnings = LvrCheckpoint::open(base.string()).warnings;
        QCOMPARE(warnings.size(), said.isEmpty() ? 0u : 1u);
        if (!said.isEmpty())
            QVERIFY2(warnings[0].find(said.toStdString()) != Text::npos, warnings[0].c_str());
    }

    // As Qwen3-VL's: that is how questions are put then.
    void aTemplateWithoutSystemTextIsHonoured() {
        const auto base = copyOf("random-a", at("without a system turn"));
        const auto words = base / "chat_template.jinja";
        const auto usual = LvrCheckpoint::open(base.string()).prompt({}, "Hot?");
        writeText(words, "<|im_start|>{{ m['role'] }}<|image_pad|><|im_end|>");
        const auto checkpoint = LvrCheckpoint::open(base.string());
        const auto ids = checkpoint.prompt({}, "Hot?");
        QVERIFY(checkpoint.tokenizer.decode(usual).starts_with("<|im_start|>system\n"));
        QVERIFY(checkpoint.tokenizer.decode(ids).starts_with("<|im_start|>user\nHot?"));
    }

    void theUsualTemplatesAreNotWarnedOf() {
        for (const auto* model : {"random-a", "random-b", "random-c"})
            QVERIFY(LvrCheckpoint::open(golden::own(Text("models/") + model).string())
                        .warnings.empty());
        QVERIFY(LvrCheckpoint::open(Text(LVR_RESOURCES) + "/models/tiny").warnings.empty());
    }

    void aMergeKeepsTheTypeOfItsBaseUnlessToldOtherwise() {
        const auto base = at("half");
        saveAgain(copyOf("random-a", at("whole")), base, {.dtype = torch::kBFloat16});
        LoraOptions lora;
        lora.rank = 2;
        const auto checkpoint = LvrCheckpoint::open(
            base.string(),
            {.dtype = torch::kBFloat16, .use = LoadOptions::Use::Training, .lora = lora});
        saveCheckpoint(checkpoint, base, checkpoint.madeInto("lvr sft"), at("half adapter"));
        for (const auto& [flags, dtype] :
             {std::pair(QStringList(), torch::kBFloat16),
              std::pair(QStringList{"--dtype", "float32"}, torch::kFloat32)}) {
            const auto out = at("merged in " + toText(dtype));
            const auto merged =
                program::lvr(QStringList{"model", "merge", "--model",
                                         QString::fromStdString(at("half adapter").string()),
                                         "--out", QString::fromStdString(out.string())} +
                             flags);
            QVERIFY2(merged.code == 0, qPrintable(merged.err));
            QVERIFY(sizeOf(out).dtype == storedType(dtype));
            QCOMPARE(readJson(out / "config.json")["torch_dtype"].get<Text>(), toText(dtype));
        }
    }

    void grpoKeepsWhatItsModelWasTrainedForAndTheExitOfItsRollouts() {
        const auto base = copyOf("random-a", at("pooled"));
        writeProvenance({.defaultExit = "end-prob:0.5:16",
                         .latentFeed = "filler",
                         .roiTokens = "pool:4",
                         .command = "lvr sft",
                         .others = R"({"of_tomorrow":1})"},
                        base);
        const auto data = dir_.filePath("grpo scenes"), out = dir_.filePath("grpo out");
        QCOMPARE(program::lvr({"make-data", "scenes", "--out", data, "--count", "2"}).code, 0);
        const auto result = program::lvr(
            {"grpo", "--model", QString::fromStdString(base.string()), "--data", data, "--out", out,
             "--store", dir_.filePath("grpo.db"), "--max-steps", "1", "--prompts", "1",
             "--group-size", "2", "--max-new-tokens", "8", "--exit", "fixed:4"});
        QVERIFY2(result.code == 0, qPrintable(result.err));
        const auto sidecar = readProvenance(out.toStdString()).value();
        QCOMPARE(sidecar.defaultExit, "fixed:4");
        QCOMPARE(sidecar.latentFeed, "filler");
        QCOMPARE(sidecar.roiTokens, "pool:4");
        QCOMPARE(sidecar.others, R"({"of_tomorrow":1})");
        QVERIFY(sidecar.command.starts_with("lvr sft\n"));
    }
};

QTEST_GUILESS_MAIN(SavedTest)
#include "saved_test.moc"
