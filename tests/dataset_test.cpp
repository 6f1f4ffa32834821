// Formats that training data comes in, and what is said of data before anything is trained on it.

#include "datasets/dataset.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/vision/image_file.h"
#include "core/vision/patch_grid.h"
#include "datasets/data_check.h"
#include "datasets/data_preview.h"

using namespace lvr;
namespace fs = std::filesystem;
using Json = nlohmann::json;

class DatasetTest : public QObject {
    Q_OBJECT
    QTemporaryDir temporary_;
    fs::path path(const std::string& name) const {
        return fs::path(temporary_.path().toStdString()) / name;
    }
    void picture(const std::string& name, int width, int height) const {
        fs::create_directories(path(name).parent_path());
        writePng({width, height, std::vector<std::uint8_t>(std::size_t{3} * width * height, 90)},
                 path(name));
    }
    fs::path write(const std::string& text, const std::string& name) const {
        std::ofstream(path(name), std::ios::binary) << text;
        return path(name);
    }
    template <class Act>
    static std::string errorOf(Act act) {
        try {
            act();
        } catch (const Error& error) {
            return error.what();
        }
        return "no error";
    }
    static bool contains(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }
    static Json lvrRecord(const Json& boxes = {{0.1, 0.2, 0.3, 0.4}}) {
        return {{"image", "wide.png"},
                {"conversations",
                 {{{"from", "human"}, {"value", "<image>\nWhat?"}},
                  {{"from", "gpt"}, {"value", "<lvr>\n<answer> red </answer>"}}}},
                {"bboxes", boxes}};
    }
    // As published: a picture of 391 x 500, whose x 217 is (217 + 54) / 500 of the padded square.
    static Json llavaRecord(bool pixels, const std::string& spoken = "[0.542, 0.2, 0.742, 0.6]") {
        Json images{"tall.png"};
        if (pixels) images.push_back("tall.png###[217, 100, 317, 300]");
        return {{"image", images},
                {"conversations",
                 {{{"from", "human"},
                   {"value",
                    "<image>\nWhat color? Please provide the bounding box coordinate of the region "
                    "that can help you answer the question better."}},
                  {{"from", "gpt"}, {"value", spoken}},
                  {{"from", "human"}, {"value", "<image>"}},
                  {{"from", "gpt"}, {"value", "Green."}}}}};
    }
    static void compare(const Box& box, const Box& wanted, double within) {
        for (const auto edge : {&Box::x0, &Box::y0, &Box::x1, &Box::y1})
            QVERIFY2(std::abs(box.*edge - wanted.*edge) <= within,
                     qPrintable(QString::number(box.*edge) + " " + QString::number(wanted.*edge)));
    }

private Q_SLOTS:
    void initTestCase() {
        picture("wide.png", 640, 480);
        picture("tall.png", 391, 500);
        picture("gqa/1.png", 200, 100);
    }

    void visualCotMetadataIsInPixels() {
        const Json line{{"question", "What is it?"},
                        {"answer", "a cat"},
                        {"image", "1.png"},
                        {"width", 200},
                        {"height", 100},
                        {"dataset", "gqa"},
                        {"split", "train"},
                        {"bboxs", {{20, 10, 120, 60}, {0, 0, 5, 5}}}};
        const auto data =
            readDataset({.data = write(line.dump() + "\n\n" + line.dump(), "a.jsonl")});
        QCOMPARE(data.records.size(), 2U);
        QCOMPARE(data.records[1].number, 2);
        const auto& record = data.records[0];
        QCOMPARE(record.images, std::vector{path("gqa/1.png").string()});
        QCOMPARE(record.boxes, (std::vector<Box>{{0.1, 0.1, 0.6, 0.6}, {0, 0, 0.025, 0.05}}));
        QCOMPARE(record.response, std::string("<lvr>\n<answer> a cat </answer>"));
        QCOMPARE(record.question, std::string("What is it?\nProvide a short and direct response."));
    }

    void llavaBoxesArePixelsOrOfThePaddedSquare() {
        const auto file = write(Json{llavaRecord(true), llavaRecord(false)}.dump(), "llava.json");
        const auto data = readDataset({.data = file});
        QCOMPARE(data.records.size(), 2U);
        const Box wanted{217.0 / 391, 0.2, 317.0 / 391, 0.6};
        for (const auto& record : data.records) {
            QCOMPARE(record.boxes.size(), 1U);
            compare(record.boxes[0], wanted, 1e-9);
            QCOMPARE(record.question,
                     std::string("What color?\nProvide a short and direct response."));
            QCOMPARE(record.answer, std::string("Green."));
            QCOMPARE(record.images.size(), 1U);
            QVERIFY(record.note.empty());
        }
    }

    void boxesThatDisagreeAreNoted() {
        const auto record = llavaRecord(true, "[0.1, 0.2, 0.3, 0.6]");
        const auto data = readDataset({.data = write(Json{record}.dump(), "odd.json")});
        QVERIFY(contains(data.records.at(0).note, "different places"));
    }

    void virlIsReadFromJson() {
        const Json row{{"question", "<image>\nHow many?"},
                       {"answer", "\\boxed{\\frac{1}{2}}"},
                       {"category", "Counting"},
                       {"qid", 7},
                       {"image", {"wide.png"}}};
        const Json renamed{
            {"problem", "Who?"}, {"answer", 3}, {"id", "x"}, {"images", {"wide.png"}}};
        const auto data = readDataset({.data = write(Json{row, renamed}.dump(), "virl.json")});
        QCOMPARE(data.records.size(), 2U);
        QCOMPARE(data.records[0].answer, std::string("\\frac{1}{2}"));
        QCOMPARE(data.records[0].question, std::string("How many?"));
        QCOMPARE(data.records[0].dataset, std::string("Counting"));
        QCOMPARE(data.records[0].questionId, std::string("7"));
        QCOMPARE(data.records[1].answer, std::string("3"));
        QVERIFY(data.records[1].boxes.empty());
    }

    void virlIsReadFromParquet() {
        arrow::StringBuilder question, answer;
        auto images = std::make_shared<arrow::StringBuilder>();
        arrow::ListBuilder lists(arrow::default_memory_pool(), images);
        constexpr int kRows = 700;  // more than is read at a time
        for (int i = 0; i < kRows; ++i) {
            QVERIFY(question.Append("Q" + std::to_string(i)).ok());
            QVERIFY(answer.Append("\\boxed{" + std::to_string(i) + "}").ok());
            QVERIFY(lists.Append().ok() && images->Append("wide.png").ok());
        }
        const auto schema = arrow::schema({arrow::field("question", arrow::utf8()),
                                           arrow::field("answer", arrow::utf8()),
                                           arrow::field("image", arrow::list(arrow::utf8()))});
        const auto table =
            arrow::Table::Make(schema, {question.Finish().ValueOrDie(),
                                        answer.Finish().ValueOrDie(), lists.Finish().ValueOrDie()});
        const auto file = path("virl.parquet").string();
        auto out = arrow::io::FileOutputStream::Open(file).ValueOrDie();
        QVERIFY(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 300).ok());
        QVERIFY(out->Close().ok());
        const auto data = readDataset({.data = file});
        QCOMPARE(data.records.size(), std::size_t{kRows});
        QCOMPARE(data.records[650].answer, std::string("650"));
        QCOMPARE(data.records[650].number, 651);

        fs::resize_file(file, fs::file_size(file) / 2);
        QVERIFY(contains(errorOf([&] { readDataset({.data = file}); }), "virl.parquet"));
    }

    void pathsAreRemapped() {
        auto record = lvrRecord();
        record["image"] = "viscot/pictures/1.png";
        const auto file = write(Json{record}.dump(), "mapped.json");
        QCOMPARE(readDataset({.data = file}).bad.size(), 1U);
        const auto data =
            readDataset({.data = file, .remap = {"other/=x/", "viscot/pictures/=gqa/"}});
        QCOMPARE(data.records.at(0).images, std::vector{path("gqa/1.png").string()});
        QVERIFY(
            contains(errorOf([&] { readDataset({.data = file, .remap = {"gqa"}}); }), "--remap"));
    }

    void boxesMayBeOnDifferentImages() {
        auto record = lvrRecord({{0, 0, 1, 1}, {0, 0, 0.5, 0.5}});
        record["image"] = {"wide.png", "tall.png"};
        record["conversations"][0]["value"] = "Compare.";
        record["bbox_images"] = {1, 0};
        QCOMPARE(readDataset({.data = write(Json{record}.dump(), "two.json")}).records[0].boxImages,
                 (std::vector{1, 0}));
        for (const Json& wrong : {Json{1}, Json{1, 2}, Json{-1, 0}, Json{"a", 0}, Json(3)}) {
            record["bbox_images"] = wrong;
            const auto data = readDataset({.data = write(Json{record}.dump(), "two.json")});
            QVERIFY(contains(data.bad.at(0).problem, "bbox_images"));
        }
    }

    void fewBadRecordsAreLeftOutAndManyAreAnError() {
        Json list = Json::array();
        for (int i = 0; i < 40; ++i) list.push_back(lvrRecord());
        list[7]["image"] = "gone.png";
        list[9] = 3;
        std::string said;
        const auto leftOut = [&](const std::string& sentence) { said += sentence; };
        const auto file = write(list.dump(), "mostly.json");
        QCOMPARE(readUsable({.data = file}, leftOut).records.size(), 38U);
        QVERIFY2(contains(said, "left out 2 records of 40") && contains(said, "record 8") &&
                     contains(said, "gone.png"),
                 said.c_str());
        list[10]["bboxes"] = {{10, 10, 90, 90}};
        write(list.dump(), "mostly.json");
        const auto error = errorOf([&] { readUsable({.data = file}, leftOut); });
        QVERIFY2(contains(error, "record 8") && contains(error, "2 others of 40"), error.c_str());
    }

    void wrongFieldsAreNamed_data() {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QString>("named");
        const auto row = [](const char* name, const char* line, const char* named) {
            QTest::newRow(name) << QByteArray(line) << named;
        };
        row("pixels of another picture",
            R"({"question":"a","answer":"b","image":"1.png","dataset":"gqa","bboxs":[[900,0,950,9]]})",
            "bboxs");
        row("fractions for pixels",
            R"({"question":"a","answer":"b","image":"1.png","dataset":"gqa","bboxs":[[0.1,0,0.5,1]]})",
            "pixels");
        row("box of text",
            R"({"question":"a","answer":"b","image":"1.png","dataset":"gqa","bboxs":["x"]})",
            "bboxs");
        row("width of nothing",
            R"({"question":"a","answer":"b","image":"1.png","dataset":"gqa","width":0,"height":"x","bboxs":[]})",
            "width");
        row("no answer", R"({"question":"a","image":"wide.png"})", "answer");
        row("not JSON", R"({"question": )", "object");
        row("box that is no box", R"({"image":["tall.png###[1,2"],"conversations":[{},{}]})",
            "image");
    }
    void wrongFieldsAreNamed() {
        QFETCH(QByteArray, line);
        QFETCH(QString, named);
        const auto data = readDataset({.data = write(line.toStdString(), "wrong.jsonl")});
        QCOMPARE(data.bad.size(), 1U);
        QVERIFY2(contains(data.bad[0].problem, named.toStdString()), data.bad[0].problem.c_str());
    }

    void aCheckFindsBrokenImagesAndOddBoxes() {
        picture("cut.png", 300, 300);
        fs::resize_file(path("cut.png"), fs::file_size(path("cut.png")) / 2);
        auto cut = lvrRecord();
        cut["image"] = "cut.png";
        auto none = lvrRecord();
        none["conversations"] = 1;
        const Json list{lvrRecord(),
                        cut,
                        none,
                        lvrRecord({{0.5, 0.5, 0.2, 0.9}}),
                        lvrRecord({{-0.2, 0, 1.3, 0.9}}),
                        lvrRecord({{0.5, 0.5, 0.5, 0.5}})};
        auto data = readDataset({.data = write(list.dump(), "checked.json")});
        std::size_t looked = 0;
        const auto report = checkData(data, {}, ImageCheck::Structure,
                                      [&](std::size_t, std::size_t) { ++looked; }, {});
        QCOMPARE(looked, 2U);
        QCOMPARE(report.records, 6U);
        QCOMPARE(report.bad.size(), 2U);
        QVERIFY(contains(report.bad[0].name, "record 2") &&
                contains(report.bad[0].what, "cut.png"));
        QVERIFY(contains(report.bad[1].what, "conversations"));
        QCOMPARE(report.notes.size(), 3U);
        QVERIFY(contains(report.notes[0].what, "wrong way round"));
        QVERIFY(contains(report.notes[1].what, "beyond"));
        QVERIFY(contains(report.notes[2].what, "one token"));
        QCOMPARE(report.imageTokens.most, 17.0 * 23);  // 476 x 644 pixels
        const auto tokens = boxTokens({0.1, 0.2, 0.3, 0.4}, {17, 23}).size();
        QCOMPARE(report.roiTokens.median, static_cast<double>(tokens));
    }

    void aCleanedCopyIsGoodAndMeansTheSame() {
        auto two = lvrRecord({{0.1, 0.1, 0.2, 0.2}, {0.9, 0.2, 0.5, 1.1}});
        two["image"] = {"wide.png", "gqa/1.png"};
        two["conversations"][0]["value"] = "Both?";
        two["bbox_images"] = {0, 1};
        auto data = readDataset({.data = write(Json{lvrRecord(), 3, two}.dump(), "dirty.json")});
        writeLvrJson(data.records, path("clean.json"));
        auto again = readDataset({.data = path("clean.json")});
        QVERIFY(again.bad.empty());
        QCOMPARE(again.records.size(), 2U);
        QCOMPARE(again.records[1].images, data.records[1].images);
        QCOMPARE(again.records[1].boxImages, data.records[1].boxImages);
        QCOMPARE(again.records[1].boxes[1], (Box{0.5, 0.2, 0.9, 1.0}));
        QCOMPARE(again.records[0].question, data.records[0].question);
        QVERIFY(checkData(again, {}, ImageCheck::Decode, {}, {}).notes.empty());
        std::ifstream in(path("clean.json"));
        QVERIFY(
            !contains({std::istreambuf_iterator<char>(in), {}}, temporary_.path().toStdString()));
    }

    void aPreviewTintsTheTokensOfTheBox() {
        const auto data = readDataset(
            {.data = write(Json{lvrRecord({{0.5, 0.5, 0.6, 0.6}})}.dump(), "shown.json")});
        const auto image = previewRecord(data.records[0], {});
        QCOMPARE(image.width, 644);
        const auto pixel = [&](double x, double y) {
            const auto at = 3 * (static_cast<std::size_t>(y * image.height) * image.width +
                                 static_cast<std::size_t>(x * image.width));
            return std::array{image.rgb[at], image.rgb[at + 1], image.rgb[at + 2]};
        };
        QCOMPARE(pixel(0.2, 0.21), (std::array<std::uint8_t, 3>{90, 90, 90}));
        QVERIFY(pixel(0.55, 0.55)[0] > 120);
    }

    // Whatever bytes a file holds, the reader ends with records, bad records or an Error.
    void damagedFilesNeverCrashTheReader() {
        const std::string whole =
            Json{lvrRecord(), llavaRecord(true), lvrRecord({{0, 0, 1, 1}})}.dump();
        std::mt19937 random(7);
        for (int i = 0; i < 3000; ++i) {
            auto text = whole;
            for (int k = 0; k < 1 + i % 4 && !text.empty(); ++k) {
                const auto at = random() % text.size();
                switch (random() % 4) {
                    case 0:
                        text[at] = static_cast<char>(random() % 256);
                        break;
                    case 1:
                        text.erase(at, 1 + random() % 30);
                        break;
                    case 2:
                        text.insert(at, whole.substr(random() % whole.size(), 12));
                        break;
                    default:
                        text.resize(at + 1);
                }
            }
            const auto file = write(text, i % 2 ? "fuzz.json" : "fuzz.jsonl");
            try {
                const auto data = readDataset({.data = file});
                QVERIFY(data.records.size() + data.bad.size() > 0);
            } catch (const Error& error) {
                QVERIFY(contains(error.what(), "fuzz.json"));
            }
        }
    }
};

QTEST_GUILESS_MAIN(DatasetTest)
#include "dataset_test.moc"
