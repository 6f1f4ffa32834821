#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/trace/trace_file.h"
#include "tests/support/text_files.h"

using namespace lvr;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

std::vector<float> awkwardFloats(std::size_t count, float first) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i)
        values[i] = std::nextafter(first, 2.0f) / static_cast<float>(i + 3);
    return values;
}

Image sampleImage(int width, int height) {
    Image image{width, height, std::vector<std::uint8_t>(std::size_t(width * height * 3))};
    std::iota(image.rgb.begin(), image.rgb.end(), std::uint8_t{250});
    return image;
}

// Two pictures, 2 + 6 visual tokens, two latents between two words.
Trace sampleTrace() {
    const auto latent = [](int index) {
        return LatentStep{index, 0.1f, 1e-30f, 0.3f, awkwardFloats(8, -1), awkwardFloats(8, 7)};
    };
    return {.model = "org/модель",
            .question = {{sampleImage(5, 3), sampleImage(1, 1)}, "What is \"it\"?\n<|image_pad|>"},
            .grids = {{1, 2}, {2, 3}},
            .options = {.exit = NearLatentEnd{LatentEndMetric::Cosine, 0.1 + 0.2, 7},
                        .spanStart = SpanStart::Forced,
                        .spanEnd = SpanEnd::Forced,
                        .headPositions = HeadPositions::Released,
                        .latentFeed = LatentFeed::Snap,
                        .maxNewTokens = 99,
                        .sampling = {0.7, 0.9, 50, 0.02, 1.05, ~std::uint64_t{0}},
                        .thought = {{{0.1, 0.2, 1.0 / 3, 1}, {0, 0, 0.5, 0.5, 1}},
                                    GivenThought::Slots::OnePerBox},
                        .pixels = {.min = 3136, .max = 1003520}},
            .steps = {{0, 11, "<|lvr_start|>", TextStep{1.0f / 3, awkwardFloats(8, 3)}},
                      {1, 12, "\uFFFD", latent(0)},
                      {2, 13, "", latent(1)},
                      {3, 14, " star", TextStep{-0.0f, awkwardFloats(8, -3)}}},
            .answer = "star",
            .text = "<answer> star </answer>",
            .stopped = StopReason::Cancelled,
            .timings = {0.1, 1.0 / 3, 1e-9, 12345.678},
            .hiddenSize = 3,
            .latents = awkwardFloats(6, 1),
            .imageTokens = awkwardFloats(24, 1e-20f),
            .rois = {{0.1, 0.2, 1.0 / 3, 1, 1}, {0.1, 0.2, 1.0 / 3, 1}},
            .expectedAnswer = "star"};
}

Trace smallestTrace() {
    return {.question = {{}, "Hello"}, .options = {.exit = NoLatents{}}, .hiddenSize = 4};
}

}  // namespace

class TraceTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> temporary_;
    fs::path file_;

    // The sample, with its description and metadata changed, as a file of its own.
    void writeChanged(const Json& patch, const std::map<std::string, std::string>& metadataPatch) {
        writeTrace(sampleTrace(), file_);
        const auto opened = SafetensorsFile::open(file_);
        auto metadata = opened.metadata();
        auto description = Json::parse(metadata.at("trace"));
        description.merge_patch(patch);
        metadata["trace"] = description.dump();
        for (const auto& [key, value] : metadataPatch) metadata[key] = value;
        std::vector<TensorBytes> tensors;
        for (const auto& [name, view] : opened.tensors())
            tensors.push_back({name, view.dtype, view.shape, view.data});
        writeSafetensors(file_, tensors, metadata);
    }

private Q_SLOTS:
    void init() {
        temporary_ = std::make_unique<QTemporaryDir>();
        file_ = fs::path(temporary_->path().toStdString()) / "a.lvrtrace";
    }

    void aTraceLoadsBackEqual() {
        for (const auto& trace : {sampleTrace(), smallestTrace()}) {
            writeTrace(trace, file_);
            QVERIFY(readTrace(file_) == trace);
        }
        const auto minusZero = [&] {
            writeTrace(sampleTrace(), file_);
            return std::get<TextStep>(readTrace(file_).steps[3].what).probability;
        };
        QVERIFY(std::signbit(minusZero()));
    }

    void aTraceFromBeforeTokensWereMeasuredIsRead() {
        auto trace = sampleTrace();
        for (auto& step : trace.steps)
            if (auto* text = std::get_if<TextStep>(&step.what)) text->cosine.clear();
        writeTrace(trace, file_);
        const auto opened = SafetensorsFile::open(file_);
        auto metadata = opened.metadata();
        metadata["version"] = "1";
        std::vector<TensorBytes> tensors;
        for (const auto& [name, view] : opened.tensors())
            tensors.push_back({name, view.dtype, view.shape, view.data});
        writeSafetensors(file_, tensors, metadata);
        QVERIFY(readTrace(file_) == trace);
    }

    void everyExitRuleAndStopReasonIsKept() {
        auto trace = sampleTrace();
        for (const ExitRule& rule :
             {ExitRule(NoLatents{}), ExitRule(FixedSteps{0}), ExitRule(NearLatentEnd{}),
              ExitRule(EndToken{5}), ExitRule(EndProbability{1.0 / 3, 9})})
            for (const auto reason :
                 {StopReason::EndOfText, StopReason::MaxNewTokens, StopReason::Cancelled}) {
                trace.options.exit = rule;
                trace.stopped = reason;
                writeTrace(trace, file_);
                QVERIFY(readTrace(file_) == trace);
            }
    }

    void everyWayOfFeedingIsKept() {
        auto trace = sampleTrace();
        for (const auto feed : {LatentFeed::Own, LatentFeed::Snap, LatentFeed::Filler}) {
            trace.options.latentFeed = feed;
            writeTrace(trace, file_);
            QVERIFY(readTrace(file_) == trace);
        }
    }

    void aModelWithoutEndVectorHasNoDistances() {
        auto trace = sampleTrace();
        for (auto& step : trace.steps)
            if (auto* latent = std::get_if<LatentStep>(&step.what)) latent->endDistance.reset();
        trace.expectedAnswer.reset();
        writeTrace(trace, file_);
        QVERIFY(readTrace(file_) == trace);
    }

    // An exploded model is worth looking at, too.
    void notFiniteFloatsOfStepsAreKept() {
        auto trace = sampleTrace();
        std::get<LatentStep>(trace.steps[1].what).norm = INFINITY;
        trace.latents[0] = NAN;
        writeTrace(trace, file_);
        const auto read = readTrace(file_);
        QCOMPARE(std::get<LatentStep>(read.steps[1].what).norm, INFINITY);
        QVERIFY(std::isnan(read.latents[0]));
    }

    void anOutlineHasAllButTheLargeParts() {
        const auto trace = sampleTrace();
        writeTrace(trace, file_);
        const auto outline = readTraceOutline(file_);
        QVERIFY(outline == outlineOf(trace));
        QCOMPARE(outline.question.text, trace.question.text);
        QVERIFY(outline.question.images.empty() && outline.latents.empty());
        QCOMPARE(std::get<LatentStep>(outline.steps[1].what).endProbability, 1e-30f);
        QVERIFY(std::get<LatentStep>(outline.steps[1].what).cosine.empty());
        QCOMPARE(std::get<TextStep>(outline.steps[0].what).probability, 1.0f / 3);
        QVERIFY(std::get<TextStep>(outline.steps[0].what).cosine.empty());
        QVERIFY(errorOf([&] { readTraceOutline(file_.parent_path() / "none"); }).contains("none"));
    }

    void theFileIsPlainSafetensors() {
        writeTrace(sampleTrace(), file_);
        const auto opened = SafetensorsFile::open(file_);
        const auto shape = [&](const char* name) { return opened.tensors().at(name).shape; };
        QCOMPARE(opened.metadata().at("format"), std::string("lvrtrace"));
        QCOMPARE(opened.metadata().at("version"), std::string("3.0"));
        QCOMPARE(shape("latents"), (std::vector<std::int64_t>{2, 3}));
        QCOMPARE(shape("image_tokens"), (std::vector<std::int64_t>{8, 3}));
        QCOMPARE(shape("cosine"), (std::vector<std::int64_t>{2, 8}));
        QCOMPARE(shape("l2"), (std::vector<std::int64_t>{2, 8}));
        QCOMPARE(shape("image_0"), (std::vector<std::int64_t>{3, 5, 3}));
        QCOMPARE(opened.tensors().at("image_0").dtype, DType::U8);
        const auto description = Json::parse(opened.metadata().at("trace"));
        QCOMPARE(description["steps"][1]["latent_index"].get<int>(), 0);
        QVERIFY(!description["steps"][0].contains("latent_index"));
    }

    void aTraceWhosePartsDoNotFitIsNotWritten() {
        const auto refused = [&](auto change) {
            auto trace = sampleTrace();
            change(trace);
            const auto error = errorOf([&] { writeTrace(trace, file_); });
            return error.contains("does not fit") && !fs::exists(file_);
        };
        QVERIFY(refused([](Trace& trace) { trace.latents.pop_back(); }));
        QVERIFY(refused([](Trace& trace) { trace.imageTokens.push_back(0); }));
        QVERIFY(refused([](Trace& trace) { trace.grids.pop_back(); }));
        QVERIFY(refused([](Trace& trace) { trace.question.images[0].width = 6; }));
        QVERIFY(refused([](Trace& trace) { trace.hiddenSize = 4; }));
        QVERIFY(refused([](Trace& trace) {
            std::get<LatentStep>(trace.steps[1].what).cosine.pop_back();
            std::get<LatentStep>(trace.steps[2].what).cosine.push_back(0);
        }));
        QVERIFY(refused([](Trace& trace) { std::get<TextStep>(trace.steps[0].what).cosine = {}; }));
        QVERIFY(refused([](Trace& trace) {
            std::get<TextStep>(trace.steps[0].what).cosine.pop_back();
            std::get<TextStep>(trace.steps[3].what).cosine.push_back(0);
        }));
        QVERIFY(refused(
            [](Trace& trace) { std::get<LatentStep>(trace.steps[1].what).endDistance.reset(); }));
    }

    void textThatIsNotUtf8IsNotWritten() {
        auto trace = sampleTrace();
        trace.question.text = std::string(1, static_cast<char>(0xff));
        QVERIFY(errorOf([&] { writeTrace(trace, file_); }).contains("UTF-8"));
        QVERIFY(!fs::exists(file_));
    }

    void otherFilesAndOtherVersionsAreRefused() {
        writeSafetensors(file_, {});
        QVERIFY(errorOf([&] { readTrace(file_); }).contains("is not a trace"));
        writeChanged({}, {{"version", "4.0"}});
        const auto error = errorOf([&] { readTrace(file_); });
        QVERIFY2(error.contains("version '4.0'") && error.contains("newer"), qPrintable(error));
        QVERIFY(errorOf([&] { readTrace(file_ / "none"); }).contains("cannot read"));
    }

    // Options as they were written at first: no min_p, no limits, no regions.
    void theOptionsOfAnEarlierVersionOpen() {
        const auto options = Json::parse(
            R"({"exit":"end-token:9","span_start":"forced","span_end":"sampled",)"
            R"("head_positions":"released","latent_feed":"snap","max_new_tokens":12,)"
            R"("temperature":0.5,"top_p":0.9,"top_k":3,"min_p":null,"repetition_penalty":1.05,)"
            R"("seed":18446744073709551615,"min_pixels":null,"max_pixels":null,)"
            R"("thought_slots":null,"thought_boxes":null})");
        writeChanged({{"options", options}}, {});
        const DecodeOptions said{.exit = EndToken{9},
                                 .spanStart = SpanStart::Forced,
                                 .headPositions = HeadPositions::Released,
                                 .latentFeed = LatentFeed::Snap,
                                 .maxNewTokens = 12,
                                 .sampling = {.temperature = 0.5,
                                              .topP = 0.9,
                                              .topK = 3,
                                              .repetitionPenalty = 1.05,
                                              .seed = 18446744073709551615ULL}};
        QVERIFY(readTrace(file_).options == said);
    }

    void aBrokenDescriptionIsRefused_data() {
        QTest::addColumn<QString>("patch");  // merged into the description
        QTest::addColumn<QString>("says");
        const auto row = [](const char* patch, const char* says) {
            QTest::newRow(patch) << QString(patch) << QString(says);
        };
        row(R"({"model":null})", "'model' is missing");
        row(R"({"model":3})", "'model' must be a string");
        row(R"({"extra":3})", "'extra' is not a known field");
        row(R"({"images":1})", "one grid per image");
        row(R"({"grids":[{"rows":0,"cols":2},{"rows":2,"cols":3}]})", "'grids[0].rows'");
        row(R"({"grids":[{"rows":1,"cols":2},{"rows":3,"cols":3}]})", "does not fit");
        row(R"({"grids":[3,4]})", "'grids[0]' must be an object");
        row(R"({"steps":3})", "'steps' must be an array");
        row(R"({"steps":[]})", "does not fit");
        row(R"({"hidden_size":-1})", "'hidden_size' is out of range");
        row(R"({"hidden_size":2})", "does not fit");
        row(R"({"stopped":"bored"})", "'stopped' has the unknown value 'bored'");
        row(R"({"options":{"exit":"fixd:3"}})", "fixd:3");
        row(R"({"options":{"latent_feed":"own "}})", "'options.latent_feed'");
        row(R"({"options":{"seed":-1}})", "'options.seed'");
        row(R"({"options":{"top_p":null}})", "'options.top_p' is missing");
        row(R"({"options":{"top-p":1}})", "'options.top-p' is not a known field");
        row(R"({"options":{"max_pixels":0}})", "'options.max_pixels'");
        row(R"({"options":null})", "'options' is missing");
        row(R"({"rois":[{"x0":0,"y0":0,"x1":"1","y1":1}]})", "'rois[0].x1'");
        row(R"({"rois":[{"x0":0,"y0":0,"x1":1,"y1":1,"image":2}]})", "'images'");
        row(R"({"rois":[{"x0":0,"y0":0,"x1":1,"y1":1,"image":-1}]})", "'rois[0].image'");
    }

    void aBrokenDescriptionIsRefused() {
        QFETCH(QString, patch);
        QFETCH(QString, says);
        writeChanged(Json::parse(patch.toStdString()), {});
        const auto error = errorOf([&] { readTrace(file_); });
        QVERIFY2(error.contains(says), qPrintable(error));
    }

    void missingAndForeignTensorsAreRefused() {
        writeTrace(sampleTrace(), file_);
        const auto opened = SafetensorsFile::open(file_);
        for (const auto& [left, ignored] : opened.tensors()) {
            std::vector<TensorBytes> tensors;
            for (const auto& [name, view] : opened.tensors())
                if (name != left) tensors.push_back({name, view.dtype, view.shape, view.data});
            writeSafetensors(file_, tensors, opened.metadata());
            // A model may have no end vector, and a trace may be older than text_cosine.
            QCOMPARE(errorOf([&] { readTrace(file_); }).isEmpty(),
                     left == "end_distance" || left == "text_cosine");
        }
        std::vector<TensorBytes> tensors{{"extra", DType::F32, {0}, nullptr}};
        for (const auto& [name, view] : opened.tensors())
            tensors.push_back({name, view.dtype, view.shape, view.data});
        writeSafetensors(file_, tensors, opened.metadata());
        QVERIFY(errorOf([&] { readTrace(file_); }).contains("extra is not expected"));
    }

    void everyCutAndFlipGivesAnErrorOrATrace() {
        writeTrace(sampleTrace(), file_);
        const auto whole = readText(file_);
        const auto broken = file_.parent_path() / "broken.lvrtrace";
        const auto isRefused = [&](const std::string& text) {
            fs::remove(broken);  // some file systems wait for the disk when one is rewritten
            std::ofstream(broken, std::ios::binary) << text;
            return !errorOf([&] { readTrace(broken); }).isEmpty();
        };
        for (std::size_t length = 0; length < whole.size(); length += 7)
            QVERIFY(isRefused(whole.substr(0, length)));
        int refused = 0;
        for (std::size_t at = 0; at < whole.size(); ++at) {
            auto flipped = whole;
            flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
            refused += isRefused(flipped);
        }
        qInfo("%d of %zu flips refused", refused, whole.size());
        QVERIFY(refused > 500);
    }
};

QTEST_GUILESS_MAIN(TraceTest)
#include "trace_test.moc"
