#include "core/values/liveness.h"

#include <QtTest>

using namespace lvr;

Q_DECLARE_METATYPE(lvr::StopReason)
Q_DECLARE_METATYPE(lvr::Liveness::State)

namespace {

// "s" <|lvr_start|>, "e" <|lvr_end|>, "w" a word, and digits latents whose P(end) is that many
// tenths and whose distance to the end vector is one tenth less that.
Trace traceOf(const char* pattern, const ExitRule& rule,
              StopReason stopped = StopReason::EndOfText) {
    Trace trace{.options = {.exit = rule}, .stopped = stopped};
    for (const char* at = pattern; *at; ++at) {
        DecodeStep step{.position = static_cast<int>(at - pattern)};
        if (*at >= '0' && *at <= '9') {
            const float probability = static_cast<float>(*at - '0') / 10;
            step.what = LatentStep{.endProbability = probability, .endDistance = 1 - probability};
            step.text = "<|lvr|>";
        } else {
            step.what = TextStep{};
            step.text = *at == 's' ? "<|lvr_start|>" : *at == 'e' ? "<|lvr_end|>" : "word";
        }
        trace.steps.push_back(step);
    }
    return trace;
}

}  // namespace

class LivenessTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void itSaysWhetherLatentsWereFedAndHowTheThoughtEnded_data() {
        using State = Liveness::State;
        QTest::addColumn<QString>("steps");
        QTest::addColumn<QString>("rule");
        QTest::addColumn<StopReason>("stopped");
        QTest::addColumn<State>("state");
        QTest::addColumn<QString>("text");
        const auto row = [](const char* steps, const char* rule, State state, const char* text,
                            StopReason stopped = StopReason::EndOfText) {
            QTest::addRow("%s, %s", steps, rule) << steps << rule << stopped << state << text;
        };
        row("ww", "none", State::Plain, "no latents: plain decoding");
        row("ww", "end-prob:0.5:16", State::Plain, "no latents: the model opened no thought");
        row("sew", "end-prob:0.5:16", State::Plain, "no latents: the model opened no thought");
        row("", "fixed:8", State::Plain, "no latents: the model opened no thought");
        row("s126ew", "end-prob:0.5:16", State::Alive,
            "3 latents fed back, ended by P(end) ≥ 0.5, closed");
        row("s5ew", "end-prob:0.5:1", State::Alive,
            "1 latent fed back, ended by P(end) ≥ 0.5, closed");
        row("s126ww", "end-prob:0.5:16", State::Doubtful,
            "3 latents fed back, ended by P(end) ≥ 0.5, not closed");
        row("s111ew", "end-prob:0.5:3", State::Doubtful,
            "3 latents fed back, cut at the cap of 3, closed");
        row("11w", "end-prob:0.5:16", State::Doubtful,
            "2 latents fed back, cut at the token limit, not closed", StopReason::MaxNewTokens);
        row("s11", "end-prob:0.5:16", State::Doubtful,
            "2 latents fed back, stopped by you, not closed", StopReason::Cancelled);
        row("s11", "end-prob:0.5:16", State::Doubtful, "2 latents fed back, not ended, not closed");
        row("s1111ew", "fixed:4", State::Alive,
            "4 latents fed back, ended by its fixed number of 4, closed");
        row("s1111ww", "fixed:4", State::Doubtful,
            "4 latents fed back, ended by its fixed number of 4, not closed");
        row("s19ew", "latent-end:mse:0.2:16", State::Alive,
            "2 latents fed back, ended by distance to the end vector < 0.2, closed");
        row("s17ew", "latent-end:mse:0.2:2", State::Doubtful,
            "2 latents fed back, cut at the cap of 2, closed");
        row("s11ew", "end-token:2", State::Alive,
            "2 latents fed back, ended by sampling <|lvr_end|>, closed");
        row("s11ww", "end-token:2", State::Doubtful,
            "2 latents fed back, cut at the cap of 2, not closed");
        row("s16ews116ew", "end-prob:0.5:16", State::Alive,
            "5 latents fed back in 2 thoughts; thought 2: ended by P(end) ≥ 0.5, closed");
        row("s11ews116ew", "end-prob:0.5:2", State::Doubtful,
            "5 latents fed back in 2 thoughts; thought 1: cut at the cap of 2, closed");
    }
    void itSaysWhetherLatentsWereFedAndHowTheThoughtEnded() {
        QFETCH(const QString, steps);
        QFETCH(const QString, rule);
        QFETCH(const StopReason, stopped);
        QFETCH(const Liveness::State, state);
        QFETCH(const QString, text);
        const auto liveness =
            livenessOf(traceOf(qPrintable(steps), parseExitRule(rule.toStdString()), stopped));
        QCOMPARE(QString::fromStdString(toText(liveness)), text);
        QCOMPARE(liveness.state, state);
    }

    void thoughtsOfOtherDialectsEndInTheirOwnTokens() {
        auto trace = traceOf("1126ww", EndToken{16}, StopReason::EndOfText);
        trace.dialect = "monet";
        trace.steps[4].text = "</abs_vis_token>";
        QCOMPARE(toText(livenessOf(trace)),
                 std::string("4 latents fed back, ended by sampling </abs_vis_token>, closed"));
        trace.steps.resize(5);  // a stop token inside the thought was the last that it said
        trace.steps[4].text = "<|im_end|>";
        QCOMPARE(toText(livenessOf(trace)),
                 std::string("4 latents fed back, not ended, not closed"));
    }

    void aStartThatIsFedAgainGoesOnWithTheThought() {
        auto trace = traceOf("s11s111ew", EndToken{16}, StopReason::EndOfText);
        trace.dialect = "ilvr";
        for (const auto at : {0, 3}) trace.steps[at].text = "<|latent_start|>";
        trace.steps[7].text = "<|latent_end|>";
        const auto liveness = livenessOf(trace);
        QCOMPARE(liveness.thoughts.size(), std::size_t{1});
        QCOMPARE(liveness.thoughts.front().latents, 5);
        QVERIFY(liveness.state == Liveness::State::Alive);
    }

    void theCountEndsNoLaterThoughtOfAModelAsMirageWasReleased() {
        auto trace = traceOf("s11ews111w", EndToken{2}, StopReason::MaxNewTokens);
        trace.dialect = "mirage";
        for (const auto at : {0, 5}) trace.steps[at].text = "<|latent_start|>";
        trace.steps[3].text = "<|latent_end|>";
        const auto thoughts = livenessOf(trace).thoughts;
        QCOMPARE(thoughts.size(), std::size_t{2});
        QVERIFY(thoughts[1].end == Thought::End::TokenLimit);
        trace.steps.back().text = "<|latent_end|>";
        QVERIFY(livenessOf(trace).thoughts[1].end == Thought::End::Rule);
        trace.dialect = "ilvr";
        trace.options.spanEnd = SpanEnd::Forced;
        QVERIFY(livenessOf(trace).thoughts[1].end == Thought::End::Cap);
    }

    void tokensThatStandForThoughtsAreTold() {
        auto trace = traceOf("wwwwww", FixedSteps{8});
        trace.steps[1].text = "<|anchor_start|>";
        trace.steps[2].text = "<|sam_pad|>";
        trace.steps[3].text = "<|anchor_end|>";
        QCOMPARE(toText(livenessOf(trace)),
                 std::string("no latents: 1 anchor span of CoVT at positions 1 to 3, read as "
                             "tokens"));
        for (const auto at : {1, 2, 3}) trace.steps[at].text = "word";
        for (const auto at : {0, 1, 4}) trace.steps[at].text = "<lvr" + std::to_string(at) + ">";
        QCOMPARE(toText(livenessOf(trace)),
                 std::string("no latents: 2 anchor spans of LaViT at positions 0 to 1, 4 to 4, "
                             "read as tokens"));
    }

    void whatWasNotFedBackIsNotCalledALatent() {
        auto trace = traceOf("s16ew", EndProbability{});
        trace.options.latentFeed = LatentFeed::Snap;
        QCOMPARE(livenessOf(trace).state, Liveness::State::Doubtful);
        QVERIFY(toText(livenessOf(trace)).starts_with("2 latents replaced by the nearest"));
        trace.options.latentFeed = LatentFeed::Filler;
        QVERIFY(toText(livenessOf(trace)).starts_with("2 slots fed with <|lvr|>, no latent"));
    }

    void aGivenThoughtIsNotTheModels() {
        auto trace = traceOf("s11ews116ew", EndProbability{});
        trace.options.thought.boxes = {{0, 0, 1, 1}};
        const auto liveness = livenessOf(trace);
        QCOMPARE(liveness.state, Liveness::State::Doubtful);
        QCOMPARE(liveness.thoughts.at(0).end, Thought::End::Given);
        QCOMPARE(liveness.thoughts.at(1).end, Thought::End::Rule);
        trace.steps.resize(5);
        QCOMPARE(QString::fromStdString(toText(livenessOf(trace))),
                 "2 latents fed, not the model's own, given by you, closed");
    }

    void aForcedEndHidesWhetherTheTokenWasSampled() {
        auto trace = traceOf("s11ew", EndToken{2});
        trace.options.spanEnd = SpanEnd::Forced;
        QCOMPARE(livenessOf(trace).thoughts.at(0).end, Thought::End::Cap);
    }

    void theFirstTokenWaitsForPicturePromptAndEncoder() {
        QCOMPARE(timeToFirstToken({.preprocess = 1, .encodeImages = 2, .prefill = 4, .decode = 8}),
                 7.0);
    }

    void theRateCountsWhatCameAfterTheFirstPosition() {
        Trace trace = traceOf("ssss", NoLatents{});
        QVERIFY(!tokensPerSecond(trace));
        trace.timings.decode = 1500;
        QCOMPARE(tokensPerSecond(trace), std::optional(2.0));
        trace.steps.resize(1);
        QVERIFY(!tokensPerSecond(trace));
    }

    void encodingIsReusedWhenItTookNoTime() {
        Trace trace{.grids = {{1, 1}}, .timings = {.prefill = 3}};
        QVERIFY(reusedEncoding(trace));
        trace.timings.encodeImages = 0.1;
        QVERIFY(!reusedEncoding(trace));
        QVERIFY(!reusedEncoding({.timings = {.prefill = 3}}));  // no picture
    }
};

QTEST_GUILESS_MAIN(LivenessTest)
#include "liveness_test.moc"
