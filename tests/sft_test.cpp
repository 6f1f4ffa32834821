// The variants of supervised fine-tuning: what is fed and supervised in each, and that a step's
// losses are those of `lvr score`, which the official goldens vouch for.

#include "core/sft/sft.h"

#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <set>
#include <thread>

#include "core/error.h"
#include "core/eval/score.h"
#include "core/model/save_checkpoint.h"
#include "core/sft/lvr_parts.h"
#include "core/sft/pass.h"
#include "core/sft/sampler.h"
#include "core/sft/validate.h"
#include "core/torch.h"
#include "core/train/trainable.h"
#include "core/vision/image_file.h"
#include "datasets/scenes/scenes.h"

namespace fs = std::filesystem;
using namespace lvr;

namespace {

std::string modelFolder(const std::string& name) {
    return std::string(LVR_GOLDENS) + "/models/" + name;
}

// A smooth picture; no two numbers give the same.
fs::path picture(const fs::path& folder, int width, int height, int number) {
    Image image{width, height, {}};
    for (int i = 0; i < width * height; ++i)
        for (int c = 0; c < 3; ++c)
            image.rgb.push_back(
                static_cast<std::uint8_t>(128 + 100 * std::sin(0.01 * i * (c + 1) + number)));
    const auto file = folder / (std::to_string(number) + ".png");
    writePng(image, file);
    return file;
}

TrainingRecord record(const fs::path& image, std::vector<Box> boxes) {
    return {.name = "record",
            .kind = "all",
            .images = {image},
            .question = "what is there ?",
            .response = "<lvr>\n<answer> red </answer>",
            .boxes = std::move(boxes)};
}

SftOptions plainSum() {  // nothing weighted, nothing random
    SftOptions options;
    options.extraSlots = 0;
    options.positionGap = 0;
    options.latentWeight = options.latentEndWeight = options.stopWeight = 1;
    return options;
}

std::vector<SftPicture> pictures(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                                 const SftOptions& options) {
    std::vector<SftPicture> all;
    for (std::size_t p = 0; p < set.pictures.size(); ++p) {
        auto& one = all.emplace_back();
        one.images = visualTokensOf(checkpoint, set.records[set.pictures[p].front()].images);
        for (const int index : set.pictures[p])
            one.rows.push_back(planRow(checkpoint, set, index, one.images.grids, options, 1));
    }
    return all;
}

struct Losses {
    double nats = 0, latent = 0, latentEnd = 0, total = 0;
};

// One step's losses, in parts of at most `most` positions; pushes if gradients are on.
Losses lossesOf(const LvrCheckpoint& checkpoint, const TrainingSet& set, const SftOptions& options,
                int most) {
    SftTotals totals;
    const auto all = pictures(checkpoint, set, options);
    for (const auto& one : all)
        for (const auto& row : one.rows) totals.add(row);
    Losses losses;
    for (const auto& part : split(all, most)) {
        const auto batch = layOut(checkpoint, part);
        const PackReading read(checkpoint.model, batch.pack);
        const auto pass = sftPass(checkpoint, batch, read, {batch.slotTarget, {}},
                                  std::vector<double>(set.kinds.size(), 1.0), options, totals);
        losses.nats += pass.nats;
        losses.latent += pass.latent;
        losses.latentEnd += pass.latentEnd;
        losses.total += pass.loss.item<double>();
        if (torch::GradMode::is_enabled()) pass.loss.backward();
    }
    return losses;
}

// What a step of these parts learns.
struct Learnt {
    double loss = 0;
    std::vector<bool> hits, right;
    std::vector<torch::Tensor> gradients;
};
Learnt learn(const LvrCheckpoint& checkpoint, const std::vector<std::vector<SftPicture>>& parts,
             const SftOptions& options, const std::vector<torch::Tensor>& trained) {
    for (auto tensor : trained) tensor.mutable_grad() = torch::Tensor();
    SftTotals totals;
    for (const auto& part : parts)
        for (const auto& one : part)
            for (const auto& row : one.rows) totals.add(row);
    Learnt learnt;
    for (const auto& part : parts) {
        const auto batch = layOut(checkpoint, part);
        const PackReading read(checkpoint.model, batch.pack);
        const auto latents = feedsLatents(options.twin) ? batch.slotTarget : torch::Tensor();
        const auto pass = sftPass(checkpoint, batch, read, {latents, {}}, {1}, options, totals);
        learnt.loss += pass.loss.item<double>();
        learnt.hits.insert(learnt.hits.end(), pass.hits.begin(), pass.hits.end());
        learnt.right.insert(learnt.right.end(), pass.rowRight.begin(), pass.rowRight.end());
        pass.loss.backward();
    }
    for (const auto& tensor : trained)
        learnt.gradients.push_back(tensor.grad().defined() ? tensor.grad().clone()
                                                           : torch::zeros_like(tensor));
    return learnt;
}

std::vector<TrainingRecord> threeRecords(const fs::path& folder) {
    const auto wide = picture(folder, 140, 84, 1), tall = picture(folder, 84, 112, 2);
    const auto other = picture(folder, 140, 84, 9);
    std::vector<TrainingRecord> records{record(wide, {{.1, .1, .6, .9}}),
                                        record(tall, {{.4, .2, .9, .5}}),
                                        record(other, {{0, 0, .3, .3}, {.7, .7, 1, 1}})};
    records[1].question = "and what is the colour of the thing in the middle ?";
    records[2].response = "See <lvr> and <lvr>\n<answer> blue </answer>";
    return records;
}

// Kinds and weights don't matter in these: one row of a record.
SftRow rowOf(const LvrCheckpoint& checkpoint, const TrainingSet& set, const SftOptions& options) {
    return planRow(checkpoint, set, 0, {{4, 4}}, options, 1);
}

}  // namespace

class SftTest : public QObject {
    Q_OBJECT
    QTemporaryDir dir_;
    fs::path folder() const { return dir_.path().toStdString(); }

private Q_SLOTS:
    // Several boxes, several thoughts, pictures of different sizes, heads and latent ends: what a
    // step minimises is what lvr score prints.
    void aStepHasTheLossesOfTheScore_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<int>("latentEnd");
        QTest::newRow("no head") << "random-a" << static_cast<int>(LatentEnd::Off);
        QTest::newRow("latent end token") << "random-a" << static_cast<int>(LatentEnd::Token);
        QTest::newRow("glu head, latent end vector")
            << "random-b" << static_cast<int>(LatentEnd::Vector);
        QTest::newRow("mlp head") << "random-c" << static_cast<int>(LatentEnd::Off);
    }
    void aStepHasTheLossesOfTheScore() {
        QFETCH(QString, model);
        QFETCH(int, latentEnd);
        const torch::NoGradGuard off;
        const auto checkpoint = LvrCheckpoint::open(modelFolder(model.toStdString()));
        const TrainingSet set(threeRecords(folder()));
        auto options = plainSum();
        options.latentEnd = static_cast<LatentEnd>(latentEnd);
        for (auto& r : const_cast<TrainingSet&>(set).records)
            r.fill = FillSlots::Cycle;  // weight 2
        std::vector<Score> scores;
        for (const auto& r : set.records)
            scores.push_back(
                scoreRecord(checkpoint, {r.name, r.images, r.question, r.response, r.boxes},
                            options.latentEnd == LatentEnd::Off ? LatentEndToken::LeftOut
                                                                : LatentEndToken::Appended));
        const auto score = total(scores);
        const auto losses = lossesOf(checkpoint, set, options, 1 << 20);
        QVERIFY2(std::abs(losses.nats / score.supervised - score.ce) < 1e-5,
                 qPrintable(QString::number(losses.nats / score.supervised - score.ce)));
        QVERIFY(std::abs(losses.latent - score.latent.mse) < 1e-5);
        QVERIFY(std::abs(losses.latentEnd - score.latentEnd.mse) < 1e-5);
        if (options.latentEnd == LatentEnd::Vector) QVERIFY(losses.latentEnd > 0);
    }

    void aStepInBfloat16IsNearOneInFloat32() {
        const torch::NoGradGuard off;
        const TrainingSet set(threeRecords(folder()));
        auto options = plainSum();
        options.latentEnd = LatentEnd::Vector;
        const auto in = [&](torch::Dtype dtype) {
            return lossesOf(
                LvrCheckpoint::open(modelFolder("random-b"),
                                    {.dtype = dtype, .use = LoadOptions::Use::Reference}),
                set, options, 1 << 20);
        };
        const auto wide = in(torch::kFloat32), half = in(torch::kBFloat16);
        const auto near = [](double a, double b) { return std::abs(a - b) < 0.02 * a; };
        QVERIFY2(near(wide.nats, half.nats), qPrintable(QString::number(half.nats)));
        QVERIFY2(near(wide.latent, half.latent), qPrintable(QString::number(half.latent)));
        QVERIFY2(near(wide.latentEnd, half.latentEnd), qPrintable(QString::number(half.latentEnd)));
    }

    // lvr-spec B4: each box's tokens are of its own image.
    void boxesOnTheSecondImageFindTheirTokens() {
        const torch::NoGradGuard off;
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-a"));
        const auto wide = picture(folder(), 140, 84, 3), tall = picture(folder(), 84, 112, 4);
        auto both = record(wide, {{0, 0, .1, .1}, {0, 0, .1, .1}});
        both.images = {wide, tall};
        both.boxes[0].image = 1;
        const TrainingSet set({both});
        const auto all = pictures(checkpoint, set, plainSum());
        const auto grids = all.front().images.grids;
        const auto& slots = all.front().rows.front().slots;
        QCOMPARE(slots.size(), 2U);
        QCOMPARE(slots[0].tokens, std::vector{grids[0].count()});
        QCOMPARE(slots[1].tokens, std::vector{0});
        const auto score =
            scoreRecord(checkpoint, {"r", both.images, both.question, both.response, both.boxes},
                        LatentEndToken::LeftOut);
        QVERIFY(std::abs(lossesOf(checkpoint, set, plainSum(), 1 << 20).latent - score.latent.mse) <
                1e-5);
        both.boxes[0].image = 2;
        QVERIFY_EXCEPTION_THROWN(pictures(checkpoint, TrainingSet({both}), plainSum()), Error);
    }

    // What stands before an image is read with it: the picture's questions share it or are apart.
    void imagesStandWhereTheQuestionHasThem() {
        const torch::NoGradGuard off;
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-a"));
        const auto wide = picture(folder(), 140, 84, 3), tall = picture(folder(), 84, 112, 4);
        std::vector<TrainingRecord> records;
        for (const char* question :
             {"First <image> and second <image>: same?", "First <image> and second <image>: why?",
              "<image>Now <image> what?", "What?"}) {
            auto one = record(wide, {{.1, .1, .6, .9}});
            one.images = {wide, tall};
            one.question = question;
            records.push_back(one);
        }
        const TrainingSet set(records);
        QCOMPARE(set.pictures, (std::vector<std::vector<int>>{{0, 1}, {2}, {3}}));
        QCOMPARE(split(pictures(checkpoint, set, plainSum()), 1 << 20).size(), 1U);
        std::vector<Score> scores;
        for (const auto& r : set.records)
            scores.push_back(scoreRecord(checkpoint,
                                         {r.name, r.images, r.question, r.response, r.boxes},
                                         LatentEndToken::LeftOut));
        const auto score = total(scores);
        const auto losses = lossesOf(checkpoint, set, plainSum(), 1 << 20);
        QVERIFY2(std::abs(losses.nats / score.supervised - score.ce) < 1e-5,
                 qPrintable(QString::number(losses.nats / score.supervised - score.ce)));
        QVERIFY(std::abs(losses.latent - score.latent.mse) < 1e-5);
        QVERIFY(std::abs(scores[0].ce - scores[2].ce) > 1e-4);
    }

    // Pictures of several sizes in one pass, or each question alone with a reading of its picture
    // of its own: losses, hits and gradients are the same, whatever is trained.
    void packedTogetherIsAsAlone_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<int>("twin");
        QTest::addColumn<int>("latentEnd");
        QTest::addColumn<int>("loraRank");
        QTest::addColumn<bool>("recompute");
        const auto row = [](const char* name, const char* model, Twin twin, LatentEnd end, int rank,
                            bool recompute) {
            QTest::newRow(name) << model << static_cast<int>(twin) << static_cast<int>(end) << rank
                                << recompute;
        };
        row("lvr", "random-a", Twin::Lvr, LatentEnd::Off, 0, false);
        row("glu head, latent end vector", "random-b", Twin::Lvr, LatentEnd::Vector, 0, false);
        row("mlp head", "random-c", Twin::Lvr, LatentEnd::Off, 0, false);
        row("recomputed", "random-a", Twin::Lvr, LatentEnd::Token, 0, true);
        row("adapters", "random-a", Twin::Lvr, LatentEnd::Off, 2, false);
        row("adapters, recomputed", "random-b", Twin::Lvr, LatentEnd::Vector, 2, true);
        row("masked", "random-a", Twin::Masked, LatentEnd::Off, 0, false);
        row("masked, recomputed", "random-a", Twin::Masked, LatentEnd::Off, 0, true);
        row("aux", "random-a", Twin::Aux, LatentEnd::Off, 0, false);
        row("markers", "random-a", Twin::Markers, LatentEnd::Off, 0, false);
    }
    void packedTogetherIsAsAlone() {
        QFETCH(QString, model);
        QFETCH(int, twin);
        QFETCH(int, latentEnd);
        QFETCH(int, loraRank);
        QFETCH(bool, recompute);
        const LoraOptions lora{.rank = loraRank};
        const auto checkpoint =
            LvrCheckpoint::open(modelFolder(model.toStdString()),
                                {.use = LoadOptions::Use::Training,
                                 .lora = loraRank > 0 ? std::optional(lora) : std::nullopt,
                                 .recompute = recompute});
        {
            const torch::NoGradGuard off;  // B is 0 in a fresh adapter
            for (const auto& [name, tensor] : checkpoint.model.adapter())
                tensor.add_(0.1 * torch::ones_like(tensor));
        }
        auto records = threeRecords(folder());
        records.push_back(records.front());  // a second question to a picture
        records.back().question = "which ?";
        records.back().boxes = {{.5, .5, .9, .9}};
        const TrainingSet set(records);
        auto options = plainSum();
        options.positionGap = 9;
        options.extraSlots = 0.5;
        options.twin = static_cast<Twin>(twin);
        options.latentEnd = static_cast<LatentEnd>(latentEnd);
        const auto together = pictures(checkpoint, set, options);
        std::vector<std::vector<SftPicture>> alone;
        for (const auto& one : together)
            for (const auto& row : one.rows) alone.push_back({{one.images, {row}}});
        QCOMPARE(together.size(), 3U);
        QCOMPARE(alone.size(), 4U);
        const auto trained = tensorsOf(trainable(checkpoint.model));
        const auto packed = learn(checkpoint, {together}, options, trained),
                   apart = learn(checkpoint, alone, options, trained);
        QCOMPARE(packed.hits, apart.hits);
        QCOMPARE(packed.right, apart.right);
        QVERIFY2(std::abs(packed.loss - apart.loss) <= 1e-5 * apart.loss,
                 qPrintable(QString::number(packed.loss - apart.loss)));
        double worst = 0, largest = 0;
        for (std::size_t i = 0; i < trained.size(); ++i) {
            const auto most = apart.gradients[i].abs().max().item<double>();
            largest = std::max(largest, most);
            worst = std::max(worst,
                             (packed.gradients[i] - apart.gradients[i]).abs().max().item<double>() /
                                 std::max(most, 1e-6));
        }
        qInfo("largest difference of a gradient: %.1e of its largest entry", worst);
        QVERIFY(largest > 0);
        QVERIFY(worst < 2e-5);
    }

    // Up to so many positions, whatever the sizes; a picture that alone has more is a part.
    void partsHaveAtMostSoManyPositions() {
        const torch::NoGradGuard off;
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-a"));
        const auto all = pictures(checkpoint, TrainingSet(threeRecords(folder())), plainSum());
        std::vector<std::int64_t> sizes;
        for (const auto& one : all) sizes.push_back(positionsOf(one));
        const auto countOf = [&](std::int64_t most) {
            return split(all, static_cast<int>(most)).size();
        };
        QCOMPARE(countOf(sizes[0] + sizes[1] + sizes[2]), 1U);
        QCOMPARE(countOf(sizes[0] + sizes[1] + sizes[2] - 1), 2U);
        QCOMPARE(countOf(1), 3U);
    }

    void twinsDifferInWhatStandsBeforeTheAnswer() {
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-a"));
        const auto tokens = checkpoint.rules.tokens;
        const TrainingSet set({record(picture(folder(), 112, 112, 5), {{0, 0, .5, .25}})});
        auto options = plainSum();
        const auto count = [](const SftRow& row, std::int64_t id) {
            return std::count(row.ids.begin(), row.ids.end(), id);
        };
        for (const auto twin : {Twin::Lvr, Twin::Filler}) {
            options.twin = twin;
            const auto row = rowOf(checkpoint, set, options);
            QCOMPARE(count(row, tokens.latent), 2);
            QCOMPARE(row.slots.size(), 2U);
            QCOMPARE(row.stops.size(), 3U);
        }
        options.twin = Twin::Markers;
        const auto markers = rowOf(checkpoint, set, options);
        QCOMPARE(count(markers, tokens.start), 1);
        QCOMPARE(count(markers, tokens.end), 1);
        QCOMPARE(count(markers, tokens.latent), 0);
        QVERIFY(markers.slots.empty() && markers.stops.empty());

        options.twin = Twin::Plain;
        const auto plain = rowOf(checkpoint, set, options);
        QCOMPARE(count(plain, tokens.start), 0);
        QVERIFY(plain.slots.empty());

        options.twin = Twin::Aux;
        const auto aux = rowOf(checkpoint, set, options);
        QCOMPARE(aux.ids, plain.ids);
        QCOMPARE(aux.slots.size(), 1U);
        QCOMPARE(aux.slots[0].tokens, (std::vector{0, 1}));
        QCOMPARE(aux.slots[0].at,
                 aux.labels.front().at);  // the state before the first answer token
    }

    void whatAMaskedTwinSaysAfterAThoughtOwesNothingToItsLatents() {
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-a"));
        const TrainingSet set(threeRecords(folder()));
        auto options = plainSum();
        for (const auto twin : {Twin::Lvr, Twin::Masked}) {
            options.twin = twin;
            const torch::NoGradGuard off;
            for (const auto& part : split(pictures(checkpoint, set, options), 1)) {
                SftTotals totals;
                for (const auto& row : part.front().rows) totals.add(row);
                const auto batch = layOut(checkpoint, part);
                const PackReading read(checkpoint.model, batch.pack);
                const auto answerWith = [&](const torch::Tensor& latents) {
                    return sftPass(checkpoint, batch, read, {latents, {}}, {1, 1, 1}, options,
                                   totals)
                        .answer;
                };
                const auto targets = answerWith(batch.slotTarget);
                const auto others = answerWith(torch::randn_like(batch.slotTarget));
                if (twin == Twin::Masked)
                    QCOMPARE(others, targets);
                else
                    QVERIFY(std::abs(others - targets) > 1e-4);
            }
        }
    }

    void theLatentEndStandsAfterTheLastSlot() {
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-a"));
        const auto tokens = checkpoint.rules.tokens;
        const TrainingSet set({record(picture(folder(), 112, 112, 6), {{0, 0, .5, .25}})});
        auto options = plainSum();
        options.latentEnd = LatentEnd::Token;
        const auto token = rowOf(checkpoint, set, options);
        const auto at = token.slots.back().at + 1;
        QCOMPARE(token.ids[at], *tokens.latentEnd);
        QCOMPARE(token.ids[at + 1], tokens.end);
        QVERIFY(std::any_of(token.labels.begin(), token.labels.end(),
                            [&](const auto& label) { return label.at == at; }));
        options.latentEnd = LatentEnd::Vector;
        const auto vector = rowOf(checkpoint, set, options);
        QCOMPARE(vector.ids, token.ids);
        QCOMPARE(vector.latentEnds, std::vector{at});
        QVERIFY(std::none_of(vector.labels.begin(), vector.labels.end(),
                             [&](const auto& label) { return label.at == at; }));
    }

    // One that came after more slots would say that the thought is over where it goes on.
    void aThoughtWithALatentEndHasNoExtraSlots() {
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-a"));
        const TrainingSet set({record(picture(folder(), 112, 112, 6), {{0, 0, .5, .25}})});
        auto options = plainSum();
        options.extraSlots = 1;
        QVERIFY(rowOf(checkpoint, set, options).slots.size() > 2);
        options.latentEnd = LatentEnd::Vector;
        QCOMPARE(rowOf(checkpoint, set, options).slots.size(), std::size_t{2});
    }

    void theOwnLatentPassReadsItsOwnLatentEnd() {
        const torch::NoGradGuard off;
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-b"));
        const TrainingSet set(threeRecords(folder()));
        auto options = plainSum();
        options.latentEnd = LatentEnd::Vector;
        const auto part = split(pictures(checkpoint, set, options), 1 << 20).front();
        SftTotals totals;
        for (const auto& one : part)
            for (const auto& row : one.rows) totals.add(row);
        const auto batch = layOut(checkpoint, part);
        const PackReading read(checkpoint.model, batch.pack);
        const auto nats = [&](const torch::Tensor& latentEnds) {
            return sftPass(checkpoint, batch, read, {batch.slotTarget, latentEnds},
                           std::vector<double>(set.kinds.size(), 1.0), options, totals)
                .nats;
        };
        const auto taught = sftPass(checkpoint, batch, read, {batch.slotTarget, {}},
                                    std::vector<double>(set.kinds.size(), 1.0), options, totals);
        const auto vector = checkpoint.model.latentEnd().unsqueeze(0);
        QCOMPARE(taught.latentEnds.sizes(), vector.expand_as(taught.latentEnds).sizes());
        QCOMPARE(nats(vector.expand_as(taught.latentEnds)), taught.nats);
        QVERIFY(std::abs(nats(taught.latentEnds) - taught.nats) > 1e-3);
    }

    // What can't be learnt: where to look is tossed.
    void aKindThatIsNotLearntDoesNotHoldTheOwnLatentPassBack() {
        const Box corner{0, 0, .2, .2}, middle{.3, .3, .45, .45}, other{.8, .8, 1, 1};
        std::vector<TrainingRecord> records;
        const auto add = [&](int number, const char* kind, std::vector<Box> boxes) {
            records.push_back(record(folder() / (std::to_string(number) + ".png"), boxes));
            records.back().kind = kind;
        };
        for (const int number : {21, 22}) picture(folder(), 112, 112, number);
        for (const char* kind : {"one", "two", "three", "four", "five", "six"})
            add(21, kind, {other});
        for (const Box& first : {corner, middle, other})
            for (const Box& second : {corner, middle, other}) add(22, "tossed", {first, second});
        auto checkpoint =
            LvrCheckpoint::open(modelFolder("random-a"), {.use = LoadOptions::Use::Training});
        auto options = plainSum();
        options.latentWeight = 10;
        options.learningRate = 2e-3;
        options.steps = 150;
        options.coolDown = 0;
        double own = 0, tossed = 0;
        trainSft(checkpoint, TrainingSet(records), options,
                 {.onReport = [&](const TrainReport& report) {
                     own += report.metrics.at("own");
                     tossed = report.metrics.at("hit/tossed");
                 }});
        qInfo("%.0f own-latent passes, hits of the kind that is tossed %.2f", own, tossed);
        QVERIFY(tossed < 0.6);
        QVERIFY(own > 0);
    }

    void aFixedNumberOfTargetsIsKept_data() {
        QTest::addColumn<QString>("rule");
        QTest::addColumn<QVector<QVector<int>>>("targets");
        using Lists = QVector<QVector<int>>;
        QTest::newRow("all") << "all" << Lists{{0}, {1}, {2}};
        QTest::newRow("truncate") << "truncate:2" << Lists{{0}, {1}};
        QTest::newRow("cycle") << "cycle:5" << Lists{{0}, {1}, {2}, {0}, {1}};
        QTest::newRow("pool down") << "pool:2" << Lists{{0}, {1, 2}};
        QTest::newRow("pool up") << "pool:4" << Lists{{0}, {0}, {1}, {2}};
    }
    void aFixedNumberOfTargetsIsKept() {
        QFETCH(QString, rule);
        QFETCH(QVector<QVector<int>>, targets);
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-a"));
        const TrainingSet set({record(picture(folder(), 112, 112, 7), {{0, 0, .75, .25}})});
        auto options = plainSum();
        options.roiTokens = rule.toStdString();
        options.extraSlots = 1;  // not where the number is fixed
        if (rule == "all") options.extraSlots = 0;
        const auto row = rowOf(checkpoint, set, options);
        QCOMPARE(static_cast<int>(row.slots.size()), static_cast<int>(targets.size()));
        for (int k = 0; k < targets.size(); ++k)
            QCOMPARE(row.slots[k].tokens, std::vector<int>(targets[k].begin(), targets[k].end()));
    }

    void pooledTargetsAreMeans() {
        const torch::NoGradGuard off;
        const auto checkpoint = LvrCheckpoint::open(modelFolder("random-a"));
        const TrainingSet set({record(picture(folder(), 112, 112, 8), {{0, 0, .75, .25}})});
        auto options = plainSum();
        options.roiTokens = "pool:1";
        const auto all = pictures(checkpoint, set, options);
        const auto batch = layOut(checkpoint, all);
        const auto mean = all.front().images.tokens.narrow(0, 0, 3).mean(0);
        QVERIFY((batch.slotTarget[0] - mean).abs().max().item<double>() < 1e-6);
    }

    void aRuleOfTargetsThatIsNoneIsRefused() {
        for (const char* text :
             {"", "al", "pool", "pool:", "pool:0", "pool:x", "pool:5000", "all:3"})
            QVERIFY_EXCEPTION_THROWN(parseRoiTokens(text), Error);
        QCOMPARE(parseRoiTokens("pool:8").count, 8);
    }

    // A file that went away costs its questions, not the run.
    void unreadablePicturesAreLeftOutAndCounted() {
        auto checkpoint =
            LvrCheckpoint::open(modelFolder("random-a"), {.use = LoadOptions::Use::Training});
        auto records = threeRecords(folder());
        records.push_back(record(folder() / "gone.png", {{0, 0, 1, 1}}));
        auto options = plainSum();
        options.steps = 3;
        options.coolDown = 0;
        options.goal = 1.1;
        std::string alert;
        const auto result =
            trainSft(checkpoint, TrainingSet(records), options,
                     {.onReport = [&](const TrainReport& report) { alert += report.alert; }});
        QCOMPARE(result.skippedQuestions, 3);  // of 4 in 3 steps; each step draws all pictures
        QCOMPARE(QString::fromStdString(alert).count("gone.png"), 1);
    }

    // Ten pictures, two of them there, one a step: the share comes and goes.
    void stepsInWhichNothingCanBeReadAreNone() {
        auto records = threeRecords(folder());
        records.pop_back();
        while (records.size() < 4)
            records.push_back(record(folder() / ("gone-" + std::to_string(records.size()) + ".png"),
                                     {{0, 0, 1, 1}}));
        auto options = plainSum();
        options.schedule = Schedule::Linear;
        options.steps = 6;
        options.picturesPerStep = 1;
        options.weightDecay = 0.1;
        const auto train = [&](std::vector<TrainingRecord> of, const SftHooks& hooks) {
            auto checkpoint =
                LvrCheckpoint::open(modelFolder("random-a"), {.use = LoadOptions::Use::Training});
            trainSft(checkpoint, TrainingSet(std::move(of)), options, hooks);
        };
        std::vector<int> steps, saved;
        std::vector<double> rates, labels;
        const SftHooks hooks{.onReport =
                                 [&](const TrainReport& report) {
                                     steps.push_back(report.step);
                                     rates.push_back(report.learningRate);
                                     labels.push_back(report.metrics.at("tokens/step"));
                                 },
                             .onSave = [&](int step, const TrainState&) { saved.push_back(step); },
                             .saveEvery = 1};
        train(records, hooks);
        QCOMPARE(steps, (std::vector{1, 2, 3, 4, 5, 6}));
        QCOMPARE(saved, steps);
        QVERIFY(*std::min_element(labels.begin(), labels.end()) > 0);
        const auto skipping = rates;
        rates.clear();
        records.resize(2);
        train(records, hooks);
        QCOMPARE(rates, skipping);
    }

    void dataOfWhichNothingCanBeReadEndsSoonWithTheLastReason() {
        auto checkpoint =
            LvrCheckpoint::open(modelFolder("random-a"), {.use = LoadOptions::Use::Training});
        std::vector<TrainingRecord> records;
        for (int i = 0; i < 60; ++i)
            records.push_back(record(folder() / (std::to_string(i) + "-gone.png"), {{0, 0, 1, 1}}));
        auto options = plainSum();
        options.picturesPerStep = 1;
        const TrainingSet set(records);
        SftSampler same(set, options);
        int last = 0;
        for (int i = 0; i < 5; ++i) last = same.next({1.0}).front().picture;
        int reports = 0;
        std::string said;
        try {
            trainSft(checkpoint, set, options,
                     {.onReport = [&](const TrainReport&) { ++reports; }});
        } catch (const Error& error) {
            said = error.what();
        }
        QCOMPARE(reports, 0);
        QVERIFY2(said.starts_with("nothing could be read in 5 steps in a row"), said.c_str());
        QVERIFY2(said.find(std::to_string(last) + "-gone.png") != std::string::npos, said.c_str());
    }

    // So what will be read is known however many pictures a step takes, over the end of an epoch.
    void aCopyOfTheSamplerDrawsTheSamePicturesWhateverTheFocus() {
        std::vector<TrainingRecord> records;
        for (int i = 0; i < 30; ++i) {
            records.push_back(record("picture-" + std::to_string(i * i / 40) + ".png", {}));
            records.back().kind = i % 3 == 0 ? "one" : "two";
        }
        const TrainingSet set(records);
        auto options = plainSum();
        options.batch = 5;
        SftSampler sampler(set, options);
        const auto pictures = [](SftSampler& of, const std::vector<double>& focus) {
            std::vector<int> all;
            for (const auto& drawn : of.next(focus)) all.push_back(drawn.picture);
            of.uniform();
            return all;
        };
        auto ahead = sampler;
        std::set<std::size_t> sizes;
        for (int step = 0; step < 20; ++step) {
            const auto drawn = pictures(sampler, {5, 0.1});
            sizes.insert(drawn.size());
            QCOMPARE(pictures(ahead, {1, 1}), drawn);
        }
        QVERIFY(sizes.size() > 1);
    }

    // Wherever in a step the stop comes: the step is as if it had not begun.
    void anInterruptedStepIsTakenAnew() {
        const TrainingSet set(threeRecords(folder()));
        auto options = plainSum();
        options.extraSlots = 0.5;
        options.schedule = Schedule::Constant;
        options.steps = 12;
        options.picturesPerStep = 2;
        const auto weight = [](const LvrCheckpoint& c) {
            return c.model.parameters().back().second.detach().clone();
        };
        const auto open = [] {
            return LvrCheckpoint::open(modelFolder("random-a"),
                                       {.use = LoadOptions::Use::Training});
        };
        auto whole = open();
        trainSft(whole, set, options, {});
        auto stopped = open();
        std::optional<TrainState> state;
        int interruptions = 0;
        for (int after = 5; after < 100000; after += after / 2) {
            std::stop_source source;
            std::jthread later([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(after));
                source.request_stop();
            });
            try {
                trainSft(stopped, set, options,
                         {.onSave =
                              [&](int, const TrainState& now) {
                                  state = now;
                                  for (auto& [name, tensor] : state->tensors)
                                      tensor = tensor.clone();
                              },
                          .resume = state ? [&] { return *state; } : std::function<TrainState()>(),
                          .stop = source.get_token()});
                break;
            } catch (const Cancelled&) {
                ++interruptions;
            }
        }
        QVERIFY(interruptions > 0);
        QVERIFY(weight(stopped).equal(weight(whole)));
    }

    // Shared out or not, and interrupted at once.
    void validationIsInterruptedBetweenPictures() {
        const auto checkpoint =
            LvrCheckpoint::open(modelFolder("random-a"), {.use = LoadOptions::Use::Training});
        const TrainingSet set(threeRecords(folder()));
        std::stop_source source;
        source.request_stop();
        QVERIFY_EXCEPTION_THROWN(validateSft(checkpoint, set, plainSum(), {}, source.get_token()),
                                 Cancelled);
    }

    void stepsWithoutFiniteGradientsAreSkippedAndEndTheRun() {
        auto checkpoint =
            LvrCheckpoint::open(modelFolder("random-a"), {.use = LoadOptions::Use::Training});
        const auto weights = [&] { return checkpoint.model.parameters().back().second.clone(); };
        checkpoint.model.lmHead().detach()[5].fill_(INFINITY);
        const auto before = weights();
        auto options = plainSum();
        options.steps = 20;
        options.maxNonFinite = 3;
        int steps = 0;
        std::string said;
        std::vector<std::string> alerts;
        std::vector<int> told;
        try {
            trainSft(checkpoint, TrainingSet(threeRecords(folder())), options,
                     {.onReport =
                          [&](const TrainReport& report) {
                              ++steps;
                              alerts.push_back(report.alert);
                          },
                      .onNotFinite =
                          [&](int step, const std::vector<int>& records) {
                              told.push_back(step);
                              for (const int record : records)
                                  if (record < 0 || record > 2) return std::string(" of no record");
                              return records.empty() ? std::string(" of none")
                                                     : std::string("; kept");
                          }});
        } catch (const Error& error) {
            said = error.what();
        }
        QCOMPARE(steps, 2);
        QCOMPARE(told, (std::vector{1, 2, 3}));
        for (const auto& alert : alerts) QVERIFY2(alert.ends_with("; kept"), alert.c_str());
        QVERIFY2(said.ends_with("; kept"), said.c_str());
        QVERIFY2(QString::fromStdString(said).startsWith("3 steps in a row had no finite gradient"),
                 said.c_str());
        QVERIFY(torch::equal(weights().nan_to_num(), before.nan_to_num()));
    }

    void addedPartsAreTrainedAndSaved() {
        auto checkpoint =
            LvrCheckpoint::open(modelFolder("random-a"), {.use = LoadOptions::Use::Training});
        auto options = plainSum();
        options.head = AddedHead::Mlp;
        options.latentEnd = LatentEnd::Vector;
        options.steps = 2;
        options.coolDown = 0;
        addLvrParts(checkpoint, options);
        QVERIFY(std::abs(checkpoint.model.latentEnd().norm().item<double>() -
                         std::sqrt(checkpoint.model.config().text.hiddenSize)) < 1e-3);
        const auto before = checkpoint.model.latentEnd().clone();
        trainSft(checkpoint, TrainingSet(threeRecords(folder())), options, {});
        QVERIFY(!torch::equal(before, checkpoint.model.latentEnd()));
        const auto out = folder() / "with-parts";
        saveCheckpoint(checkpoint, modelFolder("random-a"), {}, out);
        const auto again = LvrCheckpoint::open(out.string());
        QVERIFY(again.model.config().lvr.head == LvrHead::Mlp);
        QVERIFY(torch::equal(again.model.latentEnd(), checkpoint.model.latentEnd()));
        options.head = AddedHead::Glu;
        QVERIFY_EXCEPTION_THROWN(addLvrParts(checkpoint, options), Error);
        options.head = AddedHead::Keep;
        options.latentEnd = LatentEnd::Off;
        QVERIFY_EXCEPTION_THROWN(addLvrParts(checkpoint, options), Error);
    }

    void unfrozenPartsMoveAtTheirOwnRate() {
        const auto moved = [&](double merger, double vision) {
            auto checkpoint =
                LvrCheckpoint::open(modelFolder("random-a"), {.use = LoadOptions::Use::Training});
            std::map<std::string, torch::Tensor> before;
            for (const auto& [name, tensor] : checkpoint.model.parameters())
                before[name] = tensor.clone();
            auto options = plainSum();
            options.steps = 1;
            options.coolDown = 0;
            options.weightDecay = 0;
            options.mergerRate = merger;
            options.visionRate = vision;
            trainSft(checkpoint, TrainingSet(threeRecords(folder())), options, {});
            double inMerger = 0, inVision = 0;
            for (const auto& [name, tensor] : checkpoint.model.parameters()) {
                if (!name.starts_with("visual.")) continue;
                auto& most = name.starts_with("visual.merger.") ? inMerger : inVision;
                most = std::max(most, (tensor - before[name]).abs().max().item<double>());
            }
            return std::pair(inMerger, inVision);
        };
        QCOMPARE(moved(0, 0), std::pair(0.0, 0.0));
        const auto [merger, vision] = moved(0.5, 0.1);
        QVERIFY(merger > 0 && vision > 0);
        QVERIFY(std::abs(merger / vision - 5) < 0.5);  // Adam's first step is the rate
    }

    void schedulesEndWhereTheySay() {
        auto checkpoint =
            LvrCheckpoint::open(modelFolder("random-a"), {.use = LoadOptions::Use::Training});
        const TrainingSet set(threeRecords(folder()));
        for (const auto& [schedule, last] : {std::pair{Schedule::Constant, 1.0},
                                             {Schedule::Goal, 1.0},  // the first of its fall
                                             {Schedule::Linear, 0.125},
                                             {Schedule::Cosine, 0.05 + 0.95 * 0.0381}}) {
            auto options = plainSum();
            options.schedule = schedule;
            options.goal = 1.1;  // never
            options.learningRate = 1e-6;
            options.warmup = 2;
            options.steps = 10;
            double rate = 0;
            int steps = 0;
            trainSft(checkpoint, set, options, {.onReport = [&](const TrainReport& report) {
                         rate = report.learningRate;
                         steps = report.steps;
                     }});
            QCOMPARE(steps, 10);
            QVERIFY2(std::abs(rate / 1e-6 - last) < 1e-3, qPrintable(QString::number(rate)));
        }
    }
};

QTEST_GUILESS_MAIN(SftTest)
#include "sft_test.moc"
