// Formats that training data comes in, and what is said of data before anything is trained on it.

#include "datasets/dataset.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <parquet/arrow/writer.h>

#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/vision/image_file.h"
#include "core/vision/patch_grid.h"
#include "datasets/data_check.h"
#include "datasets/data_preview.h"

Q_DECLARE_METATYPE(std::shared_ptr<arrow::DataType>)

using namespace lvr;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

const fs::path kFixtures = LVR_RESOURCES "/../tests/fixtures/data";

}  // namespace

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
    std::string writeParquet(const arrow::Table& table, const std::string& name) const {
        const auto file = path(name).string();
        const auto out = arrow::io::FileOutputStream::Open(file).ValueOrDie();
        const auto schema = parquet::ArrowWriterProperties::Builder().store_schema()->build();
        const auto properties = parquet::default_writer_properties();
        const auto written = parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out,
                                                        300, properties, schema);
        if (!written.ok()) throw Error(written.ToString());
        return out->Close().ok() ? file : "";
    }
    struct Column {
        const char* name;
        std::shared_ptr<arrow::DataType> type;
        std::string rows;  // a JSON list
    };
    std::string writeColumns(const std::vector<Column>& columns) const {
        arrow::FieldVector fields;
        arrow::ArrayVector arrays;
        for (const auto& column : columns) {
            fields.push_back(arrow::field(column.name, column.type));
            arrays.push_back(
                arrow::json::ArrayFromJSONString(column.type, column.rows).ValueOrDie());
        }
        return writeParquet(*arrow::Table::Make(arrow::schema(fields), arrays), "columns.parquet");
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
        qputenv("XDG_CACHE_HOME", QByteArray::fromStdString(path("cache").string()));
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
        const auto file = writeParquet(*table, "virl.parquet");
        const auto data = readDataset({.data = file});
        QCOMPARE(data.records.size(), std::size_t{kRows});
        QCOMPARE(data.records[650].answer, std::string("650"));
        QCOMPARE(data.records[650].number, 651);

        fs::resize_file(file, fs::file_size(file) / 2);
        QVERIFY(contains(errorOf([&] { readDataset({.data = file}); }), "virl.parquet"));
    }

    // The Hub's usual form, {bytes, path}, alone and in lists.
    void picturesInsideOfParquetAreRead_data() {
        QTest::addColumn<QString>("file");
        QTest::newRow("a list of pictures, none named") << "geo.parquet";
        QTest::newRow("a named picture, texts as dictionaries") << "dict.parquet";
    }
    void picturesInsideOfParquetAreRead() {
        QFETCH(QString, file);
        const auto copy = path(file.toStdString());  // without the pictures beside it
        fs::copy_file(kFixtures / file.toStdString(), copy);
        auto data = readDataset({.data = copy});
        QVERIFY2(data.bad.empty(), data.bad.empty() ? "" : data.bad[0].problem.c_str());
        QCOMPARE(data.records.size(), 2U);
        const auto plain = readImage(kFixtures / "plain.png");
        for (const auto& record : data.records) {
            QCOMPARE(record.images.size(), 1U);
            QVERIFY(contains(record.images[0], path("cache/lvr-workbench/pictures").string()));
            QCOMPARE(readImage(record.images[0]).width, plain.width);
            QVERIFY(!record.question.empty() && !record.answer.empty());
        }
        QVERIFY(checkData(data, {}, ImageCheck::Decode, {}, {}).bad.empty());
        const auto kept = fs::last_write_time(data.records[0].images[0]);
        QCOMPARE(readDataset({.data = copy}).records[0].images, data.records[0].images);
        QVERIFY(fs::last_write_time(data.records[0].images[0]) == kept);  // written once
    }

    void picturesThatCannotBeKeptAreAnError() {
        const auto before = qgetenv("XDG_CACHE_HOME");
        qputenv("XDG_CACHE_HOME", "/proc/none");
        const auto error = errorOf([] { readDataset({.data = kFixtures / "geo.parquet"}); });
        qputenv("XDG_CACHE_HOME", before);
        QVERIFY2(contains(error, "XDG_CACHE_HOME"), error.c_str());
    }

    void columnsOfAnyWidthAreRead_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("answer");
        QTest::newRow("int8") << "t_int8.parquet"
                              << "3";
        QTest::newRow("uint16") << "t_uint16.parquet"
                                << "3";
        QTest::newRow("views") << "view.parquet"
                               << "x";
    }
    void columnsOfAnyWidthAreRead() {
        QFETCH(QString, file);
        QFETCH(QString, answer);
        const auto data = readDataset({.data = kFixtures / file.toStdString()});
        QVERIFY2(data.bad.empty(), data.bad.empty() ? "" : data.bad[0].problem.c_str());
        QCOMPARE(data.records.at(0).answer, answer.toStdString());
        QCOMPARE(data.records[0].images,
                 std::vector{fs::canonical(kFixtures / "plain.png").string()});
    }

    void everyKindOfColumnCanHoldTheAnswer_data() {
        QTest::addColumn<std::shared_ptr<arrow::DataType>>("type");
        QTest::addColumn<QByteArray>("rows");
        QTest::addColumn<QString>("answer");
        const auto row = [](const std::shared_ptr<arrow::DataType>& type, const char* rows,
                            const char* answer) {
            QTest::newRow(type->ToString().c_str()) << type << QByteArray(rows) << answer;
        };
        for (const auto& type : arrow::IntTypes()) row(type, "[1, 7]", "7");
        row(arrow::float16(), "[1, 7.5]", "7.5");
        row(arrow::float32(), "[1, 0.1]", "0.1");
        row(arrow::float64(), "[1, 0.1]", "0.1");
        row(arrow::decimal128(4, 1), R"(["1.0", "7.0"])", "7.0");
        for (const auto& type :
             {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view(), arrow::binary(),
              arrow::large_binary(), arrow::fixed_size_binary(1),
              arrow::dictionary(arrow::int8(), arrow::utf8()),
              arrow::dictionary(arrow::int32(), arrow::large_utf8())})
            row(type, R"(["1", "7"])", "7");
    }
    void everyKindOfColumnCanHoldTheAnswer() {
        QFETCH(std::shared_ptr<arrow::DataType>, type);
        QFETCH(QByteArray, rows);
        QFETCH(QString, answer);
        const auto file = writeColumns({{"image", arrow::utf8(), R"(["wide.png", "wide.png"])"},
                                        {"question", arrow::utf8(), R"(["What?", "How many?"])"},
                                        {"answer", type, rows.toStdString()}});
        const auto data = readDataset({.data = file});
        QVERIFY2(data.bad.empty(), data.bad.empty() ? "" : data.bad[0].problem.c_str());
        QCOMPARE(data.records.at(1).answer, answer.toStdString());
    }

    // Lists of every form, with floats that are written as they were meant.
    void listsOfAnyFormAreBoxes_data() {
        QTest::addColumn<std::shared_ptr<arrow::DataType>>("type");
        const auto four = arrow::fixed_size_list(arrow::float32(), 4);
        for (const auto& type : {arrow::list(arrow::list(arrow::float32())), arrow::list(four),
                                 arrow::large_list(arrow::list(arrow::float64())),
                                 arrow::fixed_size_list(arrow::list(arrow::float16()), 1)})
            QTest::newRow(type->ToString().c_str()) << type;
    }
    void listsOfAnyFormAreBoxes() {
        QFETCH(std::shared_ptr<arrow::DataType>, type);
        const auto turn = arrow::struct_(
            {arrow::field("from", arrow::utf8()), arrow::field("value", arrow::utf8())});
        const auto file = writeColumns(
            {{"image", arrow::utf8(), R"(["wide.png"])"},
             {"conversations", arrow::list(turn),
              R"([[{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "<lvr> x"}]])"},
             {"bboxes", type, "[[[0.5, 0.25, 0.75, 1]]]"}});
        const auto data = readDataset({.data = file});
        QVERIFY2(data.bad.empty(), data.bad.empty() ? "" : data.bad[0].problem.c_str());
        QCOMPARE(data.records.at(0).boxes, (std::vector<Box>{{0.5, 0.25, 0.75, 1}}));
    }

    void anAnswerThatIsNoNumberIsABadRecord() {
        const auto data = readDataset({.data = kFixtures / "nums.parquet"});
        QCOMPARE(data.records.size(), 2U);
        QCOMPARE(data.records[0].answer, std::string("1.5"));
        QCOMPARE(data.bad.size(), 1U);
        QCOMPARE(data.bad[0].number, 2);
        QVERIFY2(contains(data.bad[0].problem, "answer"), data.bad[0].problem.c_str());
    }

    // Whatever else is in a file, only the record that is wrong is left out.
    void oneRecordThatIsNoJsonLeavesTheOthers_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<int>("good");
        QTest::addColumn<int>("bad");
        QTest::newRow("NaN in a field nobody reads") << "nan_other.json" << 2 << 0;
        QTest::newRow("a lone surrogate") << "surrogate.json" << 2 << 1;
        QTest::newRow("JSON lines named .json") << "jsonl_named.json" << 3 << 0;
        QTest::newRow("empty answers") << "empty-answer.json" << 0 << 2;
        QTest::newRow("a width beyond all pictures") << "width-1e300.json" << 0 << 1;
    }
    void oneRecordThatIsNoJsonLeavesTheOthers() {
        QFETCH(QString, file);
        QFETCH(int, good);
        QFETCH(int, bad);
        const auto data = readDataset({.data = kFixtures / file.toStdString()});
        QCOMPARE(data.records.size(), static_cast<std::size_t>(good));
        QCOMPARE(data.bad.size(), static_cast<std::size_t>(bad));
    }

    void problemsOfFieldsAreSaid() {
        const auto problem = [](const char* file) {
            return readDataset({.data = kFixtures / file}).bad.at(0).problem;
        };
        QVERIFY2(contains(problem("surrogate.json"), "is not valid JSON from byte 125 on, near "),
                 problem("surrogate.json").c_str());
        QVERIFY(contains(problem("width-1e300.json"), "must be pixels"));
        QVERIFY(contains(problem("empty-answer.json"), "answer is empty"));
    }

    void numbersThatAreNotFiniteAreMissing_data() {
        QTest::addColumn<QByteArray>("number");
        for (const char* number : {"NaN", "Infinity", "-Infinity", "null"})
            QTest::newRow(number) << QByteArray(number);
    }
    void numbersThatAreNotFiniteAreMissing() {
        QFETCH(QByteArray, number);
        const Json given{{"image", "wide.png"}, {"question", "Is \"NaN\" -Infinity?"}};
        const auto line = [&](const std::string& more) {
            auto text = given.dump();
            text.pop_back();
            return text + ", \"answer\": " + number.toStdString() + more + "}";
        };
        const auto read = [&](const std::string& text, const char* name) {
            return readDataset({.data = write(text, name)});
        };
        const auto list =
            read("[" + line("") + "," + line(", \"answer\": \"NaN\"") + "]", "n.json");
        QCOMPARE(list.bad.size(), 1U);
        QVERIFY(contains(list.bad[0].problem, "\"answer\" is missing"));
        QCOMPARE(list.records.at(0).answer, std::string("NaN"));  // which is a text
        QCOMPARE(list.records[0].question, std::string("Is \"NaN\" -Infinity?"));
        QCOMPARE(read(line(""), "n.jsonl").bad.size(), 1U);
    }

    void aByteOrderMarkIsPassedOver() {
        const std::string mark = "\xef\xbb\xbf", record = lvrRecord().dump();
        for (const auto& [text, name] : {std::pair("[" + record + "]", "bom.json"),
                                         {record + "\n" + record, "bom.jsonl"},
                                         {record + "\n" + record, "lines.json"},
                                         {" \n[" + record + "]", "list.jsonl"}})
            QVERIFY(readDataset({.data = write(mark + text, name)}).bad.empty());
        const Json meta{{{"ds_name", "a"}, {"data_path", "bom.json"}, {"image_folder", ""}}};
        QCOMPARE(readDataset({.data = write(mark + meta.dump(), "meta.json")}).records.size(), 1U);
    }

    void whatIsNoListOfRecordsIsAnError_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("why");
        QTest::newRow("an object over lines")
            << QByteArray("{\n \"a\": 1\n}") << "must hold an array";
        QTest::newRow("an object of nothing") << QByteArray("{}") << "must hold an array";
        QTest::newRow("a number") << QByteArray("3") << "must hold an array";
        QTest::newRow("nothing") << QByteArray("") << "must hold an array";
        QTest::newRow("cut off") << QByteArray("[{\"a\": 1}, {\"b\": \"]") << "after record 1";
        QTest::newRow("no last entry") << QByteArray("[{\"a\": 1},]") << "an entry is empty";
        QTest::newRow("more than a list") << QByteArray("[{\"a\": 1}] []") << "after the end";
        QTest::newRow("brackets of another kind") << QByteArray("[}]") << "a bracket closes";
    }
    void whatIsNoListOfRecordsIsAnError() {
        QFETCH(QByteArray, text);
        QFETCH(QString, why);
        const auto file = write(text.toStdString(), "none.json");
        const auto error = errorOf([&] { readDataset({.data = file}); });
        QVERIFY2(contains(error, why.toStdString()) && contains(error, "none.json"), error.c_str());
    }

    void imagesMayBeNamedInThePlural() {
        auto record = lvrRecord();
        record["images"] = {record["image"]};
        record.erase("image");
        auto llava = llavaRecord(true);
        llava["images"] = llava["image"];
        llava.erase("image");
        auto cot = Json{{"question", "?"},
                        {"answer", "a"},
                        {"images", "1.png"},
                        {"bboxs", {{1, 1, 9, 9}}},
                        {"dataset", "gqa"}};
        const auto file = write(Json{record, llava, cot}.dump(), "plural.json");
        const auto data = readDataset({.data = file});
        QVERIFY2(data.bad.empty(), data.bad.empty() ? "" : data.bad[0].problem.c_str());
        QCOMPARE(data.records[1].boxes.size(), 1U);
    }

    void aStatedSizeThatIsNotTheFilesIsNoted() {
        fs::copy_file(kFixtures / "ori6.jpg", path("gqa/ori6.jpg"));
        const auto notes = [&](int width, int height) {
            const Json record{{"question", "What is it?"}, {"answer", "cat"},
                              {"image", "ori6.jpg"},       {"bboxs", {{10, 10, 20, 20}}},
                              {"dataset", "gqa"},          {"width", width},
                              {"height", height}};
            auto data = readDataset({.data = write(Json{record}.dump(), "stated.json")});
            return checkData(data, {}, ImageCheck::Structure, {}, {}).notes;
        };
        QVERIFY(notes(56, 84).empty());
        QVERIFY2(contains(notes(84, 56).at(0).what, "EXIF"), notes(84, 56)[0].what.c_str());
        QVERIFY(contains(notes(560, 840).at(0).what, "the file has 56 x 84"));
        QVERIFY(!contains(notes(560, 840)[0].what, "EXIF"));
    }

    void imageMarksStayWhereTheyAre() {
        const auto question = [&](const std::string& human) {
            auto record = lvrRecord();
            record["image"] = {"wide.png", "tall.png"};
            record["conversations"][0]["value"] = human;
            const auto data = readDataset({.data = write(Json{record}.dump(), "marks.json")});
            return data.bad.empty() ? data.records[0].question : data.bad[0].problem;
        };
        const std::string between = "First <image> and second <image>: same?";
        QCOMPARE(question(between), between);
        QCOMPARE(question("<image>\n<image>\nSame?"), std::string("Same?"));
        QCOMPARE(question("\n<image>\n<image>\n\nSame?"), std::string("\nSame?"));
        QCOMPARE(question("Same?"), std::string("Same?"));
        QVERIFY(contains(question("First <image>: same?"), "1 <image> for 2 images"));
    }

    void everyFormatKeepsImageMarks() {
        auto cot = Json{{"question", "Is <image> it?"},
                        {"answer", "a"},
                        {"image", "1.png"},
                        {"bboxs", {{1, 1, 9, 9}}},
                        {"dataset", "gqa"}};
        auto virl = Json{{"problem", "Is <image> it?"}, {"answer", "a"}, {"image", "wide.png"}};
        auto llava = llavaRecord(true);
        llava["conversations"][0]["value"] = "Is <image> it? Please provide the bounding box";
        const auto read = [&] {
            return readDataset({.data = write(Json{cot, virl, llava}.dump(), "all.json")});
        };
        for (const auto& record : read().records)
            QVERIFY2(contains(record.question, "Is <image> it?"), record.question.c_str());
        cot["question"] = virl["problem"] = "<image> <image>?";
        llava["conversations"][0]["value"] = "<image> <image>?";
        QCOMPARE(read().bad.size(), 3U);
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
        const auto read = readDataset({.data = write(Json{record}.dump(), "two.json")});
        QCOMPARE(read.records.at(0).boxes,
                 (std::vector<Box>{{0, 0, 1, 1, 1}, {0, 0, 0.5, 0.5, 0}}));
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
        row("not JSON", R"({"question": )", "not valid JSON");
        QTest::newRow("a spoken box in pixels")
            << QByteArray::fromStdString(llavaRecord(false, "[100, 50, 200, 80]").dump())
            << "fractions of the padded picture";
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
        QCOMPARE(report.imageTokens.most, 17.0 * 23);                          // 476 x 644 pixels
        const auto tokens = boxTokens({0.2, 0.5, 0.5, 0.9}, {17, 23}).size();  // the turned one's
        QCOMPARE(report.roiTokens.median, static_cast<double>(tokens));
    }

    void aCleanedCopyIsGoodAndMeansTheSame() {
        auto two = lvrRecord({{0.1, 0.1, 0.2, 0.2}, {0.9, 0.2, 0.5, 1.1}});
        two["image"] = {"wide.png", "gqa/1.png"};
        two["conversations"][0]["value"] = "Both, <image> and <image>?";
        two["bbox_images"] = {0, 1};
        auto data = readDataset({.data = write(Json{lvrRecord(), 3, two}.dump(), "dirty.json")});
        writeLvrJson(data.records, path("clean.json"));
        auto again = readDataset({.data = path("clean.json")});
        QVERIFY(again.bad.empty());
        QCOMPARE(again.records.size(), 2U);
        QCOMPARE(again.records[1].images, data.records[1].images);
        QCOMPARE(again.records[1].boxes[1], (Box{0.5, 0.2, 0.9, 1.0, 1}));
        QCOMPARE(again.records[0].question, data.records[0].question);
        QCOMPARE(again.records[1].question, data.records[1].question);
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
