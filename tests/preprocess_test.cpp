#include "core/vision/preprocess.h"

#include <QCryptographicHash>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/vision/image_file.h"
#include "core/vision/patch_grid.h"
#include "core/vision/picture_plan.h"
#include "tests/support/cpu_time.h"
#include "tests/support/goldens.h"

using namespace lvr;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

Size sizeOf(const Json& hw) { return {hw[0], hw[1]}; }

std::string sizeText(Size size) {
    return std::to_string(size.height) + "x" + std::to_string(size.width);
}

PreprocessConfig limits(const Json& from) {
    PreprocessConfig config;
    config.minPixels = from.at("min_pixels");
    config.maxPixels = from.at("max_pixels");
    return config;
}

constexpr PreprocessConfig kLargePictures{.maxPixels = 12845056};
const std::vector<Size> kPhotos{{4000, 6000}, {6000, 4000}, {1200, 1600}, {300, 9000},
                                {84, 84},     {30, 5000},   {2000, 2000}};
constexpr int kTokenPixels = 28 * 28;

// The most visual tokens a picture may have so that all of them fit, found by trying each number.
std::int64_t mostTokens(const std::vector<Size>& pictures, std::int64_t room) {
    std::int64_t most = 0;
    for (std::int64_t each = 4; each <= 2048; ++each) {
        auto limits = kLargePictures;
        limits.maxPixels = each * kTokenPixels;
        std::int64_t all = 0;
        for (const auto& picture : pictures) all += tokenGrid(picture, limits).count();
        if (all <= room) most = each;
    }
    return most;
}

// "336x504", or "error" where the reference raised one.
std::string resized(const Json& row, Size (*resize)(Size, const PreprocessConfig&)) {
    try {
        return sizeText(resize(sizeOf(row["hw"]), limits(row)));
    } catch (const Error&) {
        return "error";
    }
}

// How many rows of a golden table `resize` does not reproduce.
int countWrong(const Json& table, Size (*resize)(Size, const PreprocessConfig&)) {
    int wrong = 0;
    for (const auto& row : table) {
        const bool fails = !row.contains("resized_hw") || row["resized_hw"].is_null();
        const auto expected = fails ? "error" : sizeText(sizeOf(row["resized_hw"]));
        if (resized(row, resize) == expected) continue;
        ++wrong;
        qWarning() << row.dump().c_str() << "gave" << resized(row, resize).c_str();
    }
    return wrong;
}

std::string sha256(const Image& image) {
    const auto bytes = QByteArray(reinterpret_cast<const char*>(image.rgb.data()),
                                  static_cast<qsizetype>(image.rgb.size()));
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex().toStdString();
}

std::string errorOf(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& e) {
        return e.what();
    }
    return "";
}

// Every pixel its own place: red = x, green = y.
Image ramp(int width, int height) {
    Image image{width, height, {}};
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (const int value : {x, y, 0}) image.rgb.push_back(static_cast<std::uint8_t>(value));
    return image;
}

// Deterministic noise, the hardest picture for a resampler.
Image noise(int width, int height) {
    Image image{width, height, {}};
    std::uint32_t state = 1;
    for (int i = 0; i < width * height * 3; ++i) {
        state = state * 1664525 + 1013904223;
        image.rgb.push_back(static_cast<std::uint8_t>(state >> 24));
    }
    return image;
}

constexpr PatchGrid kGrid{8, 8};

}  // namespace

class PreprocessTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aPlanIsTheLargestThatFits_data();
    void aPlanIsTheLargestThatFits();
    void whatFitsIsReadAsAsked();
    void aPictureKeepsItsSizeFromQuestionToQuestion();
    void aGivenThoughtTakesRoomToo();
    void withoutRoomForTheSmallestPictureThereIsNoPlan();
    void aQuestionsLimitsStandInForTheModels();
    void sizesEqualTransformers();
    void sizesEqualTheOfficialLoader();
    void tooLongPicturesAreRefused();
    void resizingEqualsPillow();
    void resizingEqualsPillowForEverySetting();
    void resizingToNothingIsAnError();
    void shrinkingAPhotoTakesLittleWork();
    void pixelValuesEqualTransformers();
    void severalPicturesFollowEachOther();
    void patchesAreOrderedCellByCell();
    void sidesMustBeWholeCells();
    void configsAreRead_data();
    void configsAreRead();
    void aProcessorOfTransformers5IsRead();
    void anAdapterHasItsBasesPreprocessor();
    void anAbsentConfigGivesTheDefaults();
    void brokenConfigsNameFileAndField_data();
    void brokenConfigsNameFileAndField();
    void boxesEqualTheOfficialMapping();
    void degenerateBoxesGiveOneToken_data();
    void degenerateBoxesGiveOneToken();
    void normalBoxesAreTheSameInBothModes();
    void boxesThatAreNotNumbersStayInsideTheGrid();
    void anEmptyGridHasNoTokens();
    void aTokensBoxGivesTheToken();
};

void PreprocessTest::sizesEqualTransformers() {
    const auto table = golden::json("preprocess.json")["smart_resize"];
    QVERIFY(!table.empty());
    QCOMPARE(countWrong(table, smartResize), 0);
    qInfo() << table.size() << "sizes equal";
}

void PreprocessTest::sizesEqualTheOfficialLoader() {
    const auto table = golden::json("resize_cases.json")["cases"];
    QVERIFY(!table.empty());
    QCOMPARE(countWrong(table, smartResizeLoader), 0);
    qInfo() << table.size() << "sizes equal";
}

void PreprocessTest::tooLongPicturesAreRefused() {
    QCOMPARE(errorOf([] { smartResize({10, 2000}, {}); }), "");
    const auto error = errorOf([] { smartResize({10, 2001}, {}); });
    QVERIFY2(error.find("2001 x 10") != std::string::npos, error.c_str());
    QCOMPARE(errorOf([] { smartResizeLoader({10, 2001}, {}); }), error);
    QVERIFY(!errorOf([] { smartResize({0, 10}, {}); }).empty());
}

void PreprocessTest::resizingEqualsPillow() {
    int equal = 0;
    const auto cases = golden::json("preprocess.json")["cases"];
    for (const auto& row : cases) {
        if (!row.contains("resized")) continue;
        const auto before = readImage(golden::path(row["rgb"]));
        const auto after = resizeBicubic(before, sizeOf(row["resized_hw"]));
        QVERIFY2(after == readImage(golden::path(row["resized"])), row.dump().c_str());
        ++equal;
    }
    QVERIFY(equal > 0);
}

void PreprocessTest::resizingEqualsPillowForEverySetting() {
    const auto cases = golden::json("preprocess.json")["cases"];
    for (const auto& row : cases) {
        const auto before = readImage(golden::path(row["rgb"]));
        QCOMPARE(sha256(before), row["rgb_sha256"]);
        const auto size = smartResize({before.height, before.width}, limits(row));
        QCOMPARE(size, sizeOf(row["resized_hw"]));
        QCOMPARE(sha256(resizeBicubic(before, size)), row["resized_sha256"]);
    }
    qInfo() << cases.size() << "resized pictures equal byte for byte";
}

void PreprocessTest::resizingToNothingIsAnError() {
    QVERIFY(!errorOf([] { resizeBicubic(ramp(4, 4), {0, 448}); }).empty());
    QVERIFY(!errorOf([] { resizeBicubic({}, {28, 28}); }).empty());
}

void PreprocessTest::shrinkingAPhotoTakesLittleWork() {
    const auto photo = noise(4000, 3000);
    const CpuTimer timer;
    const auto small = resizeBicubic(photo, {868, 1148});
    const auto elapsed = timer.milliseconds();
    qInfo() << "12 to 1 megapixels in" << elapsed << "ms of CPU time";
    QCOMPARE(small.width, 1148);
    QVERIFY(elapsed < 5000);  // an unoptimised build
}

void PreprocessTest::pixelValuesEqualTransformers() {
    const auto tensors = SafetensorsFile::open(golden::path("preprocess.safetensors")).tensors();
    double largest = 0;
    int compared = 0;
    const auto cases = golden::json("preprocess.json")["cases"];
    for (const auto& row : cases) {
        const auto pixels = preprocess({readImage(golden::path(row["rgb"]))}, limits(row));
        QCOMPARE(Json(pixels.gridThw.at(0)), row["grid_thw"]);
        QCOMPARE(pixels.grids.at(0).count(), row["image_tokens"].get<int>());
        if (row["tensor"].is_null()) continue;
        const auto& expected = tensors.at(row["tensor"]);
        QCOMPARE(pixels.values.size(), expected.size / sizeof(float));
        QCOMPARE(expected.shape.at(0),
                 row["grid_thw"][1].get<int>() * row["grid_thw"][2].get<int>());
        for (std::size_t i = 0; i < pixels.values.size(); ++i)
            largest =
                std::max<double>(largest, std::abs(pixels.values[i] - expected.as<float>()[i]));
        ++compared;
    }
    qInfo() << compared << "tensors, largest difference" << largest;
    QVERIFY(compared > 0);
    QCOMPARE(largest, 0.0);
}

void PreprocessTest::severalPicturesFollowEachOther() {
    const auto a = noise(56, 84), b = ramp(100, 60);
    const auto both = preprocess({a, b}, {});
    const auto first = preprocess({a}, {}), second = preprocess({b}, {});
    auto values = first.values;
    values.insert(values.end(), second.values.begin(), second.values.end());
    QVERIFY(both.values == values);
    QCOMPARE(both.grids, (std::vector<PatchGrid>{first.grids[0], second.grids[0]}));
    QCOMPARE(both.gridThw.size(), 2U);
    QVERIFY(patchify({}, {}).values.empty());
}

void PreprocessTest::patchesAreOrderedCellByCell() {
    PreprocessConfig plain;
    plain.mean = {0, 0, 0};
    plain.std = {1, 1, 1};
    plain.rescaleFactor = 1;
    const auto pixels = patchify({ramp(56, 28)}, plain);
    QCOMPARE(pixels.grids.at(0), (PatchGrid{1, 2}));
    const auto at = [&](int patch, int index) { return pixels.values[patch * 1176 + index]; };
    // x and y of the top left corner of each of the eight patches.
    const int corners[][2] = {{0, 0},  {14, 0}, {0, 14},  {14, 14},
                              {28, 0}, {42, 0}, {28, 14}, {42, 14}};
    for (int patch = 0; patch < 8; ++patch) {
        QCOMPARE(at(patch, 0), corners[patch][0]);        // red
        QCOMPARE(at(patch, 196), corners[patch][0]);      // red, second frame
        QCOMPARE(at(patch, 2 * 196), corners[patch][1]);  // green
        QCOMPARE(at(patch, 1), corners[patch][0] + 1);
        QCOMPARE(at(patch, 2 * 196 + 14), corners[patch][1] + 1);
    }
}

void PreprocessTest::sidesMustBeWholeCells() {
    const auto error = errorOf([] { patchify({ramp(56, 30)}, {}); });
    QVERIFY2(error.find("56 x 30") != std::string::npos, error.c_str());
    QVERIFY(!errorOf([] { patchify({Image{}}, {}); }).empty());
    QVERIFY(!errorOf([] { preprocess({Image{}}, {}); }).empty());
}

void PreprocessTest::configsAreRead_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("minPixels");
    QTest::addColumn<qint64>("maxPixels");
    QTest::newRow("no limits") << "{}" << qint64(3136) << qint64(1003520);
    QTest::newRow("one limit") << R"({"min_pixels": 784})" << qint64(784) << qint64(1003520);
    QTest::newRow("flat") << R"({"min_pixels": 784, "max_pixels": 9408})" << qint64(784)
                          << qint64(9408);
    QTest::newRow("size") << R"({"size": {"shortest_edge": 784, "longest_edge": 9408}})"
                          << qint64(784) << qint64(9408);
    QTest::newRow("flat wins")
        << R"({"size": {"shortest_edge": 784, "longest_edge": 9408}, "max_pixels": 1000})"
        << qint64(784) << qint64(1000);
    QTest::newRow("null is absent")
        << R"({"min_pixels": null, "size": null})" << qint64(3136) << qint64(1003520);
}

void PreprocessTest::configsAreRead() {
    QFETCH(QString, text);
    const QTemporaryDir folder;
    const fs::path root = folder.path().toStdString();
    std::ofstream(root / "preprocessor_config.json") << text.toStdString();
    const auto config = PreprocessConfig::open(root);
    QTEST(static_cast<qint64>(config.minPixels), "minPixels");
    QTEST(static_cast<qint64>(config.maxPixels), "maxPixels");
}

// As transformers 5 saves a processor: in one file with everything else, and no other.
void PreprocessTest::aProcessorOfTransformers5IsRead() {
    const QTemporaryDir folder;
    const fs::path root = folder.path().toStdString();
    std::ofstream(root / "processor_config.json")
        << R"({"processor_class": "Qwen2_5_VLProcessor", "image_processor": {
                "image_processor_type": "Qwen2VLImageProcessor", "do_resize": true,
                "size": {"longest_edge": 12544, "shortest_edge": 3136}}})";
    const auto config = PreprocessConfig::open(root);
    QCOMPARE(config.maxPixels, 12544);
    QCOMPARE(tokenGrid({560, 560}, config), (PatchGrid{4, 4}));
    QVERIFY(PreprocessConfig::warnings(root).empty());
    std::ofstream(root / "preprocessor_config.json") << R"({"max_pixels": 9408})";
    QCOMPARE(PreprocessConfig::open(root).maxPixels, 12544);
    QCOMPARE(PreprocessConfig::warnings(root).size(), 1U);
    std::ofstream(root / "processor_config.json")
        << R"({"processor_class": "Qwen2_5_VLProcessor"})";
    QCOMPARE(PreprocessConfig::open(root).maxPixels, 9408);
    QVERIFY(PreprocessConfig::warnings(root).empty());
    std::ofstream(root / "processor_config.json") << R"({"image_processor": {"max_pixels": "x"}})";
    const auto error = errorOf([&] { PreprocessConfig::open(root); });
    QVERIFY2(error.find("image_processor.max_pixels") != std::string::npos, error.c_str());
}

void PreprocessTest::anAdapterHasItsBasesPreprocessor() {
    const QTemporaryDir folder;
    const fs::path root = folder.path().toStdString();
    std::ofstream(root / "adapter_config.json")
        << R"({"peft_type": "LORA", "r": 2, "lora_alpha": 2, "base_model_name_or_path": ")"
        << golden::own("models/random-b").string() << "\"}";
    QCOMPARE(PreprocessConfig::open(root), PreprocessConfig::open(golden::own("models/random-b")));
}

void PreprocessTest::anAbsentConfigGivesTheDefaults() {
    const QTemporaryDir folder;
    const auto config = PreprocessConfig::open(folder.path().toStdString());
    QCOMPARE(config.patchSize, 14);
    QCOMPARE(config.maxPixels, 1003520);
    QCOMPARE(PreprocessConfig::warnings(folder.path().toStdString()).size(), 1U);
    const auto model = PreprocessConfig::open(golden::own("models/random-b"));
    QCOMPARE(model.maxPixels, 1003520);
    QCOMPARE(model.mean, config.mean);
    QCOMPARE(model.std, config.std);
}

void PreprocessTest::brokenConfigsNameFileAndField_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("field");
    QTest::newRow("wrong type") << R"({"min_pixels": "3136"})"
                                << "min_pixels";
    QTest::newRow("zero") << R"({"max_pixels": 0})"
                          << "max_pixels";
    QTest::newRow("fraction") << R"({"patch_size": 14.5})"
                              << "patch_size";
    QTest::newRow("negative") << R"({"merge_size": -2})"
                              << "merge_size";
    QTest::newRow("huge") << R"({"temporal_patch_size": 99999999999})"
                          << "temporal_patch_size";
    QTest::newRow("crossed") << R"({"min_pixels": 9409, "max_pixels": 9408})"
                             << "min_pixels";
    QTest::newRow("nested") << R"({"size": {"shortest_edge": 784, "longest_edge": []}})"
                            << "size.longest_edge";
    QTest::newRow("a fixed size") << R"({"size": {"height": 56, "width": 56}})"
                                  << "size";
    QTest::newRow("half a size") << R"({"size": {"longest_edge": 9408}, "min_pixels": 784})"
                                 << "size";
    QTest::newRow("another class") << R"({"image_processor_type": "CLIPImageProcessor"})"
                                   << "image_processor_type";
    QTest::newRow("cropped") << R"({"do_center_crop": true})"
                             << "do_center_crop";
    QTest::newRow("padded") << R"({"do_pad": true})"
                            << "do_pad";
    QTest::newRow("not rescaled") << R"({"do_rescale": false})"
                                  << "do_rescale";
    QTest::newRow("not an object") << R"({"size": 224})"
                                   << "size";
    QTest::newRow("two means") << R"({"image_mean": [0.5, 0.5]})"
                               << "image_mean";
    QTest::newRow("a text mean") << R"({"image_mean": [0.5, 0.5, "x"]})"
                                 << "image_mean";
    QTest::newRow("no deviation") << R"({"image_std": [0.5, 0.5, 0]})"
                                  << "image_std";
    QTest::newRow("no factor") << R"({"rescale_factor": 0})"
                               << "rescale_factor";
    QTest::newRow("not resized") << R"({"do_resize": false})"
                                 << "do_resize";
    QTest::newRow("not normalised") << R"({"do_normalize": false})"
                                    << "do_normalize";
    QTest::newRow("bilinear") << R"({"resample": 2})"
                              << "resample";
    QTest::newRow("not JSON") << R"({"min_pixels": )"
                              << "preprocessor_config.json";
    QTest::newRow("a list") << "[]"
                            << "preprocessor_config.json";
}

void PreprocessTest::brokenConfigsNameFileAndField() {
    QFETCH(QString, text);
    QFETCH(QString, field);
    const QTemporaryDir folder;
    const fs::path root = folder.path().toStdString();
    std::ofstream(root / "preprocessor_config.json") << text.toStdString();
    const auto error = errorOf([&] { PreprocessConfig::open(root); });
    QVERIFY2(error.find("preprocessor_config.json") != std::string::npos, error.c_str());
    QVERIFY2(error.find(field.toStdString()) != std::string::npos, error.c_str());
}

void PreprocessTest::boxesEqualTheOfficialMapping() {
    const auto table = golden::json("box_cases.json")["packed_dataset"];
    for (const auto& row : table) {
        const PatchGrid grid{row["grid_hw"][0].get<int>() / 2, row["grid_hw"][1].get<int>() / 2};
        const auto& box = row["box"];
        const auto tokens = boxTokens({box[0], box[1], box[2], box[3]}, grid, EmptyBox::NoTokens);
        QCOMPARE(Json(tokens), row["tokens"]);
    }
    QVERIFY(!table.empty());
}

void PreprocessTest::degenerateBoxesGiveOneToken_data() {
    QTest::addColumn<double>("x0");
    QTest::addColumn<double>("y0");
    QTest::addColumn<double>("x1");
    QTest::addColumn<double>("y1");
    QTest::addColumn<int>("token");
    QTest::newRow("a point on a corner") << 0.5 << 0.5 << 0.5 << 0.5 << 36;
    QTest::newRow("the origin") << 0.0 << 0.0 << 0.0 << 0.0 << 0;
    QTest::newRow("reversed") << 0.9 << 0.9 << 0.1 << 0.1 << 36;
    QTest::newRow("no height") << 0.0 << 0.0 << 1.0 << 0.0 << 4;
    QTest::newRow("left of the picture") << -0.5 << 0.1 << -0.1 << 0.1 << 0;
}

void PreprocessTest::degenerateBoxesGiveOneToken() {
    QFETCH(double, x0);
    QFETCH(double, y0);
    QFETCH(double, x1);
    QFETCH(double, y1);
    QFETCH(int, token);
    const Box box{x0, y0, x1, y1};
    QCOMPARE(boxTokens(box, kGrid, EmptyBox::NoTokens), std::vector<int>{});
    QCOMPARE(boxTokens(box, kGrid), std::vector<int>{token});
}

void PreprocessTest::normalBoxesAreTheSameInBothModes() {
    for (const Box& box : {Box{0.1, 0.2, 0.3, 0.4}, Box{0, 0, 1, 1}, Box{0.51, 0.51, 0.51, 0.51}})
        QCOMPARE(boxTokens(box, kGrid), boxTokens(box, kGrid, EmptyBox::NoTokens));
    QCOMPARE(boxTokens({0, 0, 1, 1}, kGrid).size(), 64U);
}

void PreprocessTest::boxesThatAreNotNumbersStayInsideTheGrid() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    const double values[] = {kNaN, kInfinity, -kInfinity, 1e308, -1e308, 0.5};
    for (const double x0 : values)
        for (const double y0 : values)
            for (const double x1 : values)
                for (const double y1 : values) {
                    const auto tokens = boxTokens({x0, y0, x1, y1}, kGrid);
                    QVERIFY(!tokens.empty());
                    QVERIFY(std::all_of(tokens.begin(), tokens.end(),
                                        [](int token) { return token >= 0 && token < 64; }));
                }
    QCOMPARE(boxTokens({-kInfinity, -kInfinity, kInfinity, kInfinity}, kGrid).size(), 64U);
    QCOMPARE(boxTokens({kNaN, kNaN, kNaN, kNaN}, kGrid), std::vector<int>{0});
}

void PreprocessTest::anEmptyGridHasNoTokens() {
    QVERIFY(boxTokens({0, 0, 1, 1}, {}).empty());
    QVERIFY(boxTokens({0, 0, 1, 1}, {3, 0}).empty());
}

void PreprocessTest::aTokensBoxGivesTheToken() {
    const PatchGrid grid{3, 5};
    for (int token = 0; token < grid.count(); ++token) {
        const auto box = tokenBox(token, grid);
        const double inset = 1e-9;
        const Box inside{box.x0 + inset, box.y0 + inset, box.x1 - inset, box.y1 - inset};
        QCOMPARE(boxTokens(inside, grid, EmptyBox::NoTokens), std::vector<int>{token});
    }
    QCOMPARE(tokenBox(7, grid), (Box{0.4, 1.0 / 3, 0.6, 2.0 / 3}));
}

void PreprocessTest::aPlanIsTheLargestThatFits_data() {
    QTest::addColumn<int>("pictures");
    for (int count = 1; count <= static_cast<int>(kPhotos.size()); ++count)
        QTest::newRow(qPrintable(QString("%1 pictures").arg(count))) << count;
}

void PreprocessTest::aPlanIsTheLargestThatFits() {
    QFETCH(int, pictures);
    constexpr std::int64_t kWords = 512;  // 1/8 of the positions, twice
    const std::vector<Size> photos(kPhotos.begin(), kPhotos.begin() + pictures);
    const auto plan =
        planPictures(photos, kLargePictures, {.positions = 2048, .text = 40, .answer = 290});
    QVERIFY(plan && plan->lowered);
    QVERIFY(plan->visualTokens() + kWords <= 2048);
    QCOMPARE(plan->limits.maxPixels, mostTokens(photos, 2048 - kWords) * kTokenPixels);
    for (int i = 0; i < pictures; ++i) {
        QCOMPARE(plan->sizes[i], smartResize(photos[i], plan->limits));
        QCOMPARE(plan->grids[i], tokenGrid(photos[i], plan->limits));
    }
}

void PreprocessTest::whatFitsIsReadAsAsked() {
    const ReadingRoom room{.positions = 128000, .text = 40, .answer = 290};
    for (const auto& photo : kPhotos) {
        const auto plan = planPictures({photo}, kLargePictures, room);
        QVERIFY(plan && !plan->lowered);
        QCOMPARE(plan->limits, kLargePictures);
        QCOMPARE(plan->sizes.front(), smartResize(photo, kLargePictures));
    }
}

void PreprocessTest::aPictureKeepsItsSizeFromQuestionToQuestion() {
    std::vector<std::int64_t> sizes;
    for (const int text : {30, 31, 75, 200}) {
        const auto plan = planPictures({{4000, 6000}}, kLargePictures,
                                       {.positions = 2048, .text = text, .answer = 290});
        sizes.push_back(plan->limits.maxPixels);
    }
    QCOMPARE(sizes, std::vector<std::int64_t>(4, sizes.front()));
}

void PreprocessTest::aGivenThoughtTakesRoomToo() {
    ReadingRoom room{.positions = 2048, .text = 40, .answer = 290};
    const auto own = planPictures({{4000, 6000}}, kLargePictures, room);
    room.thought = [](const std::vector<PatchGrid>& grids) { return grids.front().count(); };
    const auto given = planPictures({{4000, 6000}}, kLargePictures, room);
    QVERIFY(given->visualTokens() < own->visualTokens());
    QVERIFY(2 * given->visualTokens() + 40 + 290 <= 2048);
}

void PreprocessTest::withoutRoomForTheSmallestPictureThereIsNoPlan() {
    QVERIFY(!planPictures({{4000, 6000}}, kLargePictures, {.positions = 2048, .text = 2048}));
    QVERIFY(!planPictures({}, kLargePictures, {.positions = 2048, .text = 2049}));
    const auto tight = planPictures({{4000, 6000}}, kLargePictures,
                                    {.positions = 2048, .text = 2000, .answer = 290});
    QVERIFY(tight && tight->visualTokens() <= 48);  // the answer goes on beyond what was trained
}

void PreprocessTest::aQuestionsLimitsStandInForTheModels() {
    QCOMPARE(limitedTo({}, kLargePictures), kLargePictures);
    const auto few = limitedTo({.max = 1000}, kLargePictures);
    QCOMPARE(few.maxPixels, 1000);
    QCOMPARE(few.minPixels, 1000);
    QCOMPARE(limitedTo({.min = 9000, .max = 99000}, kLargePictures).minPixels, 9000);
}

QTEST_GUILESS_MAIN(PreprocessTest)
#include "preprocess_test.moc"
