// Answers, losses and steps beside those of float32 on the CPU, for which the goldens vouch: in
// bfloat16, and on a GPU where there is one.

#include "core/model/device.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>

#include "core/causal/latent_filters.h"
#include "core/decode/decoder.h"
#include "core/error.h"
#include "core/eval/evaluate.h"
#include "core/eval/score.h"
#include "core/grpo/grpo.h"
#include "core/model/dtype.h"
#include "core/sft/sft.h"
#include "core/torch.h"
#include "core/vision/image_file.h"
#include "datasets/scenes/scenes.h"

using namespace lvr;

namespace {

const std::string kTiny = LVR_RESOURCES "/models/tiny";
constexpr std::uint64_t kSeed = 4343;  // never trained on

std::vector<Sample> samplesOf(const std::string& kind, int count) {
    std::vector<Sample> samples;
    for (int i = 0; i < count; ++i) samples.push_back(sceneSample(kSeed, i, kind));
    return samples;
}

int rightAnswers(const LvrCheckpoint& checkpoint, const DecodeOptions& options,
                 InterventionKind intervention) {
    std::vector<EvalItem> items;
    for (const auto& sample : samplesOf("color-to-shape", 8)) items.push_back({sample, sample});
    int right = 0;
    for (const auto& outcome : evaluate(checkpoint, items, options, intervention))
        right += outcome.right;
    return right;
}

}  // namespace

class DeviceTest : public QObject {
    Q_OBJECT
    QTemporaryDir dir_;
    std::vector<Sample> chains_ = samplesOf("chain", 6);

    // Rows for all cases: where, how exact, and by which share numbers may differ.
    static void places() {
        QTest::addColumn<QString>("device");
        QTest::addColumn<QString>("dtype");
        QTest::addColumn<double>("within");
        QTest::newRow("bfloat16") << "cpu"
                                  << "bfloat16" << 0.1;
        QTest::newRow("cuda") << "cuda"
                              << "float32" << 1e-3;
        QTest::newRow("cuda, bfloat16") << "cuda"
                                        << "bfloat16" << 0.1;
    }

    LoadOptions place(LoadOptions::Use use = LoadOptions::Use::Inference) const {
        QFETCH(QString, device);
        QFETCH(QString, dtype);
        LoadOptions options;
        options.device = parseDevice(device.toStdString());
        options.dtype = parseDtype(dtype.toStdString());
        options.use = use;
        return options;
    }

    static bool near(double value, double reference) {
        QFETCH(double, within);
        if (std::abs(value - reference) <= within * std::max(0.01, std::abs(reference)))
            return true;
        qWarning("%g instead of %g", value, reference);
        return false;
    }

    std::filesystem::path fileOf(const Sample& sample) const {
        const auto file =
            std::filesystem::path(dir_.path().toStdString()) / (sample.kind + sample.id + ".png");
        writePng(sample.question.images.front(), file);
        return file;
    }

    TrainingSet trainingSet() const {
        std::vector<TrainingRecord> records;
        for (const auto& sample : chains_)
            records.push_back({.name = sample.id,
                               .kind = sample.kind,
                               .images = {fileOf(sample)},
                               .question = sample.question.text,
                               .response = "<lvr>\n<answer> " + sample.answer + " </answer>",
                               .boxes = sample.rois});
        return TrainingSet(std::move(records));
    }

    std::map<std::string, double> metricsOfSft(const LoadOptions& options,
                                               AdamStates states) const {
        auto checkpoint = LvrCheckpoint::open(kTiny, options);
        SftOptions sft;
        sft.schedule = Schedule::Constant;
        sft.steps = 3;
        sft.picturesPerStep = 4;
        sft.learningRate = 1e-4;
        sft.adamStates = states;
        std::map<std::string, double> metrics;
        trainSft(checkpoint, trainingSet(), sft,
                 {.onReport = [&](const TrainReport& report) { metrics = report.metrics; }});
        return metrics;
    }

    std::map<std::string, double> metricsOfGrpo(const LoadOptions& options) const {
        auto checkpoint = LvrCheckpoint::open(kTiny, options);
        auto frozen = options;
        frozen.use = LoadOptions::Use::Reference;
        const auto reference = LvrCheckpoint::open(kTiny, frozen);
        std::vector<GrpoRecord> records;
        for (const auto& sample : chains_)
            records.push_back(
                {sample.id, sample.kind, {fileOf(sample)}, sample.question.text, sample.answer});
        GrpoOptions grpo{.steps = 1, .promptsPerStep = 6, .groupSize = 4};
        grpo.temperature = 2.5;  // so that answers differ and groups are mixed
        grpo.topK = 0;
        grpo.latentNoise = 0.1;
        grpo.maxNewTokens = 60;
        std::map<std::string, double> metrics;
        trainGrpo(checkpoint, reference.model, records, grpo,
                  {.onReport = [&](const TrainReport& report, const std::vector<Rollout>&) {
                      metrics = report.metrics;
                  }});
        return metrics;
    }

private Q_SLOTS:
    void init() {
        QFETCH(QString, device);
        if (device == "cpu") return;
        try {
            parseDevice(device.toStdString());
        } catch (const Error& error) {
            QSKIP(error.what());
        }
    }

    void answersAndLatentsAreTheSame_data() { places(); }
    void answersAndLatentsAreTheSame() {
        QFETCH(double, within);
        const auto usual = LvrCheckpoint::open(kTiny), here = LvrCheckpoint::open(kTiny, place());
        for (const auto feed : {LatentFeed::Own, LatentFeed::Snap}) {
            const DecodeOptions options{.exit = usual.defaultExit(), .latentFeed = feed};
            for (const auto& sample : chains_) {
                const auto wanted = decode(usual, sample.question, options),
                           trace = decode(here, sample.question, options);
                QCOMPARE(trace.text, wanted.text);
                QCOMPARE(trace.latents.size(), wanted.latents.size());
                double error = 0, size = 0;
                for (std::size_t i = 0; i < wanted.latents.size(); ++i) {
                    error += std::pow(trace.latents[i] - wanted.latents[i], 2);
                    size += std::pow(wanted.latents[i], 2);
                }
                QVERIFY2(std::sqrt(error / size) < within,
                         qPrintable(QString::number(std::sqrt(error / size))));
            }
        }
    }

    void aGivenThoughtIsAnswered_data() { places(); }
    void aGivenThoughtIsAnswered() {
        const auto here = LvrCheckpoint::open(kTiny, place());
        for (const auto& sample : chains_) {
            DecodeOptions options{.exit = here.defaultExit()};
            options.thought.boxes = sample.rois;
            QCOMPARE(decode(here, sample.question, options).answer, sample.answer);
        }
    }

    void interventionsTellTheSame_data() { places(); }
    void interventionsTellTheSame() {
        const auto usual = LvrCheckpoint::open(kTiny), here = LvrCheckpoint::open(kTiny, place());
        const DecodeOptions options{.exit = usual.defaultExit()};
        for (const auto intervention :
             {InterventionKind::Own, InterventionKind::OtherPicture, InterventionKind::Zero,
              InterventionKind::Noise, InterventionKind::Oracle, InterventionKind::Snap,
              InterventionKind::Transplant}) {
            const int wanted = rightAnswers(usual, options, intervention),
                      right = rightAnswers(here, options, intervention);
            QVERIFY2(std::abs(right - wanted) <= 1,
                     qPrintable(QString("%1: %2 right instead of %3")
                                    .arg(static_cast<int>(intervention))
                                    .arg(right)
                                    .arg(wanted)));
        }
    }

    void scoresAreTheSame_data() { places(); }
    void scoresAreTheSame() {
        const torch::NoGradGuard off;
        const auto usual = LvrCheckpoint::open(kTiny), here = LvrCheckpoint::open(kTiny, place());
        for (const auto& sample : chains_) {
            const ScoreRecord record{sample.id,
                                     {fileOf(sample)},
                                     sample.question.text,
                                     "<lvr>\n<answer> " + sample.answer + " </answer>",
                                     sample.rois};
            const auto wanted = scoreRecord(usual, record, LatentEndToken::LeftOut),
                       score = scoreRecord(here, record, LatentEndToken::LeftOut);
            QVERIFY(near(score.ce, wanted.ce));
            QVERIFY(near(score.latent.mse, wanted.latent.mse));
            QVERIFY(near(score.latent.cosine, wanted.latent.cosine));
        }
    }

    void stepsOfSftAreTheSame_data() { places(); }
    void stepsOfSftAreTheSame() {
        auto options = place(LoadOptions::Use::Training);
        LoadOptions usual{.use = LoadOptions::Use::Training};
        for (const auto states : {AdamStates::Float32, AdamStates::EightBit}) {
            options.recompute = states == AdamStates::EightBit;
            const auto wanted = metricsOfSft(usual, states),
                       metrics = metricsOfSft(options, states);
            QVERIFY(near(metrics.at("loss/total"), wanted.at("loss/total")));
            QVERIFY(near(metrics.at("loss/latent"), wanted.at("loss/latent")));
            QCOMPARE(metrics.at("hit/chain"), wanted.at("hit/chain"));
        }
    }

    void adaptersLearn_data() { places(); }
    void adaptersLearn() {
        auto options = place(LoadOptions::Use::Training);
        options.lora = LoraOptions{.rank = 4};
        const auto metrics = metricsOfSft(options, AdamStates::Float32);
        QVERIFY(metrics.at("grad_norm") > 0);
    }

    // In bfloat16 one token at a time and all at once round differently.
    void rolloutsAreReplayed_data() { places(); }
    void rolloutsAreReplayed() {
        QFETCH(QString, dtype);
        const auto metrics = metricsOfGrpo(place(LoadOptions::Use::Training));
        QVERIFY(metrics.at("groups/zero_variance") < 1);
        QVERIFY(metrics.at("grad_norm") > 0);
        const double error = metrics.at("replay/ratio_error");
        qInfo("replay/ratio_error %g", error);
        QVERIFY(error < (dtype == "float32" ? 1e-4 : 1.0));
    }
};

QTEST_GUILESS_MAIN(DeviceTest)
#include "device_test.moc"
