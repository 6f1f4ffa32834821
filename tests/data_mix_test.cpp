// Several data as one, how they share what is drawn, and how long a record may be.

#include "datasets/data_mix.h"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/grpo/prompt_order.h"
#include "core/sft/sampler.h"
#include "core/text/tokenizer.h"
#include "core/train/pace.h"
#include "core/train/shares.h"
#include "core/vision/image_file.h"
#include "core/vision/preprocess.h"
#include "datasets/data_formats.h"
#include "datasets/record_length.h"

using namespace lvr;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

const fs::path kPicture = LVR_GOLDENS "/images/odd.png";

std::string errorOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

Json recordOf(const std::string& image, const std::string& answer = "red") {
    return {{"image", image},
            {"conversations",
             {{{"from", "human"}, {"value", "<image>\nWhat?"}},
              {{"from", "gpt"}, {"value", "<answer> " + answer + " </answer>"}}}}};
}

// `first` records of one source and `second` of another, each about a picture of its own.
TrainingSet setOf(int first, int second, std::vector<double> shares) {
    std::vector<TrainingRecord> records;
    for (int i = 0; i < first + second; ++i)
        records.push_back({.name = std::to_string(i),
                           .kind = "k",
                           .images = {std::to_string(i) + ".png"},
                           .question = "What?",
                           .response = "it",
                           .source = i < first ? 0 : 1});
    return TrainingSet(std::move(records), std::move(shares));
}

// How many of each source were drawn in so many steps.
std::array<int, 2> drawnBy(SftSampler& sampler, const TrainingSet& set, int steps) {
    std::array<int, 2> counts{};
    for (int step = 0; step < steps; ++step)
        for (const auto& picture : sampler.next({1.0}))
            for (const auto& question : picture.questions)
                ++counts[set.records[question.record].source];
    return counts;
}

}  // namespace

class DataMixTest : public QObject {
    Q_OBJECT
    QTemporaryDir dir_;
    fs::path path(const std::string& name) const {
        return fs::path(dir_.path().toStdString()) / name;
    }
    fs::path write(const std::string& name, const std::string& text) const {
        fs::create_directories(path(name).parent_path());
        std::ofstream(path(name)) << text;
        return path(name);
    }

private Q_SLOTS:
    void eachDataHasItsOwnPictures() {
        for (const char* folder : {"a", "b"}) {
            fs::create_directories(path(folder));
            fs::copy_file(kPicture, path(folder) / "it.png");
        }
        const auto one = write("one.json", Json{recordOf("it.png")}.dump());
        const auto two = write("two.json", Json{recordOf("it.png"), 3}.dump());
        const auto data =
            readDataset(DataMix{.data = {one, two}, .imageRoots = {path("a"), path("b")}});
        QCOMPARE(data.records.size(), 2U);
        QCOMPARE(fs::path(data.records[0].images[0]).parent_path(), path("a"));
        QCOMPARE(fs::path(data.records[1].images[0]).parent_path(), path("b"));
        QCOMPARE(data.sourceOf(data.records[1]), 1);
        QVERIFY(data.name(data.records[1]).ends_with("two.json, record 1"));
        QVERIFY(data.name(data.bad[0].file, data.bad[0].number).ends_with("two.json, record 2"));
    }

    void whatDoesNotFitTheNumberOfDataIsRefused_data() {
        QTest::addColumn<QList<double>>("weights");
        QTest::addColumn<int>("roots");
        QTest::addColumn<QString>("says");
        QTest::newRow("too few weights")
            << QList<double>{1} << 0 << "1 --data-weights for 2 --data";
        QTest::newRow("negative") << QList<double>{1, -1} << 0 << "from 0 on";
        QTest::newRow("nothing") << QList<double>{0, 0} << 0 << "add up to nothing";
        QTest::newRow("not a number") << QList<double>{1, NAN} << 0 << "from 0 on";
        QTest::newRow("roots") << QList<double>{} << 3 << "3 --image-root for 2 --data";
    }
    void whatDoesNotFitTheNumberOfDataIsRefused() {
        QFETCH(QList<double>, weights);
        QFETCH(int, roots);
        QFETCH(QString, says);
        const DataMix mix{.data = {"a", "b"},
                          .imageRoots = std::vector<fs::path>(roots, "r"),
                          .weights = {weights.begin(), weights.end()}};
        const auto error = QString::fromStdString(errorOf([&] { sourcesOf(mix); }));
        QVERIFY2(error.contains(says), qPrintable(error));
    }

    void turnsFollowTheSharesAtAnyTime() {
        Shares shares({3, 0, 1});
        for (int turn = 1; turn <= 100; ++turn) {
            shares.next();
            QVERIFY(std::abs(static_cast<double>(shares.dealt()[0]) - 0.75 * turn) <= 1);
        }
        QCOMPARE(shares.dealt(), (std::vector<std::int64_t>{75, 0, 25}));
    }

    // Whatever their sizes; and a state goes on with the same draws.
    void weightsAreSharesOfTheRecordsDrawn_data() {
        QTest::addColumn<int>("sampling");
        QTest::newRow("records") << static_cast<int>(Sampling::Records);
        QTest::newRow("lagging") << static_cast<int>(Sampling::Lagging);
    }
    void weightsAreSharesOfTheRecordsDrawn() {
        QFETCH(int, sampling);
        const auto set = setOf(5, 40, {0.8, 0.2});
        SftOptions options;
        options.sampling = static_cast<Sampling>(sampling);
        options.batch = 10;
        SftSampler sampler(set, options);
        const auto counts = drawnBy(sampler, set, 20);
        QCOMPARE(counts[0], 160);
        QCOMPARE(counts[1], 40);
        QCOMPARE(sampler.seen(), 200);
        TrainState state;
        sampler.save(state);
        SftSampler again(set, options);
        again.load(state);
        for (int step = 0; step < 5; ++step) {
            const auto a = sampler.next({1.0}), b = again.next({1.0});
            QCOMPARE(a.size(), b.size());
            for (std::size_t i = 0; i < a.size(); ++i) QCOMPARE(a[i].picture, b[i].picture);
        }
    }

    void promptsOfRewardsAreSharedOutAlike() {
        std::vector<GrpoRecord> records(10);
        for (std::size_t i = 0; i < records.size(); ++i) records[i].source = i < 2 ? 0 : 1;
        PromptOrder order(records, {1, 1}, 3), later(records, {1, 1}, 3);
        const auto drawn = order.drawn(0, 40);
        QCOMPARE(std::ranges::count_if(drawn, [](const auto* r) { return r->source == 0; }), 20);
        const auto rest = later.drawn(32, 8);
        QVERIFY(std::equal(rest.begin(), rest.end(), drawn.begin() + 32));
    }

    void epochsAreANumberOfSteps() {
        const auto set = setOf(30, 0, {});
        SftOptions options;
        options.sampling = Sampling::Records;
        options.batch = 8;
        QCOMPARE(stepsOfEpochs(2, set, options), 8);  // 60 records by 8
        QCOMPARE(stepsOfEpochs(0.01, set, options), 1);
        options.batch = 0;
        options.sampling = Sampling::Lagging;  // one question a picture, 8 pictures a step
        QCOMPARE(stepsOfEpochs(2, set, options), 8);
        QCOMPARE(stepsOfEpochs(1.5, 100, GrpoOptions{.promptsPerStep = 10}), 15);
    }

    void longRecordsAreDroppedOrRefusedAndNeverCut() {
        std::string words = "red";
        for (int i = 0; i < 200; ++i) words += " and red";
        const auto file =
            write("long.json",
                  Json{recordOf(kPicture.string()), recordOf(kPicture.string(), words)}.dump());
        const auto tokenizer = Tokenizer::open(LVR_RESOURCES "/models/tiny");
        auto data = readDataset(DataMix{.data = {file}});
        LengthLimit limit{.most = 300, .over = OverLength::Refuse};
        const auto error = errorOf([&] { dropLongRecords(data, limit, tokenizer, {}); });
        QVERIFY2(error.starts_with("1 record is longer than --max-length 300") &&
                     error.find("long.json, record 2") != error.npos,
                 error.c_str());
        data = readDataset(DataMix{.data = {file}});
        limit.of = LengthLimit::Of::Prompt;  // which is short in both
        QCOMPARE(dropLongRecords(data, limit, tokenizer, {}).count, 0U);
        limit = {.most = 300};
        const auto dropped = dropLongRecords(data, limit, tokenizer, {});
        QCOMPARE(dropped.count, 1U);
        QVERIFY(dropped.positions > 300);
        QCOMPARE(data.records.size(), 1U);
    }

    void aStepThatTakesMuchLongerNamesItsLongestRecord() {
        StepPace pace;
        for (int i = 0; i < 6; ++i) QVERIFY(pace.alertOf(2, {"short", 9}).empty());
        QVERIFY(pace.alertOf(19, {"long", 900}).empty());
        const auto said = pace.alertOf(21, {"data.json, record 7", 12710});
        QVERIFY2(said.find("data.json, record 7 with 12710 positions") != said.npos, said.c_str());
    }

    // What lvr data formats shows can be copied.
    void theExamplesOfTheFormatsAreRead() {
        for (const char* folder : {"images", "pictures/images"}) {
            fs::create_directories(path(folder));
            writePng({640, 480, std::vector<std::uint8_t>(640 * 480 * 3)},
                     path(folder) / "0007.jpg");
        }
        write("viscot.json", Json{recordOf("images/0007.jpg")}.dump());
        write("mine.json", Json{recordOf("images/0007.jpg")}.dump());
        for (const auto& format : dataFormats()) {
            const bool isList = format.example.front() == '[';
            const auto data = readDataset(
                DataMix{.data = {write("shown.json",
                                       isList ? format.example : "[" + format.example + "]")}});
            QVERIFY2(data.bad.empty(),
                     data.bad.empty() ? "" : (format.name + ": " + data.bad[0].problem).c_str());
            QCOMPARE(data.records.size(), isList ? 2U : 1U);
        }
    }
};

QTEST_GUILESS_MAIN(DataMixTest)
#include "data_mix_test.moc"
