// The decoding loop against the official class (tests/goldens/README.md), and what it promises
// beyond it (lvr-spec 8.2).

#include <QTemporaryDir>
#include <QtTest>
#include <limits>

#include "core/causal/latent_filters.h"
#include "core/decode/decoder.h"
#include "core/decode/exit_rule.h"
#include "core/decode/recent_prompts.h"
#include "core/decode/sampling.h"
#include "core/error.h"
#include "core/text/chat_template.h"
#include "core/torch.h"
#include "core/trace/trace_file.h"
#include "core/vision/image_file.h"
#include "tests/support/decoding.h"

using namespace lvr;
using decoding::folder;
using decoding::makePrompt;
using decoding::parameter;
using decoding::plainPicture;
using decoding::writable;
using Json = nlohmann::json;

Q_DECLARE_METATYPE(lvr::SamplingOptions)

namespace {

// What one row alone draws. logits: [V]
std::int64_t sampleToken(const torch::Tensor& logits, const std::vector<std::int64_t>& seen,
                         const SamplingOptions& options, at::Generator& random) {
    return sampleRows(logits.unsqueeze(0), {{seen, random}}, options).front().id;
}

void applyChanges(const LvrCheckpoint& checkpoint, const Json& c, const golden::Tensors& tensors) {
    const torch::NoGradGuard off;
    const auto head = checkpoint.model.config().text.tieWordEmbeddings ? "model.embed_tokens.weight"
                                                                       : "lm_head.weight";
    if (c.contains("replaced_rows"))
        for (const auto& row : c["replaced_rows"])
            parameter(checkpoint.model, head)[row["row"].get<std::int64_t>()].copy_(
                tensors[row["values"]]);
    if (c.contains("latent_end") && c["latent_end"] != "checkpoint")
        parameter(checkpoint.model, "lvr_latent_end_emb").copy_(tensors[c["latent_end"]]);
}

constexpr int kNoCap = 1 << 20;  // the official mode switching has none

DecodeOptions optionsOf(const Json& c) {
    const auto& call = c["call"];
    DecodeOptions options{.headPositions = HeadPositions::Released};
    options.maxNewTokens = call["max_new_tokens"];
    options.sampling.repetitionPenalty = call.value("repetition_penalty", 1.0);
    const auto strategy = call.value("decoding_strategy", std::string());
    const int steps = call.contains("lvr_steps") ? call["lvr_steps"][0].get<int>() : 0;
    if (strategy == "steps")
        options.exit = FixedSteps{steps};
    else if (strategy == "latent") {
        const auto metric = call.value("criterion", std::string("mse"));
        options.exit = NearLatentEnd{metric == "mse"   ? LatentEndMetric::Mse
                                     : metric == "mae" ? LatentEndMetric::Mae
                                                       : LatentEndMetric::Cosine,
                                     call.value("lvr_end_threshold", 0.02), steps};
    } else
        options.exit = EndToken{kNoCap};
    return options;
}

// Ids up to where a rounding error may decide, or to the first stop token.
void compareRow(const std::string& key, const RowResult& got, const Json& expected,
                const RowRules& rules) {
    auto ids = expected["new_ids"].get<std::vector<std::int64_t>>();
    std::size_t count = ids.size();
    if (!expected["first_fragile"].is_null())
        count = std::min<std::size_t>(count, expected["first_fragile"]);
    for (std::size_t i = 0; i < count; ++i) {
        QVERIFY2(i < got.ids.size(), (key + ": too few ids").c_str());
        QVERIFY2(got.ids[i] == ids[i],
                 (key + ": id " + std::to_string(i) + " is " + std::to_string(got.ids[i]) +
                  ", not " + std::to_string(ids[i]))
                     .c_str());
        const bool fedLatent =
            i + 1 < expected["steps"].size() && expected["steps"][i + 1]["fed"] == "latent";
        QVERIFY2(got.isLatent[i] == fedLatent, (key + ": latent at " + std::to_string(i)).c_str());
        const bool stops =
            std::find(rules.stopIds.begin(), rules.stopIds.end(), ids[i]) != rules.stopIds.end();
        if (stops && !fedLatent) break;  // a finished row of a batch is padded in the goldens
    }
}

}  // namespace

class DecodeTest : public QObject {
    Q_OBJECT

    LvrCheckpoint a_ = LvrCheckpoint::open(folder("random-a"));
    LvrCheckpoint b_ = LvrCheckpoint::open(folder("random-b"));  // with a latent end
    golden::Tensors images_{"preprocess.safetensors"};
    Json preprocess_ = golden::json("preprocess.json");

    Pixels pixelsOf(const Json& names) const { return golden::pixels(images_, preprocess_, names); }
    RowResult run(const Prompt& prompt, const DecodeOptions& options,
                  const RowHooks& hooks = {}) const {
        return decodeRows(a_.model, {prompt}, a_.rules, options, hooks).front();
    }
    Prompt forced(const std::string& question = "Where is it?") const {
        return decoding::forced(a_, question);
    }
    Prompt pictured() const { return decoding::pictured(a_); }

    PicturePlan planOf(const std::vector<Image>& images) const {
        return planQuestion(a_, {images, "What?"}, {});
    }

private Q_SLOTS:
    void plainDecodingEqualsTransformers() {
        const auto cases = golden::json("decode_plain.json");
        for (const auto& c : cases["cases"]) {
            auto checkpoint = LvrCheckpoint::open(golden::modelFolder(c["model"]).string());
            DecodeOptions options{.exit = NoLatents{}, .maxNewTokens = c["max_new_tokens"]};
            options.sampling.repetitionPenalty = c["repetition_penalty"];
            checkpoint.rules.stopIds = c["eos"].get<std::vector<std::int64_t>>();
            const auto rows =
                decodeRows(checkpoint.model,
                           {makePrompt(checkpoint, c["prompt"], pixelsOf(c["pixel_values"]))},
                           checkpoint.rules, options);
            QVERIFY2(rows.front().ids == c["new_ids"].get<std::vector<std::int64_t>>(),
                     c["key"].get<std::string>().c_str());
        }
        QVERIFY(!cases["cases"].empty());
        qInfo("%zu plain cases equal id for id", cases["cases"].size());
    }

    void latentDecodingEqualsTheOfficialClass() {
        const auto cases = golden::json("decode_lvr.json");
        const golden::Tensors tensors("decode_lvr.safetensors");
        double worst = 0;
        for (const auto& c : cases["cases"]) {
            const auto key = c["key"].get<std::string>();
            const auto checkpoint = writable(c["model"], c);
            applyChanges(checkpoint, c, tensors);
            std::vector<Prompt> prompts;
            if (c["prompt"].is_array())
                for (std::size_t i = 0; i < c["prompt"].size(); ++i) {
                    const auto names = c["pixel_values"][i].is_array()
                                           ? c["pixel_values"][i]
                                           : Json::array({c["pixel_values"][i]});
                    prompts.push_back(makePrompt(checkpoint, c["prompt"][i], pixelsOf(names)));
                }
            else
                prompts.push_back(makePrompt(checkpoint, c["prompt"], pixelsOf(c["pixel_values"])));
            const auto rows = decodeRows(checkpoint.model, prompts, checkpoint.rules, optionsOf(c));
            for (std::size_t i = 0; i < rows.size(); ++i) {
                compareRow(key, rows[i], c["rows"][i], checkpoint.rules);
                const auto name =
                    key + (rows.size() > 1 ? "/row" + std::to_string(i) : "") + "/latents";
                if (!tensors.has(name)) continue;
                const auto expected = tensors[name];
                const auto count = std::min(expected.size(0), rows[i].latents.size(0));
                QVERIFY2(!c["rows"][i]["first_fragile"].is_null() ||
                             expected.size(0) == rows[i].latents.size(0),
                         key.c_str());
                const double difference = golden::difference(rows[i].latents.narrow(0, 0, count),
                                                             expected.narrow(0, 0, count));
                QVERIFY2(difference <= std::max(10 * c.value("eager_vs_sdpa_max", 0.0), 2e-4),
                         (key + ": latents differ by " + std::to_string(difference)).c_str());
                worst = std::max(worst, difference);
            }
        }
        QVERIFY(!cases["cases"].empty());
        qInfo("%zu latent cases equal id for id, latents within %.1e", cases["cases"].size(),
              worst);
    }

    void fixedStepsFeedsExactlyThatManyLatents_data() {
        QTest::addColumn<int>("count");
        for (const int count : {0, 1, 3, 8}) QTest::addRow("%d", count) << count;
    }
    void fixedStepsFeedsExactlyThatManyLatents() {
        QFETCH(int, count);
        const auto row = run(forced(), {.exit = FixedSteps{count}, .maxNewTokens = 16});
        QCOMPARE(row.latents.size(0), static_cast<std::int64_t>(count));
        for (int i = 0; i < count; ++i) QVERIFY(row.isLatent[i]);
        QVERIFY(!row.isLatent[count]);
    }

    void aThoughtOutrunsTheLengthLimitByNoMoreThanItself() {
        const auto row = run(forced(), {.exit = FixedSteps{8}, .maxNewTokens = 4});
        QCOMPARE(std::ssize(row.ids), std::ptrdiff_t{9});
        QVERIFY(row.stopped == StopReason::MaxNewTokens);
    }

    void forcedEndFollowsTheLastLatent() {
        for (const int count : {0, 2}) {
            const auto row =
                run(forced(),
                    {.exit = FixedSteps{count}, .spanEnd = SpanEnd::Forced, .maxNewTokens = 8});
            QCOMPARE(row.ids[count], a_.rules.tokens.end);
        }
    }

    // Left padding changes nothing: rows of different lengths equal themselves alone.
    void unequalRowsInABatchEqualSingleRuns() {
        const std::vector<Prompt> prompts{
            forced("Where is the small green triangle, and what is left of it?"), forced("Why?"),
            pictured(),
            makePrompt(a_, "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n", {})};
        const DecodeOptions options{.exit = FixedSteps{4}, .maxNewTokens = 14};
        const auto together = decodeRows(a_.model, prompts, a_.rules, options);
        double worst = 0;
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            const auto alone = run(prompts[i], options);
            QCOMPARE(together[i].ids, alone.ids);
            QVERIFY(together[i].isLatent == alone.isLatent);
            worst = std::max(worst, golden::difference(together[i].latents, alone.latents));
        }
        qInfo("latents of a padded batch within %.1e of single runs", worst);
        QVERIFY(worst < 2e-5);
    }

    void endProbabilityLeavesAtTheFirstSlotThatReachesIt() {
        std::vector<double> probabilities;
        RowHooks hooks{.onStep = [&](const RowStep& step) {
            if (step.latentIndex >= 0) probabilities.push_back(step.endProbability);
        }};
        run(forced(), {.exit = FixedSteps{8}, .maxNewTokens = 12}, hooks);
        QCOMPARE(probabilities.size(), std::size_t{8});
        const double threshold = probabilities[3];
        std::size_t first = 0;
        while (probabilities[first] < threshold) ++first;
        const auto row = run(forced(), {.exit = EndProbability{threshold, 8}, .maxNewTokens = 12});
        // <|lvr_start|> itself may reach it already: then there is no latent at all.
        QVERIFY(row.latents.size(0) == static_cast<std::int64_t>(first) + 1 ||
                row.latents.size(0) == 0);
        QCOMPARE(
            run(forced(), {.exit = EndProbability{1.1, 5}, .maxNewTokens = 12}).latents.size(0),
            std::int64_t{5});
        QCOMPARE(
            run(forced(), {.exit = EndProbability{0.0, 5}, .maxNewTokens = 12}).latents.size(0),
            std::int64_t{0});
    }

    void capsHoldForEveryRule() {
        for (const ExitRule& rule :
             {ExitRule(EndToken{3}), ExitRule(EndProbability{1.1, 3}), ExitRule(FixedSteps{3})})
            QVERIFY(run(forced(), {.exit = rule, .maxNewTokens = 12}).latents.size(0) <= 3);
    }

    void snapFeedsAVisualTokenItself() {
        const auto prompt = pictured();
        const auto row =
            run(prompt, {.exit = FixedSteps{3}, .latentFeed = LatentFeed::Snap, .maxNewTokens = 6});
        for (int i = 0; i < 3; ++i)
            QVERIFY((prompt.images.tokens - row.latents[i]).abs().sum(-1).min().item<float>() == 0);
    }

    void fillerFeedsTheLvrTokensEmbedding() {
        const auto row =
            run(pictured(),
                {.exit = FixedSteps{2}, .latentFeed = LatentFeed::Filler, .maxNewTokens = 6});
        QVERIFY(torch::equal(row.latents[1],
                             a_.model.embed(torch::tensor({a_.rules.tokens.latent}))[0]));
    }

    void whatAMaskedTwinSaysOwesNothingToItsLatents() {
        const auto said = [&](LatentFeed feed, LatentAttention attention) {
            std::vector<torch::Tensor> logits;  // of each pass
            run(pictured(),
                {.exit = FixedSteps{3},
                 .spanStart = SpanStart::Forced,
                 .spanEnd = SpanEnd::Forced,
                 .latentFeed = feed,
                 .latentAttention = attention,
                 .maxNewTokens = 8},
                {.onLogits = [&](const torch::Tensor& l) { logits.push_back(l.clone()); }});
            return logits;
        };
        // Passes 0 to 3 read the prompt and the latents, pass 4 lvr_end.
        const auto apart = [&](LatentAttention attention, std::size_t pass) {
            const auto own = said(LatentFeed::Own, attention),
                       zero = said(LatentFeed::Zero, attention);
            return (own[pass] - zero[pass]).abs().max().item<double>();
        };
        QVERIFY(apart(LatentAttention::All, 4) > 1e-3);
        QVERIFY(apart(LatentAttention::Thought, 2) > 1e-3);
        QCOMPARE(apart(LatentAttention::Thought, 4), 0.0);
        QCOMPARE(apart(LatentAttention::Thought, 5), 0.0);
    }

    void interventionsReplaceWhatIsFed() {
        const auto given = torch::randn({2, a_.model.config().text.hiddenSize});
        const DecodeOptions options{.exit = FixedSteps{4}, .maxNewTokens = 8};
        const auto all = run(pictured(), options, {.filter = feedInstead({{given}}, Replace::All)});
        QVERIFY(torch::equal(all.latents[0], given[0]) && torch::equal(all.latents[1], given[1]) &&
                torch::equal(all.latents[3], given[1]));
        const auto first =
            run(pictured(), options, {.filter = feedInstead({{given}}, Replace::First)});
        QVERIFY(torch::equal(first.latents[0], given[0]) &&
                !torch::equal(first.latents[1], given[1]));
        QVERIFY(
            run(pictured(), options, {.filter = feedZeros()}).latents.abs().max().item<float>() ==
            0);
        const auto own = run(pictured(), options).latents,
                   noise = run(pictured(), options, {.filter = feedNoise(1)}).latents;
        QVERIFY(std::abs(noise[0].norm().item<double>() / own[0].norm().item<double>() - 1) < 0.5);
        QVERIFY(!torch::equal(noise[0], own[0]));
    }

    void aGivenThoughtStandsBetweenItsMarkersUnderEveryRule_data() {
        QTest::addColumn<QString>("rule");
        for (const char* rule : {"none", "fixed:1", "fixed:9", "latent-end:mse:1e9:16",
                                 "end-token:32", "end-prob:0:16"})
            QTest::newRow(rule) << rule;
    }
    void aGivenThoughtStandsBetweenItsMarkersUnderEveryRule() {
        QFETCH(const QString, rule);
        auto prompt =
            makePrompt(a_, "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n", {});
        prompt.thought = torch::randn({3, a_.model.config().text.hiddenSize});
        const DecodeOptions options{.exit = parseExitRule(rule.toStdString()), .maxNewTokens = 4};
        const auto row = run(prompt, options);
        QVERIFY(row.latents.size(0) >= 3 &&
                torch::equal(row.latents.narrow(0, 0, 3), prompt.thought));
        QCOMPARE(row.ids[0], a_.rules.tokens.start);
        QCOMPARE(row.ids[4], a_.rules.tokens.end);
        QCOMPARE(std::vector<bool>(row.isLatent.begin(), row.isLatent.begin() + 5),
                 (std::vector<bool>{false, true, true, true, false}));
        // The limit of four is that of the answer.
        QVERIFY(row.ids.size() > 5 || row.stopped == StopReason::EndOfText);
        auto started = forced("Hello");
        started.thought = prompt.thought;
        const auto after = run(started, options);
        QVERIFY(torch::equal(after.latents.narrow(0, 0, 3), prompt.thought));
        QVERIFY(after.isLatent[0] && after.isLatent[2] && !after.isLatent[3]);
        QCOMPARE(after.ids[3], a_.rules.tokens.end);
    }

    void theThoughtAfterAGivenOneIsTheModelsOwn() {
        auto prompt = forced();
        prompt.thought = torch::randn({3, a_.model.config().text.hiddenSize});
        int pass = 0;
        const auto row = run(prompt, {.exit = FixedSteps{2}, .maxNewTokens = 12},
                             {.onLogits = [&](const torch::Tensor& logits) {
                                 if (++pass == 5)
                                     logits.select(1, a_.rules.tokens.start).fill_(1e9);
                             }});
        QCOMPARE(row.ids[4], a_.rules.tokens.start);
        QCOMPARE(row.latents.size(0), std::int64_t{5});
        QVERIFY(torch::equal(row.latents.narrow(0, 0, 3), prompt.thought));
        QVERIFY(!torch::equal(row.latents[3], prompt.thought[0]));
    }

    void everyThoughtEndsByTheSameRule_data() {
        QTest::addColumn<QString>("rule");
        QTest::addColumn<bool>("afterAGivenOne");
        for (const char* rule :
             {"fixed:3", "latent-end:mse:1e9:4", "latent-end:mae:1e9:4", "latent-end:cosine:3:4",
              "latent-end:mse:0:4", "end-token:4", "end-prob:1:4", "end-prob:0:4"})
            for (const bool given : {false, true})
                QTest::addRow("%s%s", rule, given ? " after a given thought" : "")
                    << QString(rule) << given;
    }
    // The second thought begins right after the first, as if the model had sampled its start.
    void everyThoughtEndsByTheSameRule() {
        QFETCH(const QString, rule);
        QFETCH(const bool, afterAGivenOne);
        const auto& b = b_;
        auto prompt = makePrompt(
            b, "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n<|lvr_start|>", {});
        const DecodeOptions options{.exit = parseExitRule(rule.toStdString()), .maxNewTokens = 16};
        const auto startsAt = [&](std::int64_t wanted) {
            return [&b, wanted, pass = std::int64_t(-1)](const torch::Tensor& logits) mutable {
                logits.select(1, b.rules.tokens.start).fill_(++pass == wanted ? 1e9 : -1e9);
            };
        };
        const auto once =
            decodeRows(b.model, {prompt}, b.rules, options, {.onLogits = startsAt(-1)}).front();
        const auto inOne = once.isLatent[0] ? thoughtsOf(once).front().size(0) : 0;
        auto end = inOne;  // the pass whose token ends the first thought
        if (afterAGivenOne) {
            // What the latent end is compared with is the last vector of a given thought, too.
            prompt.thought = torch::stack(
                {torch::randn({b.model.config().text.hiddenSize}), b.model.latentEnd()});
            end = prompt.thought.size(0) + 1;
        }
        const auto twice =
            decodeRows(b.model, {prompt}, b.rules, options, {.onLogits = startsAt(end)}).front();
        QCOMPARE(twice.ids[end], b.rules.tokens.start);
        std::int64_t inTwo = 0;
        for (auto i = end + 1; twice.isLatent[i]; ++i) ++inTwo;
        QCOMPARE(inTwo, inOne);
    }

    void theSecondThoughtIsGivenTheSecondRegionsVectors() {
        const auto given = torch::randn({4, a_.model.config().text.hiddenSize});
        const std::vector<torch::Tensor> regions{given.narrow(0, 0, 2), given.narrow(0, 2, 2)};
        const auto fedTwice = [&](int count, Replace which) {
            int pass = 0;
            return run(forced(), {.exit = FixedSteps{count}, .maxNewTokens = 16},
                       {.onLogits =
                            [&](const torch::Tensor& logits) {
                                if (++pass == count + 1)
                                    logits.select(1, a_.rules.tokens.start).fill_(1e9);
                            },
                        .filter = feedInstead({regions}, which)});
        };
        const auto isFed = [&](const RowResult& row, std::vector<int> wanted) {
            for (std::size_t i = 0; i < wanted.size(); ++i)
                if (torch::equal(row.latents[static_cast<std::int64_t>(i)],
                                 given[std::max(0, wanted[i])]) != (wanted[i] >= 0))
                    return false;
            return thoughtsOf(row).size() >= 2;
        };
        QVERIFY(isFed(fedTwice(1, Replace::All), {0, 2}));
        QVERIFY(isFed(fedTwice(2, Replace::All), {0, 1, 2, 3}));
        QVERIFY(isFed(fedTwice(3, Replace::All), {0, 1, 2, 2, 3, 3}));
        QVERIFY(isFed(fedTwice(2, Replace::First), {0, -1, -1, -1}));
    }

    void givenThoughtsOfUnequalLengthShareABatch() {
        std::vector<Prompt> prompts{pictured(), pictured(), forced("Why?")};
        prompts[0].thought = prompts[0].images.tokens.narrow(0, 0, 5);
        prompts[2].thought = torch::randn({2, a_.model.config().text.hiddenSize});
        const DecodeOptions options{.exit = FixedSteps{4}, .maxNewTokens = 10};
        const auto together = decodeRows(a_.model, prompts, a_.rules, options);
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            const auto alone = run(prompts[i], options);
            QCOMPARE(together[i].ids, alone.ids);
            QVERIFY(golden::difference(together[i].latents, alone.latents) < 2e-5);
        }
    }

    void aStopBetweenStepsKeepsWhatThereIs() {
        std::stop_source stop;
        int seen = 0;
        Question question{{},
                          "<|im_start|>user\nGo<|im_end|>\n<|im_start|>assistant\n<|lvr_start|>"};
        const auto trace = decode(
            a_, question, {.exit = FixedSteps{6}, .maxNewTokens = 30}, PromptKind::Raw,
            [&](const DecodeStep&) {
                if (++seen == 3) stop.request_stop();
            },
            stop.get_token());
        QVERIFY(trace.stopped == StopReason::Cancelled);
        QCOMPARE(trace.steps.size(), std::size_t{3});
        QCOMPARE(trace.latents.size(), std::size_t(3 * trace.hiddenSize));
    }

    void sameSeedSamplesTheSameAndAnotherSeedDoesNot() {
        DecodeOptions options{.exit = FixedSteps{2}, .maxNewTokens = 20};
        options.sampling = {.temperature = 1.5, .seed = 4};
        const auto first = run(forced(), options).ids;
        QCOMPARE(run(forced(), options).ids, first);
        options.sampling.seed = 5;
        QVERIFY(run(forced(), options).ids != first);
    }

    void samplersKeepOnlyWhatTheyShould() {
        auto random = at::make_generator<at::CPUGeneratorImpl>(1);
        const auto logits = torch::tensor({3.0F, 2.5F, 2.0F, -1.0F, 0.0F});
        std::set<std::int64_t> top2, nucleus, likely;
        for (int i = 0; i < 300; ++i) {
            top2.insert(sampleToken(logits, {}, {.temperature = 1, .topK = 2}, random));
            // probabilities .47 .29 .17 ...: two ids make up the first 70 %
            nucleus.insert(sampleToken(logits, {}, {.temperature = 1, .topP = 0.7}, random));
            // .29 is more than half of .47, .17 is less
            likely.insert(sampleToken(logits, {}, {.temperature = 1, .minP = 0.5}, random));
        }
        QVERIFY((likely == std::set<std::int64_t>{0, 1}));
        QVERIFY((top2 == std::set<std::int64_t>{0, 1}));
        QVERIFY((nucleus == std::set<std::int64_t>{0, 1}));
        QCOMPARE(sampleToken(logits, {0}, {.repetitionPenalty = 2}, random), std::int64_t{1});
        QCOMPARE(sampleToken(torch::tensor({-1.0F, -1.5F}), {0}, {.repetitionPenalty = 2}, random),
                 std::int64_t{1});
    }

    void rowsSampledTogetherSampleAsAlone_data() {
        QTest::addColumn<SamplingOptions>("options");
        // A CPU draws for several rows at once where there is a top-k; 30 are all ids.
        QTest::newRow("greedy") << SamplingOptions{.topK = 30, .repetitionPenalty = 1.5};
        QTest::newRow("softmax") << SamplingOptions{.temperature = 0.9, .topK = 30};
        QTest::newRow("top-p") << SamplingOptions{.temperature = 0.9, .topP = 0.8, .topK = 30};
        QTest::newRow("min-p") << SamplingOptions{.temperature = 0.9, .topK = 30, .minP = 0.1};
        QTest::newRow("everything") << SamplingOptions{
            .temperature = 1.2, .topP = 0.8, .topK = 5, .minP = 0.05, .repetitionPenalty = 1.3};
    }
    void rowsSampledTogetherSampleAsAlone() {
        QFETCH(SamplingOptions, options);
        torch::manual_seed(7);
        // multiples of a quarter, so that many tie with the k-th
        const auto logits = (torch::randn({4, 30}) * 8).round() / 4;
        const std::vector<std::vector<std::int64_t>> seen{{0, 1}, {2}, {2, 7, 9}, {5}};
        const auto generator = [](std::uint64_t seed) {
            return at::make_generator<at::CPUGeneratorImpl>(seed);
        };
        for (std::uint64_t seed = 0; seed < 40; ++seed) {
            std::vector<at::Generator> random;
            for (std::size_t b = 0; b < 4; ++b) random.push_back(generator(seed + b));
            std::vector<SamplingRow> rows;
            for (std::size_t b = 0; b < 4; ++b) rows.push_back({seen[b], random[b]});
            const auto together = sampleRows(logits, rows, options);
            for (std::size_t b = 0; b < 4; ++b) {
                auto own = generator(seed + b);
                QCOMPARE(together[b].id,
                         sampleToken(logits[static_cast<int>(b)], seen[b], options, own));
            }
        }
    }

    void samplesFollowTheSoftmax_data() {
        QTest::addColumn<int>("topK");
        QTest::newRow("all ids") << 0;
        QTest::newRow("top-k") << 3;
    }
    void samplesFollowTheSoftmax() {
        QFETCH(int, topK);
        auto random = at::make_generator<at::CPUGeneratorImpl>(1);
        const auto logits = torch::tensor({-1.0F, 2.0F, 0.5F, -9.0F, 1.0F});
        auto expected = (logits / 0.7).softmax(0);
        if (topK > 0) {
            expected.index_fill_(0, torch::tensor({0, 3}), 0);
            expected /= expected.sum();
        }
        const int draws = 20'000;
        auto share = torch::zeros({5});
        for (int i = 0; i < draws; ++i)
            share[sampleToken(logits, {}, {.temperature = 0.7, .topK = topK}, random)] += 1;
        share /= draws;
        // five standard deviations of a share of 20,000 draws
        const auto tolerance = 5 * (expected * (1 - expected) / draws).sqrt();
        QVERIFY(((share - expected).abs() <= tolerance).all().item<bool>());
    }

    void logitsThatAreNoNumbersAreSaid() {
        auto random = at::make_generator<at::CPUGeneratorImpl>(1);
        const auto logits = torch::tensor({1.0F, std::numeric_limits<float>::quiet_NaN()});
        for (const double temperature : {0.0, 1.0}) {
            const SamplingOptions options{.temperature = temperature};
            QVERIFY_THROWS_EXCEPTION(Error, sampleToken(logits, {}, options, random));
        }
    }

    void exitRulesLeaveWhenTheySay_data() {
        QTest::addColumn<QString>("rule");
        QTest::addColumn<int>("fed");
        QTest::addColumn<double>("endProbability");
        QTest::addColumn<double>("distance");
        QTest::addColumn<bool>("endSampled");
        QTest::addColumn<bool>("leaves");
        QTest::newRow("fixed before") << "fixed:8" << 7 << 1.0 << 0.0 << true << false;
        QTest::newRow("fixed at") << "fixed:8" << 8 << 0.0 << 9.0 << false << true;
        QTest::newRow("near far") << "latent-end:mse:0.5:9" << 2 << 1.0 << 0.6 << true << false;
        QTest::newRow("near close") << "latent-end:mse:0.5:9" << 2 << 0.0 << 0.4 << false << true;
        QTest::newRow("near cap") << "latent-end:mse:0.5:9" << 9 << 0.0 << 0.6 << false << true;
        QTest::newRow("token") << "end-token:9" << 1 << 0.0 << 9.0 << true << true;
        QTest::newRow("no token") << "end-token:9" << 1 << 1.0 << 0.0 << false << false;
        QTest::newRow("probability") << "end-prob:0.5:9" << 1 << 0.5 << 9.0 << false << true;
        QTest::newRow("less") << "end-prob:0.5:9" << 1 << 0.49 << 0.0 << true << false;
    }
    void exitRulesLeaveWhenTheySay() {
        QFETCH(QString, rule);
        QFETCH(int, fed);
        QFETCH(double, endProbability);
        QFETCH(double, distance);
        QFETCH(bool, endSampled);
        QFETCH(bool, leaves);
        QCOMPARE(leavesLatentMode(parseExitRule(rule.toStdString()),
                                  {fed, endProbability, distance, endSampled}),
                 leaves);
    }

    void anotherSizeOfAPictureIsEncodedAnew() {
        const std::vector<Image> shown{plainPicture(112, 84, 10)};
        const auto small = planQuestion(a_, {shown, "What?"}, {.pixels = {.max = 4 * 28 * 28}});
        RecentPrompts recent;
        Timings spent;
        QCOMPARE(recent.encode(a_, shown, planOf(shown), spent).tokens.size(0), 12);
        QCOMPARE(recent.encode(a_, shown, small, spent).tokens.size(0), small.visualTokens());
        QVERIFY(small.visualTokens() <= 4);
    }

    void aStopIsSeenWhileTheQuestionIsRead_data() {
        QTest::addColumn<bool>("atThePrompt");
        QTest::newRow("in the vision encoder") << false;
        QTest::newRow("in the language model") << true;
    }
    void aStopIsSeenWhileTheQuestionIsRead() {
        QFETCH(bool, atThePrompt);
        const Question question{{plainPicture(112, 84, 10)}, "What?"};
        const DecodeOptions options{.maxNewTokens = 8};
        std::stop_source stop;
        std::vector<double> done;
        const auto stopSoon = [&](double fraction) {
            done.push_back(fraction);
            stop.request_stop();
        };
        RecentPrompts recent;
        const auto encoded = encodeQuestion(
            a_, question, options,
            {.watch = {.onProgress = atThePrompt ? std::function<void(double)>() : stopSoon,
                       .stop = stop.get_token()},
             .recent = &recent});
        const auto trace = decodeEncoded(a_, question, encoded, options,
                                         {.onReading = stopSoon, .stop = stop.get_token()});
        QCOMPARE(done, std::vector<double>{0});  // not one layer more
        QCOMPARE(trace.stopped, StopReason::Cancelled);
        QVERIFY(trace.steps.empty() && trace.latents.empty());
        QCOMPARE(trace.grids, (std::vector<PatchGrid>{{3, 4}}));
        QCOMPARE(recent.pictures(), std::size_t{atThePrompt});  // what was broken off is not kept
        const QTemporaryDir dir;
        const auto file = dir.filePath("stopped.lvrtrace").toStdString();
        writeTrace(trace, file);
        QVERIFY(readTrace(file) == trace);
    }

    void readingIsReportedFromLayerToLayer() {
        std::vector<double> ofPictures, ofPrompt;
        const Question question{{plainPicture(112, 84, 10)}, "What?"};
        const auto note = [](std::vector<double>& in) {
            return [&in](double fraction) { in.push_back(fraction); };
        };
        const auto encoded =
            encodeQuestion(a_, question, {}, {.watch = {.onProgress = note(ofPictures)}});
        decodeEncoded(a_, question, encoded, {.maxNewTokens = 3}, {.onReading = note(ofPrompt)});
        const auto& config = a_.model.config();
        QCOMPARE(std::ssize(ofPictures), config.vision.depth);
        QCOMPARE(std::ssize(ofPrompt), config.text.numHiddenLayers);
        for (const auto& fractions : {ofPictures, ofPrompt}) {
            QVERIFY(std::is_sorted(fractions.begin(), fractions.end()));
            QVERIFY(fractions.front() == 0 && fractions.back() < 1);
        }
    }

    void aSecondQuestionAboutAPictureReusesItsEncoding() {
        const std::vector<Image> shown{plainPicture(56, 84, 10)}, other{plainPicture(56, 84, 11)};
        RecentPrompts recent;
        Timings atFirst, later;
        const auto first = recent.encode(a_, shown, planOf(shown), atFirst);
        QVERIFY(atFirst.encodeImages > 0);
        recent.encode(a_, other, planOf(other), atFirst);
        const auto again = recent.encode(a_, shown, planOf(shown), later);
        QVERIFY(later == Timings{});
        QVERIFY(torch::equal(again.tokens, first.tokens));
        QCOMPARE(again.grids, first.grids);
        QVERIFY(!torch::equal(recent.encode(a_, other, planOf(other), later).tokens, first.tokens));
        QCOMPARE(recent.pictures(), std::size_t{2});
        // Answers do not tell the difference.
        const Question question{shown, "What?"};
        const DecodeOptions options{
            .exit = FixedSteps{3}, .spanStart = SpanStart::Forced, .maxNewTokens = 8};
        const auto fresh = decode(a_, question, options);
        const auto reused = decodeEncoded(
            a_, question, encodeQuestion(a_, question, options, {.recent = &recent}), options, {});
        QVERIFY(reusedEncoding(reused) && !reusedEncoding(fresh));
        QCOMPARE(reused.text, fresh.text);
        QCOMPARE(reused.latents, fresh.latents);
    }

    void picturesAskedAboutLongAgoAreForgottenFirst() {
        const std::vector<Image> first{plainPicture(56, 56, 1)}, second{plainPicture(56, 56, 2)},
            third{plainPicture(56, 56, 3)};
        Timings spent;
        QCOMPARE(roomForRecentPrompts(std::size_t{8} << 30), std::size_t{1} << 30);
        QCOMPARE(roomForRecentPrompts(std::size_t{80} << 30), std::size_t{2} << 30);
        const auto bytes = RecentPrompts().encode(a_, first, planOf(first), spent).tokens.nbytes();
        RecentPrompts two(2 * bytes);
        for (const auto* images : {&first, &second, &first, &third})
            two.encode(a_, *images, planOf(*images), spent);
        QCOMPARE(two.pictures(), std::size_t{2});
        Timings known, forgotten;
        two.encode(a_, first, planOf(first), known);
        QVERIFY(known == Timings{});
        two.encode(a_, second, planOf(second), forgotten);
        QVERIFY(forgotten.encodeImages > 0);
        RecentPrompts none(bytes - 1);
        none.encode(a_, first, planOf(first), spent);
        QCOMPARE(none.pictures(), std::size_t{0});
    }
};

QTEST_GUILESS_MAIN(DecodeTest)
#include "decode_test.moc"
