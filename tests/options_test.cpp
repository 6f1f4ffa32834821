#include "core/values/options.h"

#include <QtTest>

#include "core/error.h"
#include "core/values/decoding_text.h"
#include "core/values/trace.h"

using namespace lvr;

namespace {

std::string errorOf(const std::string& text) {
    try {
        parseExitRule(text);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

// Nothing in it is a default.
DecodeOptions allChanged() {
    return {.exit = NearLatentEnd{LatentEndMetric::Cosine, 0.1 + 0.2, 7},
            .spanStart = SpanStart::Forced,
            .spanEnd = SpanEnd::Forced,
            .headPositions = HeadPositions::Released,
            .latentFeed = LatentFeed::Filler,
            .latentAttention = LatentAttention::Thought,
            .maxNewTokens = 2147483647,
            .sampling = {.temperature = 1.0 / 3,
                         .topP = 0.95,
                         .topK = 40,
                         .minP = 0.001,
                         .repetitionPenalty = 1.05,
                         .seed = 18446744073709551615ULL},
            .thought = {},
            .pixels = {.min = 3136, .max = 12544}};
}

std::string errorOfOption(const std::string& name, const std::string& text) {
    DecodeOptions options;
    try {
        setOption(options, name, text);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace

class OptionsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyRuleSurvivesItsText_data() {
        QTest::addColumn<QString>("text");
        for (const char* text :
             {"none", "fixed:0", "fixed:8", "latent-end:mse:0.02:16", "latent-end:mae:1.5:3",
              "latent-end:cosine:1e-09:16", "end-token:32", "end-prob:0.5:16", "end-prob:1:0",
              "settled:0.98:16", "answer-settled:2:16", "entropy:0.5:16", "entropy:3:4",
              "probe:runs/my probe.json:0.5:16", "repeated:3:16", "repeated:2:8"})
            QTest::newRow(text) << text;
    }
    void everyRuleSurvivesItsText() {
        QFETCH(QString, text);
        QCOMPARE(QString::fromStdString(toText(parseExitRule(text.toStdString()))), text);
    }

    void partsThatAreLeftOutKeepTheirDefaults() {
        QCOMPARE(parseExitRule("fixed"), ExitRule(FixedSteps{}));
        QCOMPARE(parseExitRule("latent-end:cosine"),
                 ExitRule(NearLatentEnd{.metric = LatentEndMetric::Cosine}));
        QCOMPARE(parseExitRule("latent-end:mae:0.3"),
                 ExitRule(NearLatentEnd{.metric = LatentEndMetric::Mae, .threshold = 0.3}));
        QCOMPARE(parseExitRule("end-token"), ExitRule(EndToken{}));
        QCOMPARE(parseExitRule("end-prob:0.25"), ExitRule(EndProbability{.threshold = 0.25}));
        QCOMPARE(parseExitRule("settled"), ExitRule(Settled{}));
        QCOMPARE(parseExitRule("answer-settled:3"), ExitRule(AnswerSettled{.held = 3}));
        QCOMPARE(parseExitRule("entropy:1"), ExitRule(AnswerEntropy{.threshold = 1}));
        QCOMPARE(parseExitRule("probe:p.json"), ExitRule(LearnedProbe{.file = "p.json"}));
        QCOMPARE(parseExitRule("repeated:4"), ExitRule(RepeatedToken{.times = 4}));
    }

    void wrongRulesAreErrorsThatSayWhatIsRight_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* text, const char* says) {
            QTest::newRow(text) << text << says;
        };
        row("fxed:8", "nearest valid one is \"fixed:8\"");
        row("end-probability", "nearest valid one is \"end-prob:0.5:16\"");
        row("latent_end:mse", "nearest valid one is \"latent-end:mse:0.02:16\"");
        row("nothing", "nearest valid one is \"none\"");
        row("", "unknown exit rule \"\"");
        row("FIXED:8", "unknown exit rule");
        row("latent-end:mes", "nearest valid one is \"mse\"");
        row("fixed:", "count must be a whole number");
        row("fixed:-1", "count must be a whole number");
        row("fixed:8.5", "count must be a whole number");
        row("fixed:99999999999", "count must be a whole number");
        row("fixed:8:9", "too many parts");
        row("none:1", "too many parts");
        row("end-prob:1.5", "threshold must be a number from 0 to 1");
        row("end-prob:nan", "threshold must be a number");
        row("latent-end:mse:inf", "threshold must be a number from 0");
        row("latent-end:mse:0.1:x", "cap must be a whole number");
        row("setled", "nearest valid one is \"settled:0.98:16\"");
        row("settled:1.1", "threshold must be a number from 0 to 1");
        row("answer-settled:x", "number of latents must be a whole number");
        row("entropy:-1", "threshold must be a number from 0");
        row("probe:p.json:2", "threshold must be a number from 0 to 1");
        row("end-token: 3", "cap must be a whole number");
    }
    void wrongRulesAreErrorsThatSayWhatIsRight() {
        QFETCH(QString, text);
        QFETCH(QString, says);
        const auto error = errorOf(text.toStdString());
        QVERIFY2(error.find(says.toStdString()) != error.npos, error.c_str());
    }

    void everyOptionOfDecodingSurvivesItsText() {
        DecodeOptions read;
        const auto texts = optionTexts(allChanged());
        for (const auto& [name, text] : texts) setOption(read, name, text);
        QVERIFY(read == allChanged());
        QCOMPARE(texts.size(), fieldsOf(DecodeOptions()).size());
        setOption(read, "max-pixels", "");
        QVERIFY(!read.pixels.max);
    }

    void everyOptionThatIsChangedIsSaidInTheTitle() {
        for (const auto& [name, text] : optionTexts(allChanged())) {
            DecodeOptions options{.sampling = {.temperature = 0.5}};
            const auto before = wordsOf(options);
            setOption(options, name, text);
            QVERIFY2(wordsOf(options) != before, name.c_str());
        }
        QCOMPARE(wordsOf({.exit = FixedSteps{4}, .sampling = {.topP = 0.5}}), "fixed 4, top-p 0.5");
        QCOMPARE(wordsOf({.exit = FixedSteps{4}, .sampling = {.seed = 7}}), "fixed 4");  // greedy
    }

    void aWrongValueOfAnOptionIsAnErrorThatNamesIt_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const char* text, const char* says) {
            QTest::addRow("%s %s", name, text) << name << text << says;
        };
        row("exit", "fixd:3", "exit: unknown exit rule \"fixd:3\"");
        row("latent-feed", "owm", "latent-feed: unknown value \"owm\"; did you mean \"own\"?");
        row("force-start", "forced", "force-start: unknown value");
        row("temperature", "-1", "temperature: \"-1\" is not a number from 0 to 100");
        row("temperature", "nan", "temperature");
        row("top-p", "0", "top-p");
        row("top-k", "3.5", "top-k: \"3.5\" is not a whole number");
        row("max-new-tokens", "0", "max-new-tokens");
        row("max-new-tokens", "2147483648", "max-new-tokens");
        row("seed", "-1", "seed");
        row("seed", "18446744073709551616", "seed");
        row("max-pixels", "0", "max-pixels");
    }
    void aWrongValueOfAnOptionIsAnErrorThatNamesIt() {
        QFETCH(QString, name);
        QFETCH(QString, text);
        QFETCH(QString, says);
        const auto error = errorOfOption(name.toStdString(), text.toStdString());
        QVERIFY2(error.find(says.toStdString()) != error.npos, error.c_str());
    }

    void stopReasonsHaveTheirNames() {
        QCOMPARE(toText(StopReason::EndOfText), "end_of_text");
        QCOMPARE(toText(StopReason::MaxNewTokens), "max_new_tokens");
        QCOMPARE(toText(StopReason::Cancelled), "cancelled");
    }
};

QTEST_GUILESS_MAIN(OptionsTest)
#include "options_test.moc"
