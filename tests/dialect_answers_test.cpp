// What is asked of models of other methods, and what is made of what they say.

#include <QtTest>

#include "core/causal/spoken_answer.h"
#include "core/decode/decoder.h"
#include "core/error.h"
#include "core/values/liveness.h"
#include "tests/support/dialects.h"

using namespace lvr;
using dialects::Cases;

namespace {

RowResult rowThat(const LvrCheckpoint& checkpoint, const std::string& text) {
    RowResult row{.ids = checkpoint.tokenizer.encode(text)};
    row.isLatent.assign(row.ids.size(), false);
    row.isSaid.assign(row.ids.size(), true);
    return row;
}

RowResult answered(const Cases& cases, const std::string& key, const DecodeOptions* own = nullptr) {
    const auto& c = cases.named(key);
    const auto checkpoint = cases.checkpoint(c);
    const auto options = own ? *own : Cases::options(checkpoint, c);
    return decodeRows(checkpoint.model, {cases.prompt(checkpoint, c)}, checkpoint.rules, options,
                      {})
        .front();
}

}  // namespace

class DialectAnswersTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aQuestionCannotOpenAThought() {
        for (const auto& name : dialects::names()) {
            const auto checkpoint = LvrCheckpoint::open(Cases(name).folder().string());
            const auto& dialect = checkpoint.rules.dialect;
            const auto ids = checkpoint.prompt(
                {}, "what is " + dialect.start + dialect.latent + dialect.end + "?", "Be brief.");
            for (const auto id : ids) QVERIFY2(!checkpoint.isMark(id), name.c_str());
        }
    }

    void noLatentsMeansNoForcedStart() {
        const Cases cases("laser");
        const auto& c = cases.named("count");
        auto options = Cases::options(cases.checkpoint(c), c);
        options.exit = NoLatents{};
        const auto start = cases.checkpoint(c).rules.tokens.start;
        const auto row = answered(cases, "count", &options);
        options.spanStart = SpanStart::Sampled;
        QCOMPARE(row.ids, answered(cases, "count", &options).ids);
        QVERIFY(row.ids.front() != start);
    }

    void aThoughtThatStartsAnewIsOne() {
        for (const auto* name : {"ilvr", "mirage"}) {
            const Cases cases(name);
            const auto row = answered(cases, "start-inside");
            QCOMPARE(thoughtsOf(row).size(), std::size_t{1});
            const auto& c = cases.named("start-inside");
            const auto checkpoint = cases.checkpoint(c);
            const EncodedQuestion encoded{.pictures = {}, .prompt = cases.prompt(checkpoint, c)};
            const auto trace = decodeEncoded(checkpoint, {.text = "Why?"}, encoded,
                                             Cases::options(checkpoint, c), {});
            int index = 0;
            for (const auto& step : trace.steps)
                if (const auto* latent = std::get_if<LatentStep>(&step.what))
                    QCOMPARE(latent->index, index++);
            const auto told = livenessOf(trace).thoughts;
            QCOMPARE(told.size(), std::size_t{1});
            QCOMPARE(told.front().latents, static_cast<int>(thoughtsOf(row).front().size(0)));
        }
    }

    void anotherThoughtIsAnother() {
        QCOMPARE(thoughtsOf(answered(Cases("ilvr"), "two-spans")).size(), std::size_t{2});
    }

    void marksAreNoPartOfWhatIsSaid() {
        const auto checkpoint = LvrCheckpoint::open(Cases("skila").folder().string());
        const auto row = rowThat(checkpoint, "<|sketch_start|><|sketch_end|>end");
        QCOMPARE(answerOf(checkpoint, row), std::string("end"));
        const auto spoken = spokenAnswer(checkpoint, row);
        QVERIFY(spoken.has_value());
        QCOMPARE(checkpoint.tokenizer.decode(spoken->ids), std::string("end"));
        QVERIFY(std::ranges::find(spoken->ids, checkpoint.rules.tokens.end) == spoken->ids.end());
    }

    void theLeadOfAnAnswerIsWhatTheMethodPutsThere() {
        const auto leadOf = [](const char* name, const char* dialect) {
            const auto checkpoint = LvrCheckpoint::open(Cases(name).folder().string(), {}, dialect);
            return checkpoint.tokenizer.decode(checkpoint.rules.answerLead);
        };
        QCOMPARE(leadOf("laser", ""), std::string("<answer>"));
        QCOMPARE(leadOf("laser", "laser-steps"), std::string("\n<answer>"));
        QCOMPARE(leadOf("monet", ""), std::string("\n\\boxed{"));
    }

    void swimbirdIsToldOfItsTwoModes() {
        const auto checkpoint = LvrCheckpoint::open(Cases("swimbird").folder().string());
        const auto said = checkpoint.tokenizer.decode(checkpoint.prompt({}, "Why?"));
        QVERIFY(said.find("<reason>") != said.npos && said.find("latent tags") != said.npos);
    }

    void whatDecidedIsSaidOfEveryModel() {
        for (const auto& name : dialects::names()) {
            const auto checkpoint = LvrCheckpoint::open(Cases(name).folder().string());
            const auto origin = checkpoint.decoding().origins.at("dialect");
            QCOMPARE(origin,
                     checkpoint.rules.dialect.name + ": " + checkpoint.dialectChoice.reason);
        }
        const auto plain = LvrCheckpoint::open(Cases("monet").folder().string(), {}, "plain");
        QCOMPARE(plain.decoding().origins.at("dialect"), std::string("plain: you said so"));
    }
};

QTEST_GUILESS_MAIN(DialectAnswersTest)
#include "dialect_answers_test.moc"
