// Public benchmarks in every layout they come in, and what other programs' results say of them. The
// variable LVR_BENCH_SAMPLES names another folder of samples with the same layouts.

#include <QtTest>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/vision/image_file.h"
#include "datasets/benchmarks/benchmark_reader.h"
#include "datasets/benchmarks/item_json.h"
#include "datasets/benchmarks/prompt_text.h"
#include "datasets/benchmarks/results.h"
#include "datasets/benchmarks/tables.h"

using namespace lvr;
namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

namespace {

const fs::path kOwnSamples = fs::path(LVR_FIXTURES) / "bench-samples";

fs::path samples() {
    const char* folder = std::getenv("LVR_BENCH_SAMPLES");
    return folder && *folder ? fs::path(folder) : kOwnSamples;
}

// Where a layout of the samples is, and which keys of the expected rows it lacks.
struct Layout {
    const char* source;
    const char* where;
    std::set<std::string> lacks;
};

const std::vector<Layout>& layouts() {
    static const std::set<std::string> noBoxes = {"targets", "option_first_correct"};
    static const std::vector<Layout> all = {
        {"vstar", "vstar/craigwu_vstar_bench", {}},
        {"vstar", "vstar/lmms-lab-encoder_vstar-bench", noBoxes},
        {"vstar", "vstar/lmms-lab-encoder_vstar-bench/data", noBoxes},
        {"vstar", "vstar/VStarBench.tsv", {"targets", "option_first_correct", "image"}},
        {"mmvp", "mmvp/MMVP_MMVP", {}},
        {"mmvp", "mmvp/lmms-lab-eval_MMVP", {}},
        {"mmvp", "mmvp/MMVP.tsv", {"image"}},
        {"blink", "blink/BLINK-Benchmark_BLINK", {}},
        {"blink", "blink/BLINK.tsv", {"id"}},
        {"cv-bench", "cv-bench/nyu-visionx_CV-Bench", {}},
        {"cv-bench", "cv-bench/nyu-visionx_CV-Bench/test_2d.jsonl", {}},
        {"cv-bench", "cv-bench/nyu-visionx_CV-Bench/test_3d.jsonl", {}},
        {"cv-bench", "cv-bench/CV-Bench-2D.tsv", {"filename"}},
        {"cv-bench", "cv-bench/CV-Bench-3D.tsv", {"filename"}},
        {"hr-bench", "hr-bench/DreamMr_HR-Bench", {}},
        {"hr-bench-8k", "hr-bench/DreamMr_HR-Bench", {}},
        {"hr-bench", "hr-bench/DreamMr_HR-Bench/hr_bench_4k.tsv", {}},
        {"hr-bench", "hr-bench/DreamMr_HR-Bench/hr_bench_8k.tsv", {}},
        {"mme-realworld-lite", "mme-realworld-lite/yifanzhang114_MME-RealWorld-Lite", {}},
        {"mme-realworld-lite",
         "mme-realworld-lite/yifanzhang114_MME-RealWorld-lite-lmms-eval",
         {"id", "image"}},
        {"mme-realworld-lite",
         "mme-realworld-lite/yifanzhang114_MME-RealWorld-Base64",
         {"id", "image"}}};
    return all;
}

BenchmarkSet readAs(const std::string& source, const fs::path& where) {
    return readBenchmark(parseBenchmarkSource(source + ":" + where.string()));
}

std::string errorOf(const std::string& source) {
    try {
        readBenchmark(parseBenchmarkSource(source));
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

// OrderedJson of HR-Bench without their splits around them.
std::vector<OrderedJson> flat(const OrderedJson& rows) {
    std::vector<OrderedJson> all;
    for (const auto& row : rows) {
        if (!row.contains("split")) all.push_back(row);
        for (const auto& inner : row.value("rows", OrderedJson::array())) {
            all.push_back(inner);
            all.back()["split"] = row["split"];
        }
    }
    return all;
}

// The question is the same, and so are the order and texts of its options.
bool isSameQuestion(const OrderedJson& a, const OrderedJson& b) {
    for (const char* key : {"question", "options", "pair", "split", "A", "B"})
        if (a.contains(key) && b.contains(key) && a[key] != b[key]) return false;
    return a.contains("id") && b.contains("id") && a["id"] == b["id"] ? true : !a.contains("pair");
}

std::string listed(const std::vector<std::string>& texts) {
    std::string all;
    for (const auto& text : texts) all += text + "\n";
    return all;
}

}  // namespace

class BenchmarksTest : public QObject {
    Q_OBJECT
    QTemporaryDir temporary_;
    int folders_ = 0;
    OrderedJson expected_;

    fs::path newFolder() {
        const auto folder = fs::path(temporary_.path().toStdString()) / std::to_string(++folders_);
        fs::create_directories(folder);
        return folder;
    }
    fs::path copyOf(const std::string& sample) {
        const auto to = newFolder() / fs::path(sample).filename();
        fs::copy(kOwnSamples / sample, to, fs::copy_options::recursive);
        return to;
    }
    static void write(const fs::path& file, const std::string& text) {
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
    }
    static std::string textOf(const fs::path& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static void picture(const fs::path& file) {
        fs::create_directories(file.parent_path());
        writePng({28, 28, std::vector<std::uint8_t>(28 * 28 * 3, 90)}, file);
    }
    static std::string replaced(std::string text, const std::string& from, const std::string& to) {
        const auto at = text.find(from);
        if (at == text.npos) throw std::runtime_error("no " + from);
        return text.replace(at, from.size(), to);
    }
    void addLayoutRows() {
        QTest::addColumn<int>("layout");
        for (std::size_t i = 0; i < layouts().size(); ++i)
            QTest::newRow(layouts()[i].where) << int(i);
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("XDG_CACHE_HOME", temporary_.filePath("cache").toUtf8());
        expected_ = OrderedJson::parse(textOf(samples() / "expected.json"));
    }

    void rowsAreTheExpectedOnes_data() { addLayoutRows(); }
    void rowsAreTheExpectedOnes() {
        QFETCH(int, layout);
        const auto& [source, where, lacks] = layouts()[std::size_t(layout)];
        if (!fs::exists(samples() / where)) QSKIP("not among these samples");
        const auto set = readAs(source, samples() / where);
        QVERIFY2(set.leftOut.empty(), listed(set.leftOut).c_str());
        const auto wanted = flat(expected_["rows"][set.benchmark]);
        const auto rows = flat(itemsJson(set));
        QVERIFY(!rows.empty());
        for (const auto& row : rows) {
            const auto same = std::ranges::find_if(
                wanted, [&](const OrderedJson& other) { return isSameQuestion(row, other); });
            // One table has a row more, which shares a picture.
            if (same == wanted.end() && row["id"] == 7) continue;
            QVERIFY2(same != wanted.end(), row.dump().c_str());
            for (const auto& [key, value] : same->items()) {
                if (lacks.contains(key)) continue;
                QVERIFY2(row.contains(key), (key + " in " + row.dump()).c_str());
                QVERIFY2(row[key] == value, (key + ": " + row[key].dump()).c_str());
            }
        }
        // Whole layouts hold all of them.
        if (fs::is_directory(samples() / where) && std::string(source) != "hr-bench-8k")
            QCOMPARE(rows.size(), wanted.size());
    }

    void promptsAreTheExpectedOnes_data() { addLayoutRows(); }
    void promptsAreTheExpectedOnes() {
        QFETCH(int, layout);
        const auto& [source, where, lacks] = layouts()[std::size_t(layout)];
        if (!fs::exists(samples() / where)) QSKIP("not among these samples");
        const auto set = readAs(source, samples() / where);
        const auto prompts = promptsJson(set, promptStyles());
        auto rows = flat(itemsJson(set));
        for (auto& row : rows) row.erase("split");  // both have the same prompts
        const auto wantedRows = flat(expected_["rows"][set.benchmark]);
        const auto& wanted = expected_["prompts"][set.benchmark];
        int compared = 0;
        for (std::size_t i = 0; i < prompts.size(); ++i)
            for (std::size_t w = 0; w < wanted.size(); ++w) {
                if (!isSameQuestion(rows[i], wantedRows[w])) continue;
                for (const auto& [style, text] : wanted[w].items()) {
                    if (style == "id") continue;
                    QVERIFY2(prompts[i][style] == text,
                             (style + ": " + prompts[i][style].dump()).c_str());
                    ++compared;
                }
            }
        QVERIFY(compared > 0);
    }

    // Whichever layout is read, the model sees the same picture and its gold answer is the same.
    void layoutsShowTheSamePictures() {
        const auto whole = readAs("vstar", kOwnSamples / "vstar/craigwu_vstar_bench");
        const auto table = readAs("vstar", kOwnSamples / "vstar/VStarBench.tsv");
        QCOMPARE(table.items.size(), whole.items.size());
        for (std::size_t i = 0; i < table.items.size(); ++i) {
            const auto a = readSample(whole.items[i], PromptStyle::Lvr);
            const auto b = readSample(table.items[i], PromptStyle::Lvr);
            QCOMPARE(a.question.images, b.question.images);
            QCOMPARE(a.question.text, b.question.text);
            QCOMPARE(a.answer, b.answer);
            QCOMPARE(a.rois.size(), whole.items[i].targets.size());
        }
        const auto box = readSample(whole.items[0], PromptStyle::Lvr).rois.at(0);
        QCOMPARE(box, (Box{500. / 640, 40. / 480, 514. / 640, 52. / 480, 0}));
    }

    void aParentIsReadByItsRichestLayoutWhichIsSaid() {
        const auto set = readBenchmark(parseBenchmarkSource((kOwnSamples / "vstar").string()));
        QCOMPARE(set.benchmark, std::string("vstar"));
        QCOMPARE(set.edition, std::string("snapshot with boxes"));
        QVERIFY(set.notes.front().find("VStarBench.tsv") != std::string::npos);
        QVERIFY(set.notes.back().find("5 items, the public set 191") != std::string::npos);
    }

    void clustersAreWhatIsNotIndependent() {
        const auto hr = readAs("hr-bench", kOwnSamples / "hr-bench/DreamMr_HR-Bench");
        std::map<std::string, std::set<std::string>> cycles;
        for (const auto& item : hr.items) cycles[item.cluster].insert(item.part);
        QCOMPARE(cycles.size(), std::size_t{4});  // two questions in two sizes
        for (const auto& [cluster, parts] : cycles) QCOMPARE(parts.size(), std::size_t{4});
        const auto mmvp = readAs("mmvp", kOwnSamples / "mmvp/MMVP.tsv");
        QCOMPARE(mmvp.items[2].cluster, mmvp.items[3].cluster);
        QVERIFY(mmvp.items[1].cluster != mmvp.items[2].cluster);
    }

    void blinkHasFiveSubsetsUnlessMoreAreAskedFor() {
        const auto folder = kOwnSamples / "blink/BLINK-Benchmark_BLINK";
        const auto test = readAs("blink-test", folder);
        QCOMPARE(test.items.size(), std::size_t{5});
        for (const auto& item : test.items) QCOMPARE(item.gold, std::string());
        const auto more = copyOf("blink/BLINK-Benchmark_BLINK");
        fs::copy(more / "Counting", more / "Art_Style");
        QCOMPARE(readAs("blink", more).items.size(), std::size_t{7});
        // Its ids are those of the other subset: the second of each is left out.
        QCOMPARE(readAs("blink-all", more).leftOut.size(), std::size_t{2});
    }

    void mmvpSaysItsEditionAndCorrectsItsLabels() {
        const auto folder = newFolder();
        std::string csv = "Index,Question,Options,Correct Answer\n";
        for (const auto& [index, label] :
             {std::pair(99, "(a)"), {100, "(b)"}, {279, "(a)"}, {280, "(b)"}, {300, "(b)"}}) {
            csv += std::to_string(index) + ",\"Which, \"\"this\"\"?\",(a) Short (b) Long," + label +
                   "\n";
            picture(folder / "MMVP Images" / (std::to_string(index) + ".png"));
        }
        write(folder / "Questions.csv", csv);
        const auto original = readAs("mmvp", folder);
        QVERIFY(original.edition.ends_with("; original labels"));
        QCOMPARE(original.items[0].gold, std::string("A"));
        QCOMPARE(original.items[0].question, std::string("Which, \"this\"?"));
        const auto corrected = readAs("mmvp-corrected", folder);
        QVERIFY(corrected.edition.ends_with("original labels, corrected here"));
        std::string golds;
        for (const auto& item : corrected.items) golds += item.gold;
        QCOMPARE(golds, std::string("BABAB"));
        QVERIFY(corrected.hash != original.hash);
        write(folder / "Questions.csv",
              replaced(replaced(csv, "Long,(a)", "Long,(b)"), "Long,(b)\n100", "Long,(b)\n100"));
        QVERIFY(
            readAs("mmvp", folder).edition.ends_with("some of the four disputed labels corrected"));
    }

    // pandas takes them for missing; a question without its option is another question.
    void optionsThatPandasLosesAreKept() {
        const auto folder = newFolder();
        picture(folder / "a.png");
        write(folder / "VStarBench.tsv",
              "index\timage_path\tquestion\tA\tB\tC\tD\tanswer\tcategory\n"
              "0\ta.png\tHow many?\tNone\t2\t\tNA\tD\tdirect_attributes\n");
        const auto set = readAs("vstar", folder);
        QCOMPARE(set.items.at(0).options, (std::vector<std::string>{"None", "2", "", "NA"}));
        QCOMPARE(
            promptText(set.items[0], PromptStyle::VlmEvalKit),
            std::string("Question: How many?\nOptions:\nB. 2\nPlease select the correct answer "
                        "from the options above. \n"));
        QVERIFY(promptText(set.items[0], PromptStyle::Lvr).find("(D) NA") != std::string::npos);
    }

    void harnessesKeepTheirOddities() {
        BenchmarkItem item{.benchmark = "vstar"};
        item.prompt =
            "What is it?\n(A) a car (red)\n(B) a van\n(C) a bus\n" +
            std::string("Answer with the option's letter from the given choices directly.");
        // The option with parentheses is lost, and the letters behind it move up.
        QCOMPARE(
            promptText(item, PromptStyle::LmmsEval),
            std::string("What is it?\nA. a van\nB. a bus\nAnswer with the option's letter from "
                        "the given choices directly.\nAnswer with the option's letter from the "
                        "given choices directly."));
        BenchmarkItem pair{.benchmark = "mmvp", .question = "Is it (a) or (b)?"};
        pair.prompt = pair.question + " (a) Left (of it) (b) Right";
        QCOMPARE(promptText(pair, PromptStyle::Lvr),
                 std::string("Is it A. or B.?\nOptions:\nA. Left (of it) B. Right\nAnswer with the "
                             "option's letter from the given choices directly."));
        QCOMPARE(
            promptText(pair, PromptStyle::LmmsEval),
            std::string("Is it (a) or (b)?\nA. Right\nAnswer with the option's letter from the "
                        "given choices directly."));
    }

    void pythonListsAreRead_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("texts");
        QTest::newRow("both quotes") << "['a', \"b's\"]" << QStringList{"a", "b's"};
        QTest::newRow("escapes") << R"(['a\'b', 'c\\d', 'e\nf', 'g\xa0h', '\u00e9'])"
                                 << QStringList{"a'b", "c\\d", "e\nf", "g\u00a0h", "é"};
        QTest::newRow("brackets inside")
            << "['(A) [1]', '(B) a, b']" << QStringList{"(A) [1]", "(B) a, b"};
        QTest::newRow("empty") << "[]" << QStringList{};
        QTest::newRow("no list") << "a, b" << QStringList{"none"};
        QTest::newRow("no texts") << "[1, 2]" << QStringList{"none"};
        QTest::newRow("not closed") << "['a, b]" << QStringList{"none"};
    }
    void pythonListsAreRead() {
        QFETCH(QString, text);
        QFETCH(QStringList, texts);
        QStringList read;
        const auto list = pythonTexts(text.toStdString());
        if (!list) read << "none";
        for (const auto& one : list.value_or(std::vector<std::string>()))
            read << QString::fromStdString(one);
        QCOMPARE(read, texts);
    }

    // Cells longer than the pieces that a file is read in, with everything that needs quotes.
    void longCellsOfTablesAreWhole() {
        std::string cell;
        for (int i = 0; cell.size() < 3'000'000; ++i)
            cell +=
                std::string(std::size_t(i % 97), 'x') + "\"\t\n,\r\""[i % 6] + std::to_string(i);
        std::string quoted;
        for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
        const auto file = newFolder() / "long.tsv";
        const std::string plain(2'500'000, 'y');
        write(file, "a\tb\tc\r\n\"" + quoted + "\"\t" + plain + "\t\n\n1\t\"2\"\t3");
        std::vector<nlohmann::json> rows;
        forEachTableRow(file, [&](const FileEntry& entry) { rows.push_back(entry.value); });
        QCOMPARE(rows.size(), std::size_t{2});
        QVERIFY(rows[0] == nlohmann::json({{"a", cell}, {"b", plain}}));
        QVERIFY(rows[1] == nlohmann::json({{"a", "1"}, {"b", "2"}, {"c", "3"}}));
    }

    // What is wrong with a folder as a whole.
    void aFolderThatCanNotBeUsedIsAnError_data() {
        QTest::addColumn<QString>("source");
        QTest::addColumn<QString>("sentence");
        const auto row = [](const char* name, const std::string& source, const char* sentence) {
            QTest::newRow(name) << QString::fromStdString(source) << sentence;
        };
        const auto mmvp = kOwnSamples / "mmvp/MMVP_MMVP";
        row("another benchmark", "vstar:" + mmvp.string(),
            "holds MMVP (Questions.csv with pictures), not V* Bench; for that give --data mmvp:");
        row("several benchmarks", kOwnSamples.string(), "; say which by --data ");
        row("not there", "vstar:/nowhere", "there is no folder or file /nowhere");
        const auto photos = newFolder();
        fs::create_directories(photos / "direct_attributes");
        row("pictures without questions", "vstar:" + photos.string(),
            "but no test_questions.jsonl");
        const auto lists = newFolder();
        write(lists / "a.json", R"([{"image": "a", "conversations": []}])");
        write(lists / "b.json", R"([{"image": "a", "conversations": []}])");
        row("several data files", lists.string(), "holds several data files, a.json and b.json");
        write(lists / "c.json", R"([{"picture": "a.png"}])");
        row("no known fields", (lists / "c.json").string(), "record 1: field \"conversations\" is");
        row("nothing in it", "vstar:" + newFolder().string(), "holds no files of V* Bench");

        const auto shards = copyOf("mme-realworld-lite/yifanzhang114_MME-RealWorld-lite-lmms-eval");
        fs::remove(shards / "data/train-00001-of-00002.parquet");
        row("a shard is missing", "mme-realworld-lite:" + shards.string(),
            "is only half there: train-00001-of-00002.parquet is missing; fetch it");

        const auto pointer = copyOf("cv-bench/nyu-visionx_CV-Bench");
        fs::remove(pointer / "test_2d.jsonl");
        write(pointer / "test_3d.parquet", "version https://git-lfs.github.com/spec/v1\noid 1\n");
        row("a Git LFS pointer", "cv-bench:" + pointer.string(), "is a Git LFS pointer");

        const auto column = newFolder();
        write(
            column / "VStarBench.tsv",
            "index\timage\tquestion\tA\tB\tC\tD\tcategory\n0\tx\tq\ta\tb\t\t\tdirect_attributes\n");
        row("a column is missing", "vstar:" + column.string(),
            "has no column \"answer\", which V* Bench (VLMEvalKit table) needs");

        const auto empty = newFolder();
        write(empty / "MMVP.tsv", "");
        row("an empty file", "mmvp:" + empty.string(), "MMVP.tsv is empty; fetch it again");

        const auto cut = newFolder();
        const auto table = textOf(kOwnSamples / "mmvp/MMVP.tsv");
        write(cut / "MMVP.tsv", table.substr(0, table.size() - 100));
        row("cut off in a cell", "mmvp:" + (cut / "MMVP.tsv").string(), "is cut off in record 6");
        const auto quoted = newFolder();
        const auto lines = textOf(kOwnSamples / "cv-bench/CV-Bench-3D.tsv");
        write(quoted / "CV-Bench-3D.tsv", lines.substr(0, lines.rfind("(B) bus") + 3));
        row("cut off in quotes", "cv-bench:" + quoted.string(), "is cut off in record 2");

        const auto twice = newFolder();
        for (const char* name : {"a", "b"})
            fs::copy(mmvp, twice / name, fs::copy_options::recursive);
        row("twice", "mmvp:" + twice.string(), "holds MMVP twice, at ");
        const auto bare = copyOf("vstar/craigwu_vstar_bench");
        fs::remove_all(bare / "direct_attributes");
        fs::remove_all(bare / "relative_position");
        row("no pictures at all", "vstar:" + bare.string(),
            "; the other 4 records can't be used either");
    }
    void aFolderThatCanNotBeUsedIsAnError() {
        QFETCH(QString, source);
        QFETCH(QString, sentence);
        const auto error = QString::fromStdString(errorOf(source.toStdString()));
        QVERIFY2(error.contains(sentence), qPrintable(error));
    }

    // What is wrong with one item: it is left out and named, the others are there.
    void aBadItemIsLeftOutAndNamed() {
        const auto folder = copyOf("vstar/craigwu_vstar_bench");
        const auto broken = folder / "direct_attributes/sa_1002.jpg";
        write(broken, textOf(broken).substr(0, 3000));
        fs::remove(folder / "relative_position/sa_2001.jpg");
        write(folder / "relative_position/sa_2002.jpg",
              "version https://git-lfs.github.com/spec/v1\noid sha256:1\n");
        auto rows = textOf(folder / "test_questions.jsonl");
        rows = replaced(rows, "\"label\": \"D\"", "\"label\": \"yellow\"");
        rows += "not JSON\n" + rows.substr(0, rows.find('\n') + 1);
        write(folder / "test_questions.jsonl", rows);
        const auto set = readAs("vstar", folder);
        QCOMPARE(set.items.size(), std::size_t{1});
        QCOMPARE(set.leftOut.size(), std::size_t{6});
        const auto says = [&](std::size_t i, const char* what) {
            return set.leftOut[i].find(what) != std::string::npos;
        };
        QVERIFY2(says(0, "record 2: ") && says(0, "sa_1002.jpg"), set.leftOut[0].c_str());
        QVERIFY2(says(1, "\"yellow\" is neither a letter nor the number of an option"),
                 set.leftOut[1].c_str());
        QVERIFY2(says(2, "there is no file"), set.leftOut[2].c_str());
        QVERIFY2(says(3, "is a Git LFS pointer"), set.leftOut[3].c_str());
        QVERIFY2(says(4, "is not valid JSON"), set.leftOut[4].c_str());
        QVERIFY2(says(5, "the id 0 was there before"), set.leftOut[5].c_str());
    }

    void aTableRowOfTheWrongLengthIsLeftOut() {
        const auto folder = newFolder();
        picture(folder / "a.png");
        write(folder / "MMVP.tsv",
              "index\timage_path\tquestion\tA\tB\tanswer\n1\ta.png\tq?\tyes\tno\tA\n2\ta.png\tq?\n"
              "3\ta.png\tq?\tyes\tno\tC\n4\ta.png\tq?\tyes\tno\t1\n");
        const auto set = readAs("mmvp", folder);
        QCOMPARE(set.items.size(), std::size_t{2});
        QCOMPARE(set.items[1].gold, std::string("B"));  // the number of an option, from 0
        QVERIFY(set.leftOut[0].find("has 3 cells where the header has 6") != std::string::npos);
        QVERIFY(set.leftOut[1].find("\"C\" is none of the 2 options") != std::string::npos);
    }

    void twoFilesOfOneNumberAreNotGuessedBetween() {
        const auto folder = copyOf("mmvp/MMVP_MMVP");
        picture(folder / "MMVP Images/3.png");
        const auto set = readAs("mmvp", folder);
        QCOMPARE(set.items.size(), std::size_t{5});
        QVERIFY(set.leftOut[0].find("there are two pictures 3: ") != std::string::npos);
        QCOMPARE(set.items[2].cluster, std::string("1"));  // the pair keeps its number
    }

    void aCellMayNameAnotherRowsPicture() {
        const auto set = readAs("blink", kOwnSamples / "blink/BLINK.tsv");
        QCOMPARE(set.items.at(7).images, set.items.at(0).images);
        const auto folder = newFolder();
        auto table = textOf(kOwnSamples / "blink/BLINK.tsv");
        write(folder / "BLINK.tsv", replaced(table, "\n7\t0\t", "\n7\t90\t"));
        const auto without = readAs("blink", folder);
        QCOMPARE(without.items.size(), std::size_t{7});
        QVERIFY(without.leftOut[0].find("names the row 90") != std::string::npos);
    }

    void ownDataIsASetToo() {
        const auto folder = newFolder();
        picture(folder / "a.png");
        write(folder / "data.json",
              R"([{"image": "a.png", "dataset": "cups", "question_id": "q1", "conversations": [
                   {"from": "human", "value": "<image>\nWhat colour?"},
                   {"from": "gpt", "value": "<lvr>\n<answer> red </answer>"}],
                   "bboxes": [[0.25, 0, 0.5, 0.5]]},
                  {"image": "b.png", "conversations": []}])");
        const auto set = readAs("data", folder / "data.json");
        QCOMPARE(set.items.size(), std::size_t{1});
        QCOMPARE(set.leftOut.size(), std::size_t{1});
        const auto& item = set.items[0];
        QCOMPARE(item.id, std::string("q1"));
        QCOMPARE(item.category, std::string("cups"));
        QCOMPARE(item.gold, std::string("red"));
        QCOMPARE(readSample(item, PromptStyle::Lvr).rois.at(0), (Box{0.25, 0, 0.5, 0.5, 0}));
        QVERIFY(readBenchmark(parseBenchmarkSource(folder.string())).items == set.items);
    }

    void theVisualCotBenchmarkHasItsBoxes() {
        const auto folder = newFolder();
        picture(folder / "cot/gqa/1.png");
        const auto turn = [](const char* who, const char* text) {
            return OrderedJson{{"from", who}, {"value", text}};
        };
        const OrderedJson record = {
            {"question_id", 5},
            {"image", {"cot/gqa/1.png", "cot/gqa/1.png###[7, 14, 21, 28]"}},
            {"conversations",
             {turn("human", "<image>\nWhat is red? Please provide the bounding box"),
              turn("gpt", "[0.25, 0.5, 0.75, 1.0]"), turn("human", "<image>"),
              turn("gpt", "a cup")}}};
        write(folder / "benchmark/gqa.json", OrderedJson::array({record}).dump());
        const auto set = readAs("viscot", folder);
        const auto& item = set.items.at(0);
        QCOMPARE(item.id, std::string("gqa/5"));
        QCOMPARE(item.category, std::string("gqa"));
        QCOMPARE(item.gold, std::string("a cup"));
        QCOMPARE(item.targets.at(0), (BenchmarkTarget{"", 7, 14, 14, 14, 0}));
        QCOMPARE(readBenchmark(parseBenchmarkSource(folder.string())).benchmark,
                 std::string("viscot"));
    }

    void otherNamesAreRefused() {
        QVERIFY_EXCEPTION_THROWN(parseBenchmarkSource("vstarr:DIR"), UsageError);
        QVERIFY_EXCEPTION_THROWN(parseBenchmarkSource("vstar:"), UsageError);
        QCOMPARE(parseBenchmarkSource("hr_bench-4k:a:b").variant, std::string("4k"));
        QCOMPARE(parseBenchmarkSource("hr_bench-4k:a:b").where.data, fs::path("a:b"));
    }

    // ---- Results of other programs ----

    void resultsAreJoinedToTheirItems_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("model");
        QTest::addColumn<QStringList>("outputs");
        const auto lvr = [](const char* letter) {
            QString slots8;
            for (int i = 0; i < 8; ++i) slots8 += "<|lvr|>";
            return "<|lvr_start|>" + slots8 + "<|lvr_end|><answer> " + letter +
                   " </answer><|im_end|>";
        };
        QTest::newRow("lmms-eval")
            << "results/lmms-eval/Qwen__Qwen2.5-VL-7B-Instruct/"
               "20260301_120000_samples_vstar_bench.jsonl"
            << "lmms-eval samples"
            << "Qwen/Qwen2.5-VL-7B-Instruct" << QStringList{"C", "A.", "D.", "A", "A."};
        QTest::newRow("LVR") << "results/lvr-official/steps008.json"
                             << "LVR evaluation"
                             << "lvr-official"
                             << QStringList{lvr("A"), lvr("A"), lvr("A"), lvr("B"), lvr("A")};
        QTest::newRow("VLMEvalKit")
            << "results/VLMEvalKit/Qwen2.5-VL-7B-Instruct/T20260301_G0bac5c06/"
               "Qwen2.5-VL-7B-Instruct_VStarBench.xlsx"
            << "VLMEvalKit table"
            << "Qwen2.5-VL-7B-Instruct"
            << QStringList{"A", "(B)", "The answer is C.", "<answer> D </answer>", "nan"};
    }
    void resultsAreJoinedToTheirItems() {
        QFETCH(QString, file);
        QFETCH(QString, format);
        QFETCH(QString, model);
        QFETCH(QStringList, outputs);
        const auto set = readAs("vstar", kOwnSamples / "vstar/craigwu_vstar_bench");
        const auto results = readResults(kOwnSamples / file.toStdString(), &set);
        QCOMPARE(QString::fromStdString(results.format), format);
        QCOMPARE(QString::fromStdString(results.model), model);
        QVERIFY2(results.leftOut.empty(), listed(results.leftOut).c_str());
        QStringList read;
        for (std::size_t i = 0; i < results.results.size(); ++i) {
            const auto& result = results.results[i];
            read << QString::fromStdString(result.raw.output);
            QCOMPARE(result.id, set.items[i].id);
            QCOMPARE(result.raw.question, set.items[i].question);
            QCOMPARE(result.raw.options, set.items[i].options);
            QCOMPARE(result.raw.gold, set.items[i].gold);
            QCOMPARE(result.raw.benchmark, std::string("vstar"));
        }
        QCOMPARE(read, outputs);
    }

    void resultsAloneSayWhatTheirFileSays() {
        const auto table =
            readResults(kOwnSamples /
                        "results/VLMEvalKit/Qwen2.5-VL-7B-Instruct/T20260301_G0bac5c06/"
                        "Qwen2.5-VL-7B-Instruct_VStarBench.xlsx");
        QCOMPARE(table.benchmark, std::string("vstar"));
        QCOMPARE(table.results.at(3).raw.options.size(), std::size_t{2});
        QCOMPARE(table.results.at(0).category, std::string("direct_attributes"));
        const auto dump = readResults(kOwnSamples / "blink/outputs/LVR-tiny/Counting.json");
        QCOMPARE(dump.results.size(), std::size_t{2});
        QCOMPARE(dump.results[0].raw.gold, std::string("C"));
        QCOMPARE(dump.results[1].raw.output, std::string("It cannot be told."));
        QVERIFY(dump.leftOut.at(0).find("hidden") != std::string::npos);
        const auto blink = readAs("blink", kOwnSamples / "blink/BLINK-Benchmark_BLINK");
        QCOMPARE(readResults(kOwnSamples / "blink/outputs/LVR-tiny/Counting.json", &blink)
                     .results.at(0)
                     .raw.options,
                 blink.items.at(0).options);
    }

    // A log's row number alone would join it to the wrong question.
    void resultsOfOtherRowsAreNotJoined() {
        const auto set = readAs("vstar", kOwnSamples / "vstar/craigwu_vstar_bench");
        const auto file = newFolder() / "20260301_samples_vstar_bench.jsonl";
        write(file,
              R"({"doc_id": 0, "target": "C", "filtered_resps": ["C"], "resps": [["It is C."]]})"
              "\n"
              R"({"doc_id": 1, "target": "D", "filtered_resps": ["C"]})"
              "\n"
              R"({"doc_id": "x", "target": "D", "filtered_resps": ["C"]})"
              "\n{\n");
        const auto results = readResults(file, &set);
        QCOMPARE(results.results.size(), std::size_t{1});
        QCOMPARE(results.results[0].raw.output, std::string("It is C."));
        QCOMPARE(results.leftOut.size(), std::size_t{3});
        QVERIFY(results.leftOut[0].find("row 1 with the right answer \"D\"") != std::string::npos);
        const auto mmvp = readAs("mmvp", kOwnSamples / "mmvp/MMVP_MMVP");
        QVERIFY_EXCEPTION_THROWN(readResults(file, &mmvp), Error);
        QVERIFY_EXCEPTION_THROWN(readResults(kOwnSamples / "expected.json"), Error);
    }

    // Texts kept apart from their cells, in runs; numbers; cells that are not there; a second
    // sheet.
    void workbooksOfOtherWritersAreRead() {
        const auto set = readAs("hr-bench", kOwnSamples / "hr-bench/DreamMr_HR-Bench");
        const auto file = fs::path(LVR_FIXTURES) / "results/tiny_HRBench4K.xlsx";
        const auto results = readResults(file, &set);
        QVERIFY2(results.leftOut.empty(), listed(results.leftOut).c_str());
        QCOMPARE(results.results.size(), std::size_t{2});
        QCOMPARE(results.results[0].id, std::string("hrbench_4k/2"));
        QCOMPARE(results.results[0].raw.output, std::string("It is B & not A\n."));
        QCOMPARE(results.results[1].id, std::string("hrbench_4k/4"));
        QCOMPARE(results.results[1].raw.options, (std::vector<std::string>{"4", "9", "7", "1"}));
        QCOMPARE(results.results[1].raw.output, std::string("nan"));
        QCOMPARE(results.model, std::string("tiny"));
        const auto damaged = newFolder() / "tiny_MMVP.xlsx";
        write(damaged, textOf(file).substr(0, 900));
        QVERIFY_EXCEPTION_THROWN(readResults(damaged), Error);
    }

    // lmms-eval counts the rows of each subset, and of all shards of a split.
    void rowNumbersAreThoseOfTheTask_data() {
        QTest::addColumn<QString>("source");
        QTest::addColumn<QString>("task");
        QTest::addColumn<int>("row");
        QTest::addColumn<QString>("target");
        QTest::addColumn<QString>("id");
        const auto add = [](const char* source, const char* task, int row, const char* target,
                            const char* id) {
            QTest::newRow(task) << source << task << row << target << id;
        };
        const auto blink = "blink:blink/BLINK-Benchmark_BLINK";
        add(blink, "blink_counting", 1, "(A)", "val_Counting_2");
        add(blink, "blink_spatial_relation", 1, "A", "val_Spatial_Relation_2");
        add("cv-bench:cv-bench/nyu-visionx_CV-Bench", "cv_bench_3d", 1, "(A)", "4");
        add("hr-bench:hr-bench/DreamMr_HR-Bench", "hrbench8k", 3, "D", "hrbench_8k/3");
        add("mme-realworld-lite:mme-realworld-lite/yifanzhang114_MME-RealWorld-lite-lmms-eval",
            "mmerealworld_lite", 4, "C", "4");
    }
    void rowNumbersAreThoseOfTheTask() {
        QFETCH(QString, source);
        QFETCH(QString, task);
        QFETCH(int, row);
        QFETCH(QString, target);
        QFETCH(QString, id);
        const auto file = newFolder() / ("20260301_samples_" + task.toStdString() + ".jsonl");
        write(file, OrderedJson{{"doc_id", row},
                                {"target", target.toStdString()},
                                {"filtered_resps", OrderedJson::array({"A"})}}
                        .dump());
        const auto parts = source.split(':');
        const auto set = readAs(parts[0].toStdString(), kOwnSamples / parts[1].toStdString());
        const auto results = readResults(file, &set);
        QCOMPARE(QString::fromStdString(results.results.at(0).id), id);
    }

    void ourOwnOutputsAreReadBack() {
        const auto file = newFolder() / "raw.jsonl";
        write(file, OrderedJson{{"id", "7"},
                                {"benchmark", "vstar"},
                                {"question", "Q?"},
                                {"options", {"a", "b"}},
                                {"gold", "B"},
                                {"output", "<answer> B"}}
                        .dump());
        const auto results = readResults(file);
        QCOMPARE(results.format, std::string("lvr outputs"));
        QCOMPARE(results.results.at(0).raw.options, (std::vector<std::string>{"a", "b"}));
        QCOMPARE(results.results.at(0).raw.output, std::string("<answer> B"));
    }
};

QTEST_GUILESS_MAIN(BenchmarksTest)
#include "benchmarks_test.moc"
