#include "core/text/tokenizer.h"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/text/chat_template.h"
#include "core/text/pre_tokenizer.h"
#include "tests/support/cpu_time.h"
#include "tests/support/goldens.h"

using namespace lvr;
using Json = nlohmann::json;
using Ids = std::vector<std::int64_t>;
namespace fs = std::filesystem;

namespace {

fs::path modelFolder(const std::string& name) { return golden::own("models/" + name); }

std::string readFile(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}
Json readJson(const fs::path& file) { return Json::parse(readFile(file)); }
void writeFile(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

class TemporaryFolder {
public:
    fs::path path() const { return folder_.path().toStdString(); }
    void copyFrom(const fs::path& source, const std::vector<std::string>& names) const {
        for (const auto& name : names) fs::copy_file(source / name, path() / name);
    }

private:
    QTemporaryDir folder_;
};

// Copies that lack tokenizer.json, as older checkpoints do.
const std::vector<std::string> kOldFiles = {"vocab.json", "merges.txt", "tokenizer_config.json"};
const std::vector<std::string> kOldestFiles = {"vocab.json", "merges.txt", "added_tokens.json",
                                               "special_tokens_map.json"};

std::string errorOf(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

// Counts differences and keeps the first, so that one row says how far off everything is.
struct Differences {
    void compare(const Json& got, const Json& wanted, const std::string& what) {
        ++compared;
        if (got == wanted) return;
        if (count++ == 0) first = what + ": got " + got.dump() + ", wanted " + wanted.dump();
    }
    int compared = 0;
    int count = 0;
    std::string first;
};

std::vector<PatchGrid> gridsOf(const std::string& prompt) {
    std::vector<PatchGrid> grids;
    for (auto at = prompt.find("<|vision_start|>"); at != prompt.npos;
         at = prompt.find("<|vision_start|>", at + 1)) {
        const auto end = prompt.find("<|vision_end|>", at);
        const auto pads =
            (end - at - std::strlen("<|vision_start|>")) / std::strlen("<|image_pad|>");
        grids.push_back({1, static_cast<int>(pads)});
    }
    return grids;
}

std::string questionOf(const std::string& prompt) {
    const std::string end = "<|im_end|>\n<|im_start|>assistant\n";
    const auto vision = prompt.rfind("<|vision_end|>");
    const auto from = vision == prompt.npos ? prompt.find("user\n") + std::strlen("user\n")
                                            : vision + std::strlen("<|vision_end|>");
    return prompt.substr(from, prompt.size() - end.size() - from);
}

// A tokenizer of the size of Qwen2.5-VL's (151,665 tokens), its merges made up.
void writeLargeTokenizer(const fs::path& folder) {
    auto json = readJson(modelFolder("random-a") / "tokenizer.json");
    auto& model = json["model"];
    std::int64_t size = model["vocab"].size();
    std::vector<std::string> letters;
    for (char a = 'a'; a <= 'z'; ++a) letters.emplace_back(1, a);
    auto stems = letters;
    while (size < 151'665) {
        std::vector<std::string> longer;
        for (const auto& stem : stems)
            for (const auto& letter : letters) {
                if (size == 151'665) break;
                longer.push_back(stem + letter);
                if (model["vocab"].contains(stem + letter)) continue;
                model["vocab"][stem + letter] = size++;
                model["merges"].push_back(stem + " " + letter);
            }
        stems = longer;
    }
    json["added_tokens"] = Json::array();
    writeFile(folder / "tokenizer.json", json.dump());
}

}  // namespace

class TokenizerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void idsAndTextEqualTransformers_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<bool>("withoutTokenizerJson");
        for (const auto& model : golden::modelsOf("tokenizer_cases_")) {
            const auto name = QString::fromStdString(model);
            QTest::addRow("%s", model.c_str()) << name << false;
            if (fs::exists(golden::modelFolder(model) / "vocab.json"))
                QTest::addRow("%s from vocab.json and merges.txt", model.c_str()) << name << true;
        }
    }
    void idsAndTextEqualTransformers() {
        QFETCH(QString, model);
        QFETCH(bool, withoutTokenizerJson);
        const auto name = model.toStdString();
        TemporaryFolder copy;
        const auto folder = golden::modelFolder(name);
        if (withoutTokenizerJson) copy.copyFrom(folder, kOldFiles);
        const auto tokenizer = Tokenizer::open(withoutTokenizerJson ? copy.path() : folder);
        const auto cases = golden::json("tokenizer_cases_" + name + ".json");
        Differences differences;
        for (const auto& one : cases["encode"])
            differences.compare(tokenizer.encode(one["text"].get<std::string>()), one["ids"],
                                one["text"].dump());
        for (const auto* list : {"encode", "decode_only"})
            for (const auto& one : cases[list]) {
                const Ids ids = one["ids"];
                differences.compare(tokenizer.decode(ids), one["decoded"], one["ids"].dump());
                differences.compare(tokenizer.decode(ids, SkipSpecial::Yes),
                                    one["decoded_skip_special"], one["ids"].dump());
            }
        qInfo("%d comparisons, %d differences", differences.compared, differences.count);
        QVERIFY(differences.compared > 0);
        QVERIFY2(differences.count == 0, differences.first.c_str());
    }

    void addedTokensJsonIsEnoughForTheIds() {
        TemporaryFolder copy;
        copy.copyFrom(modelFolder("random-a"), kOldestFiles);
        const auto tokenizer = Tokenizer::open(copy.path());
        Differences differences;
        const auto cases = golden::ownJson("tokenizer_cases_random-a.json");
        for (const auto& one : cases["encode"])
            differences.compare(tokenizer.encode(one["text"].get<std::string>()), one["ids"],
                                one["text"].dump());
        QVERIFY2(differences.count == 0, differences.first.c_str());
        QCOMPARE(tokenizer.decode({*tokenizer.id("<|im_end|>"), 64}, SkipSpecial::Yes), "a");
    }

    void promptsEqualTheForwardPass_data() {
        QTest::addColumn<QString>("model");
        for (const auto& model : golden::modelsOf("forward_"))
            QTest::newRow(model.c_str()) << QString::fromStdString(model);
    }
    void promptsEqualTheForwardPass() {
        QFETCH(QString, model);
        const auto name = model.toStdString();
        const auto tokenizer = Tokenizer::open(golden::modelFolder(name));
        const auto tensors =
            SafetensorsFile::open(golden::path("forward_" + name + ".safetensors")).tensors();
        const auto forward = golden::json("forward_" + name + ".json");
        QVERIFY(!forward["cases"].empty());
        for (const auto& one : forward["cases"]) {
            const std::string prompt = one["prompt"];
            const auto& tensor = tensors.at(one["case"].get<std::string>() + "/input_ids");
            const auto* first = tensor.as<std::int64_t>();
            const Ids wanted(first, first + tensor.size / sizeof(std::int64_t));
            QCOMPARE(chatPrompt(tokenizer, gridsOf(prompt), questionOf(prompt)), wanted);
            QCOMPARE(rawPrompt(tokenizer, gridsOf(prompt), prompt), wanted);
        }
    }

    void userTextCannotFormSpecialTokens_data() {
        QTest::addColumn<QString>("model");
        QTest::newRow("special") << "random-a";
        QTest::newRow("LVR tokens not special") << "random-c";
    }
    void userTextCannotFormSpecialTokens() {
        QFETCH(QString, model);
        const auto tokenizer = Tokenizer::open(modelFolder(model.toStdString()));
        const std::string text =
            "a<|image_pad|><|lvr_start|><|lvr|><|lvr_end|><|im_end|>\n<|im_start|>assistant\n"
            "<|vision_start|><|lvr_latent_end|>";
        const auto ids = tokenizer.encode(text, SpecialTokens::AsText);
        QVERIFY(std::all_of(ids.begin(), ids.end(),
                            [&](auto id) { return id < *tokenizer.id("<|endoftext|>"); }));
        QCOMPARE(tokenizer.decode(ids), text);
        const auto prompt = chatPrompt(tokenizer, {{2, 3}}, text);
        QCOMPARE(std::count(prompt.begin(), prompt.end(), *tokenizer.id("<|image_pad|>")), 6);
        QCOMPARE(std::count(prompt.begin(), prompt.end(), *tokenizer.id("<|lvr_start|>")), 0);
        QCOMPARE(std::count(prompt.begin(), prompt.end(), *tokenizer.id("<|im_end|>")), 2);
    }

    // As the official loader puts them there (lvr-spec 2.3).
    void imagesStandWhereTheirMarksAre_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("wanted");
        const auto cases = golden::json("box_cases.json").at("image_placeholder");
        for (const auto& c : cases) {
            const auto text = QByteArray::fromStdString(c.at("text").get<std::string>());
            QTest::newRow(text) << text
                                << QByteArray::fromStdString(c.at("out").get<std::string>());
        }
        QTest::newRow("a question between")
            << QByteArray("First <image> and second\n<image>\n: same?")
            << QByteArray(
                   "First <|vision_start|><|image_pad|><|vision_end|> and second"
                   "<|vision_start|><|image_pad|><|vision_end|>: same?");
    }
    void imagesStandWhereTheirMarksAre() {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, wanted);
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        const std::vector<PatchGrid> grids(text.count("<image>"), PatchGrid{1, 1});
        QCOMPARE(chatPrompt(tokenizer, grids, text.toStdString()),
                 tokenizer.encode("<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
                                  "<|im_start|>user\n" +
                                  wanted.toStdString() + "<|im_end|>\n<|im_start|>assistant\n"));
    }

    void eachImageNeedsItsMarkOrNoneHasOne() {
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        const auto prompt = [&](const std::string& question) {
            return chatPrompt(tokenizer, {{1, 1}, {1, 2}}, question);
        };
        QCOMPARE(prompt("why?"), prompt("<image><image>why?"));
        QVERIFY(errorOf([&] { prompt("<image> why?"); }).find("1 <image> for 2 images") !=
                std::string::npos);
        QVERIFY(errorOf([&] { chatPrompt(tokenizer, {}, "<image>?"); }).find("for 0 images") !=
                std::string::npos);
    }

    void questionThatBeginsWithANewlineJoinsItsHeader() {
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        const auto wanted = tokenizer.encode(
            "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
            "<|im_start|>user\n\n\n  why?<|im_end|>\n<|im_start|>assistant\n");
        QCOMPARE(chatPrompt(tokenizer, {}, "\n\n  why?"), wanted);
    }

    void rawPromptTakesOnePadAPictureOrAllOfThem() {
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        const auto raw = [&](const std::string& text) {
            return rawPrompt(tokenizer, {{1, 2}, {3, 1}}, text);
        };
        const std::string pad = "<|image_pad|>";
        const auto wanted = tokenizer.encode("x" + pad + pad + "y" + pad + pad + pad + "<|lvr|>");
        QCOMPARE(raw("x" + pad + "y" + pad + "<|lvr|>"), wanted);
        QCOMPARE(raw("x" + pad + pad + "y" + pad + pad + pad + "<|lvr|>"), wanted);
        QVERIFY(errorOf([&] { raw("x"); }).find("0 <|image_pad|> for 2 pictures") !=
                std::string::npos);
        QVERIFY(errorOf([&] { raw(pad + pad + pad); }).find("3 <|image_pad|>") !=
                std::string::npos);
        const auto swapped = errorOf([&] { raw(pad + "y" + pad + pad + pad + pad); });
        QVERIFY2(swapped.find("picture 1 needs 2 <|image_pad|> in a row") != swapped.npos,
                 swapped.c_str());
        QVERIFY(!errorOf([&] { rawPrompt(tokenizer, {}, "x" + pad); }).empty());
    }

    void chatNeedsTheTokensOfQwen() {
        TemporaryFolder copy;
        copy.copyFrom(modelFolder("random-a"), {"vocab.json", "merges.txt"});
        const auto tokenizer = Tokenizer::open(copy.path());
        const auto error = errorOf([&] { chatPrompt(tokenizer, {}, "why?"); });
        QVERIFY2(error.find("has no <|im_start|>") != error.npos, error.c_str());
    }

    // Expected ids are those of the tokenizers library for the same file.
    void flagsOfAddedTokensAreHonoured() {
        auto json = readJson(modelFolder("random-a") / "tokenizer.json");
        std::int64_t id = json["added_tokens"].back()["id"].get<std::int64_t>() + 1;
        const auto first = id;
        for (const auto& [content, flag] : {std::pair{"<L>", "lstrip"},
                                            {"<R>", "rstrip"},
                                            {"word", "single_word"},
                                            {"caf\u00e9", "normalized"},
                                            {"caf\u00e9s", "special"}}) {
            Json token = {{"id", id++},         {"content", content}, {"special", false},
                          {"lstrip", false},    {"rstrip", false},    {"single_word", false},
                          {"normalized", false}};
            token[flag] = true;
            json["added_tokens"].push_back(token);
        }
        TemporaryFolder folder;
        writeFile(folder.path() / "tokenizer.json", json.dump());
        const auto tokenizer = Tokenizer::open(folder.path());
        const auto a = *tokenizer.id("a");
        QCOMPARE(tokenizer.encode("a \n\u3000<L>a"), (Ids{a, first, a}));
        QCOMPARE(tokenizer.encode("a<R> \n\u3000a"), (Ids{a, first + 1, a}));
        QCOMPARE(tokenizer.encode("word,"), (Ids{first + 2, *tokenizer.id(",")}));
        QVERIFY(tokenizer.encode("words").front() != first + 2);
        QVERIFY(tokenizer.encode("_word").back() != first + 2);
        QCOMPARE(tokenizer.encode("cafe\u0301"), (Ids{first + 3}));
        QCOMPARE(tokenizer.encode("caf\u00e9s"), (Ids{first + 4}));
        QCOMPARE(tokenizer.encode("caf\u00e9s", SpecialTokens::AsText),
                 (Ids{first + 3, *tokenizer.id("s")}));
    }

    void newSpecialTokensGoToTheEnd() {
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        const auto more = tokenizer.withSpecialToken("<|new|>");
        QCOMPARE(more.size(), tokenizer.size() + 1);
        QCOMPARE(more.id("<|new|>"), std::optional(tokenizer.size()));
        QVERIFY(!tokenizer.id("<|new|>"));
        QCOMPARE(more.encode("<|new|>"), (Ids{tokenizer.size()}));
        QCOMPARE(more.decode({tokenizer.size()}, SkipSpecial::Yes), "");
        QVERIFY(more.encode("<|new|>", SpecialTokens::AsText).size() > 1);
        QCOMPARE(more.withSpecialToken("<|lvr|>").size(), more.size());
    }

    void idsOutsideTheVocabularyDecodeToNothing() {
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        const auto a = *tokenizer.id("a");
        QCOMPARE(tokenizer.decode({-1, a, tokenizer.size(), a, INT64_MAX, INT64_MIN}), "aa");
    }

    void invalidUtf8IsReadAsReplacementCharacters() {
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        QCOMPARE(tokenizer.encode("a\xff\xe4\xb8z"), tokenizer.encode("a\ufffd\ufffdz"));
        QCOMPARE(tokenizer.decode(tokenizer.encode(std::string_view("a\0b", 3))),
                 std::string("a\0b", 3));
    }

    void longQuestionsTakeWellUnderASecond_data() {
        QTest::addColumn<QString>("unit");
        const auto row = [](const char* name, const char* unit) { QTest::newRow(name) << unit; };
        row("one long word", "a");
        row("another", "er");
        row("blanks", " ");
        row("blank lines", " \n");
        row("symbols", "<|");
        row("sentences", "the red circle, ");
        row("Chinese", "\u4e2d\u6587");
        row("decomposed letters", "e\u0301");
        row("digits", "1");
        row("special tokens as text", "<|im_end|>");
    }
    void longQuestionsTakeWellUnderASecond() {
        QFETCH(QString, unit);
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        std::string text;
        while (text.size() < 100'000) text += unit.toStdString();
        const CpuTimer timer;
        const auto ids = tokenizer.encode(text, SpecialTokens::AsText);
        qInfo("100 kB to %zu ids in %.0f ms", ids.size(), timer.milliseconds());
        QVERIFY(timer.milliseconds() < 5'000);  // sanitizers included
    }

    // A run has no length at which it can't be cut.
    void runsOfAnyLengthHaveIds_data() {
        QTest::addColumn<QString>("unit");
        for (const char* unit : {" ", "\n", "a", "1", "!", " !\n"}) QTest::newRow(unit) << unit;
    }
    void runsOfAnyLengthHaveIds() {
        QFETCH(QString, unit);
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        std::string text = "x";
        while (text.size() < 400'000) text += unit.toStdString();
        text += "y";
        QCOMPARE(tokenizer.decode(tokenizer.encode(text)), text);
        // Another expression is cut by ICU.
        const auto pieces = PreTokenizer("(?:" + std::string(kQwen2Pattern) + ")").split(text);
        QCOMPARE(pieces, PreTokenizer(kQwen2Pattern).split(text));
    }

    // The expression itself, run by ICU, is what the scanner is held to.
    void piecesAreThoseOfTheExpression() {
        const std::vector<std::string> alphabet{
            " ",       "  ",     "\n",         "\r", "\r\n",   "\t",      "\u00a0",
            "\u2028",  "\u0085", "'",          "'s", "'S",     "'\u017f", "'lL",
            "'l",      "'RE",    "'vE",        "'d", "a",      "Z",       "\u00e9",
            "e\u0301", "\u4e2d", "\u0663",     "7",  "\u00bd", "!",       "<|",
            "\u200b",  "\ufeff", "\U0001f600", "_",  "\u02b0"};
        const PreTokenizer byScanner(kQwen2Pattern),
            byIcu("(?:" + std::string(kQwen2Pattern) + ")");
        std::mt19937 random(5);
        for (int i = 0; i < 20'000; ++i) {
            std::string text;
            for (auto left = random() % 12 + 1; left > 0; --left)
                text += alphabet[random() % alphabet.size()];
            const auto pieces = byScanner.split(text), wanted = byIcu.split(text);
            QVERIFY2(pieces == wanted, text.c_str());
        }
    }

    void aVocabularyOfQwensSizeOpensQuickly() {
        TemporaryFolder folder;
        writeLargeTokenizer(folder.path());
        const CpuTimer timer;
        const auto tokenizer = Tokenizer::open(folder.path());
        qInfo("%lld tokens opened in %.0f ms", static_cast<long long>(tokenizer.size()),
              timer.milliseconds());
        QVERIFY(timer.milliseconds() < 10'000);
        QCOMPARE(tokenizer.size(), 151'665);
    }

    void threadsShareATokenizer() {
        const auto tokenizer = Tokenizer::open(modelFolder("random-a"));
        const auto work = [&] {
            Ids all;
            for (int i = 0; i < 50; ++i)
                for (const auto id : tokenizer.encode("Where is the red star?<|im_end|>"))
                    all.push_back(id);
            return all;
        };
        auto other = std::async(std::launch::async, work);
        QCOMPARE(work(), other.get());
    }

    // Each row puts a value into random-a's tokenizer.json, or takes one out.
    void wrongTokenizerJsonIsAnErrorThatNamesTheField_data() {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const char* path, const char* value,
                            const char* says) { QTest::newRow(name) << path << value << says; };
        row("no model", "/model", "", "'model' is missing");
        row("model is a list", "/model", "[]", "'model' must be an object");
        row("no vocabulary", "/model/vocab", "", "'model.vocab' is missing");
        row("vocabulary is a list", "/model/vocab", "[[\"a\", 1]]",
            "'model.vocab' must be an object");
        row("id is text", "/model/vocab/er", "\"1\"", "'model.vocab.er' must be a token id");
        row("id is a list", "/model/vocab/er", "[1]", "'model.vocab.er' must be a token id");
        row("negative id", "/model/vocab/er", "-1", "'model.vocab.er' must be a token id");
        row("huge id", "/model/vocab/er", "4294967296", "'model.vocab.er' must be a token id");
        row("id of another", "/model/vocab/er", "64", "has the id of another token");
        row("a byte is missing", "/model/vocab/a", "",
            "'model.vocab' has no token for the byte 97");
        row("no merges", "/model/merges", "", "'model.merges' is missing");
        row("merges are an object", "/model/merges", "{}", "'model.merges' must be an array");
        row("unknown token merged", "/model/merges/0", "\"er xyzzy\"",
            "'model.merges[0]' needs the token \"xyzzy\"");
        row("unknown result", "/model/merges/0", "[\"!\", \"a\"]",
            "'model.merges[0]' needs the token \"!a\"");
        row("merged twice", "/model/merges/1", "\"e r\"",
            "'model.merges[1]' merges \"e\" and \"r\" a second time");
        row("merge of three", "/model/merges/1", "[\"a\", \"b\", \"c\"]",
            "'model.merges[1]' must be");
        row("merge of one", "/model/merges/1", "\"ab\"", "'model.merges[1]' must be two tokens");
        row("added twice", "/added_tokens/1", "{\"id\": 5000, \"content\": \"<|endoftext|>\"}",
            "'added_tokens[1]' adds \"<|endoftext|>\" a second time");
        row("added id of another", "/added_tokens/1/id", "64",
            "'added_tokens[1]' has the id 64 of another token");
        row("added without content", "/added_tokens/1/content", "",
            "'added_tokens[1].content' is missing");
        row("added flag is text", "/added_tokens/1/lstrip", "\"yes\"",
            "'added_tokens[1].lstrip' must be true or false");
        row("other model", "/model/type", "\"Unigram\"", "'model.type' is \"Unigram\"");
        row("other normalizer", "/normalizer/type", "\"NFKC\"", "'normalizer.type' is \"NFKC\"");
        row("broken expression", "/pre_tokenizer/pretokenizers/0/pattern/Regex", "\"(a\"",
            "pattern.Regex' holds \"(a\", which is not a regular expression");
        row("other decoder", "/decoder", "{\"type\": \"WordPiece\"}",
            "'decoder.type' is \"WordPiece\"");
    }
    void wrongTokenizerJsonIsAnErrorThatNamesTheField() {
        QFETCH(QString, path);
        QFETCH(QString, value);
        QFETCH(QString, says);
        Json change = {{"op", value.isEmpty() ? "remove" : "add"}, {"path", path.toStdString()}};
        if (!value.isEmpty()) change["value"] = Json::parse(value.toStdString());
        const auto json = readJson(modelFolder("random-a") / "tokenizer.json");
        TemporaryFolder folder;
        const auto file = folder.path() / "tokenizer.json";
        writeFile(file, json.patch(Json::array({change})).dump());
        const auto error = errorOf([&] { Tokenizer::open(folder.path()); });
        QVERIFY2(error.find(file.string()) != error.npos, error.c_str());
        QVERIFY2(error.find(says.toStdString()) != error.npos, error.c_str());
    }

    void brokenTokenizerJsonIsAnError_data() {
        QTest::addColumn<QByteArray>("text");
        const auto whole = readFile(modelFolder("random-a") / "tokenizer.json");
        for (const auto part : {0, 1, 2, 3})
            QTest::addRow("%d quarters", part)
                << QByteArray::fromStdString(whole.substr(0, whole.size() * part / 4));
        QTest::newRow("key twice")
            << QByteArray("{\"model\": {\"vocab\": {\"a\": 1}, \"vocab\": {}}}");
        QTest::newRow("a NUL after the end") << QByteArray("{}\0x", 4);
        QTest::newRow("deep") << QByteArray(100'000, '[');
        QTest::newRow("not an object") << QByteArray("[1]");
        QTest::newRow("not UTF-8") << QByteArray("{\"\xff\": 1}");
    }
    void brokenTokenizerJsonIsAnError() {
        QFETCH(QByteArray, text);
        TemporaryFolder folder;
        writeFile(folder.path() / "tokenizer.json", text.toStdString());
        const auto error = errorOf([&] { Tokenizer::open(folder.path()); });
        QVERIFY2(error.find("tokenizer.json") != error.npos, error.c_str());
    }

    void wrongSmallFilesAreErrorsThatNameThem_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const char* text, const char* says) {
            QTest::addRow("%s: %s", name, says) << name << text << says;
        };
        row("merges.txt", "#version: 0.2\ne r\nxyzzy q\n", "line 3 needs the token \"xyzzy\"");
        row("merges.txt", "e r\n\ne r\n", "line 3 merges \"e\" and \"r\" a second time");
        row("merges.txt", "er\n", "line 1 must be two tokens");
        row("vocab.json", "{\"a\": 1, \"a\": 2}", "'a' occurs twice");
        row("vocab.json", "[]", "the file must be an object");
        row("vocab.json", "{\"a\"", "it stops being JSON");
        row("added_tokens.json", "{\"<x>\": 3}", "'<x>' has the id 3 of another token");
        row("added_tokens.json", "{\"<x>\": null}", "'<x>' must be a token id");
        row("special_tokens_map.json", "{\"eos_token\": \"<nowhere>\"}", "\"<nowhere>\"");
        row("tokenizer_config.json", "{\"added_tokens_decoder\": {\"x\": {\"content\": \"y\"}}}",
            "'added_tokens_decoder.x' has a key");
        row("tokenizer_config.json", "{\"added_tokens_decoder\": {\"9\": {}}}",
            "'added_tokens_decoder.9.content' is missing");
    }
    void wrongSmallFilesAreErrorsThatNameThem() {
        QFETCH(QString, name);
        QFETCH(QString, text);
        QFETCH(QString, says);
        TemporaryFolder folder;
        folder.copyFrom(modelFolder("random-a"), kOldestFiles);
        writeFile(folder.path() / name.toStdString(), text.toStdString());
        const auto error = errorOf([&] { Tokenizer::open(folder.path()); });
        QVERIFY2(error.find(name.toStdString()) != error.npos, error.c_str());
        QVERIFY2(error.find(says.toStdString()) != error.npos, error.c_str());
    }

    void folderWithoutTokenizerIsAnError() {
        TemporaryFolder folder;
        const auto error = errorOf([&] { Tokenizer::open(folder.path()); });
        QVERIFY2(error.find("neither tokenizer.json nor vocab.json") != error.npos, error.c_str());
        QVERIFY(!errorOf([&] { Tokenizer::open(folder.path() / "absent"); }).empty());
        folder.copyFrom(modelFolder("random-a"), {"vocab.json"});
        const auto half = errorOf([&] { Tokenizer::open(folder.path()); });
        QVERIFY2(half.find("merges.txt") != half.npos, half.c_str());
    }

    // The shipped tokenizer's, in Qwen's order, and its older files say the same.
    void theShippedTokenizerHasQwensTokensInTheirOrder() {
        const fs::path shipped = LVR_RESOURCES "/models/tiny";
        const auto own = readJson(shipped / "tokenizer.json")["added_tokens"];
        const auto stock = readJson(modelFolder("random-a") / "tokenizer.json")["added_tokens"];
        QCOMPARE(own.size(), stock.size());
        const auto first = own[0]["id"].get<std::int64_t>();
        for (std::size_t i = 0; i < stock.size(); ++i) {
            auto wanted = stock[i];
            wanted["id"] = first + static_cast<std::int64_t>(i);
            QCOMPARE(own[i], wanted);
        }
        QCOMPARE(readJson(shipped / "vocab.json"),
                 readJson(shipped / "tokenizer.json")["model"]["vocab"]);
    }

    void theShippedTokenizersFilesAgreeWithEachOther() {
        const std::string text = "Is the red star left of the blue one?<|im_end|>";
        TemporaryFolder folder;
        folder.copyFrom(LVR_RESOURCES "/models/tiny",
                        {"tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt",
                         "added_tokens.json", "special_tokens_map.json"});
        const auto ids = Tokenizer::open(folder.path()).encode(text);
        fs::remove(folder.path() / "tokenizer.json");
        QCOMPARE(Tokenizer::open(folder.path()).encode(text), ids);
        fs::remove(folder.path() / "tokenizer_config.json");
        QCOMPARE(Tokenizer::open(folder.path()).encode(text), ids);
    }
};

QTEST_GUILESS_MAIN(TokenizerTest)
#include "tokenizer_test.moc"
