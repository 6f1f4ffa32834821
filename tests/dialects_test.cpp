// The decode rules of published methods against the values that their own code gave
// (tests/goldens/dialects/README.md), and what else is promised of each of them.

#include "tests/support/dialects.h"

#include <QTemporaryDir>
#include <QtTest>

#include "core/causal/latent_filters.h"
#include "core/error.h"
#include "core/eval/score.h"
#include "core/files/json_file.h"
#include "core/grpo/replay.h"
#include "core/model/save_checkpoint.h"
#include "core/sft/batch.h"
#include "core/trace/trace_file.h"
#include "core/values/liveness.h"

using namespace lvr;
using dialects::Cases;
using dialects::Json;

namespace {

// What a row did, with the state that each of its positions was sampled from.
struct Decoded {
    RowResult row;
    std::vector<torch::Tensor> states, logits;
};

Decoded decoded(const LvrCheckpoint& checkpoint, const std::vector<Prompt>& prompts,
                const DecodeOptions& options, RowHooks hooks = {}) {
    Decoded out;
    hooks.onStep = [&](const RowStep& step) {
        if (step.row == 0) out.states.push_back(step.vector);
    };
    hooks.onLogits = [&](const torch::Tensor& logits) { out.logits.push_back(logits[0].clone()); };
    hooks.scores = RowHooks::Scores::Yes;
    out.row = decodeRows(checkpoint.model, prompts, checkpoint.rules, options, hooks).front();
    return out;
}

class Comparison {
public:
    Comparison(const Cases& cases, const Json& c, const std::string& dialect)
        : cases_(cases), c_(c), dialect_(dialect) {}

    void run() {
        const auto checkpoint = cases_.checkpoint(c_);
        const auto prompt = cases_.prompt(checkpoint, c_);
        check(prompt.ids == c_["prompt_ids"].get<std::vector<std::int64_t>>(), "prompt ids");
        rule(checkpoint);
        const auto got = decoded(checkpoint, {prompt}, Cases::options(checkpoint, c_));
        ids(got.row);
        if (!failure.isEmpty()) return;
        passes(got.row);
        spans(got.row);
        numbers(got);
        const auto ended = got.row.stopped == StopReason::EndOfText ? "end of turn" : "length";
        check(c_["ended"] == ended, "how it ended");
    }

    QString failure;

private:
    void check(bool holds, const std::string& what) {
        if (!holds && failure.isEmpty())
            failure =
                QString::fromStdString(dialect_ + " " + c_["key"].get<std::string>() + ": " + what);
    }

    // The record says what the case's rule says.
    void rule(const LvrCheckpoint& checkpoint) {
        const auto& said = c_["rule"];
        const auto& d = checkpoint.rules.dialect;
        const auto& tokens = checkpoint.rules.tokens;
        const auto is = [&](const char* field, const char* value, bool holds) {
            check((said[field] == value) == holds, std::string("rule ") + field);
        };
        check(said["start"] == tokens.start && said["end"] == tokens.end &&
                  said["pad"] == tokens.latent,
              "token ids");
        is("opens", "sampled", d.opens == Dialect::Opens::Sampled);
        is("first", "start replaced", d.first == Dialect::First::InPlaceOfStart);
        is("sampled_end", "exits", d.sampledEndLeaves);
        is("at_count", "force end", d.forcesEnd);
        is("record", "pad", d.kept == Dialect::Kept::Latent);
        is("inner_start", "ignored", d.startInside == Dialect::StartInside::Ignored);
        is("spans", "first", d.spans == Dialect::Spans::First);
        is("eos_inside", "stops", d.stopInside == Dialect::StopInside::Stops);
        is("length_inside", "stops", d.limitInside == Dialect::LimitInside::Stops);
        check(said["forced_beats_sampled_end"] == d.forcedBeatsSampled, "rule forced beats");
    }

    void ids(const RowResult& row) {
        const auto wanted = c_["new_ids"].get<std::vector<std::int64_t>>();
        if (row.ids == wanted) return;
        std::string text = "ids";
        for (const auto id : row.ids) text += " " + std::to_string(id);
        check(false, text);
    }

    void passes(const RowResult& row) {
        const auto& all = c_["passes"];
        check(all.size() == row.ids.size(), "passes");
        std::optional<std::int64_t> first;
        for (std::size_t i = 1; i < all.size(); ++i) {
            const auto at = " of pass " + std::to_string(i);
            check((all[i]["fed"] == "latent") == row.isLatent[i - 1], "input" + at);
            check(all[i]["fed_id"] == row.ids[i - 1], "fed id" + at);
            check(all[i]["kept"] == row.ids[i], "kept id" + at);
            const auto position = all[i]["pos"].get<std::int64_t>() - static_cast<std::int64_t>(i);
            if (!first) first = position;
            check(*first == position, "position" + at);
        }
    }

    void spans(const RowResult& row) {
        const auto& all = c_["spans"];
        for (std::size_t s = 0; s < all.size(); ++s) {
            const auto from = std::max<std::int64_t>(0, all[s]["start_pass"]);
            const auto to = s + 1 < all.size() ? all[s + 1]["start_pass"].get<std::int64_t>()
                                               : std::ssize(row.ids);
            const auto latents =
                std::count(row.isLatent.begin() + from, row.isLatent.begin() + to, true);
            check(all[s]["latents"] == latents, "latents of span " + std::to_string(s));
        }
        std::int64_t counted = 0;
        for (const auto& thought : thoughtsOf(row)) counted += thought.size(0);
        check(c_["latent_count"] == counted, "latents of its thoughts");
    }

    void numbers(const Decoded& got) {
        const auto slack = std::max(2e-5, 10 * c_["eager_vs_sdpa_max"].get<double>());
        const auto near = [&](const torch::Tensor& a, const torch::Tensor& b, const char* what) {
            const auto off = a.sizes() == b.sizes() ? golden::difference(a, b) : 1e9;
            check(off <= slack, std::string(what) + " are off by " + std::to_string(off));
        };
        near(got.row.latents, cases_.tensor(c_, "latents"), "latents");
        const auto states = torch::stack(got.states), wanted = cases_.tensor(c_, "hidden");
        near(states, wanted.narrow(0, 0, states.size(0)), "hidden states");
        check(states.size(0) == wanted.size(0), "number of states");
        const auto logits = torch::stack(got.logits);
        const auto sums = cases_.tensor(c_, "logsumexp").flatten();
        const auto scale = sums.abs().clamp_min(1);  // rows of the head were made large
        near(logits.logsumexp(-1) / scale, sums / scale, "logsumexp");
    }

    const Cases& cases_;
    const Json& c_;
    std::string dialect_;
};

std::int64_t textPositions(const RowResult& row) {
    return std::count(row.isLatent.begin(), row.isLatent.end(), false);
}

}  // namespace

class DialectsTest : public QObject {
    Q_OBJECT

    // A case of each dialect with a thought of several latents.
    static void eachThinking(const std::function<void(const Cases&, const Json&)>& visit) {
        for (const auto& name : dialects::names()) {
            const Cases cases(name);
            for (const auto& c : cases.all())
                if (c["latent_count"] >= 2 && c["ended"] == "end of turn") {
                    visit(cases, c);
                    break;
                }
        }
    }

private Q_SLOTS:
    void everyCaseIsDecodedAsPublished_data() {
        QTest::addColumn<QString>("name");
        for (const auto& name : dialects::names())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }
    void everyCaseIsDecodedAsPublished() {
        QFETCH(QString, name);
        const auto dialect = name.toStdString();
        const Cases cases(dialect);
        QStringList failures;
        for (const auto& c : cases.all()) {
            Comparison comparison(cases, c, dialect);
            comparison.run();
            if (!comparison.failure.isEmpty()) failures.push_back(comparison.failure);
        }
        QVERIFY2(failures.isEmpty(), qPrintable(failures.join("\n")));
    }

    void rowsOfABatchDoWhatEachDoesAlone() {
        eachThinking([](const Cases& cases, const Json& c) {
            const auto checkpoint = cases.checkpoint(c);
            const auto options = Cases::options(checkpoint, c);
            const auto prompt = cases.prompt(checkpoint, c);
            auto other = decoding::makePrompt(
                checkpoint, "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n", {});
            other.copies = 2;
            const auto alone = decoded(checkpoint, {prompt}, options).row;
            const auto together = decoded(checkpoint, {prompt, other}, options).row;
            QCOMPARE(together.ids, alone.ids);
            QCOMPARE(together.isLatent, alone.isLatent);
            QVERIFY(golden::difference(together.latents, alone.latents) < 2e-5);
        });
    }

    void replayedRowsHaveTheProbabilitiesTheyWereSampledWith() {
        eachThinking([](const Cases& cases, const Json& c) {
            const auto checkpoint = cases.checkpoint(c);
            const auto prompt = cases.prompt(checkpoint, c);
            const std::vector<RowResult> rows{
                decoded(checkpoint, {prompt}, Cases::options(checkpoint, c)).row};
            const Replay replay({{&prompt, rows}});
            for (const auto latents : {ReplayLatents::Recorded, ReplayLatents::Recomputed}) {
                const torch::NoGradGuard off;
                const auto again = replay.by(checkpoint.model, {.latents = latents});
                for (std::size_t i = 0; i < rows.front().ids.size(); ++i) {
                    const auto at = static_cast<std::int64_t>(i);
                    const auto said = again.logProbabilities[0][at].item<float>();
                    const auto& row = rows.front();
                    const bool isTold = !row.isLatent[i] || row.isSaid[i];
                    const auto wanted = isTold ? row.logProbabilities[i] : 0;
                    QVERIFY2(std::abs(said - wanted) < 1e-3,
                             (c["rule"]["name"].get<std::string>() + " at " + std::to_string(i) +
                              ": " + std::to_string(said) + ", not " + std::to_string(wanted))
                                 .c_str());
                }
            }
        });
    }

    void interventionsReachTheLatentsOfEveryDialect() {
        eachThinking([](const Cases& cases, const Json& c) {
            const auto checkpoint = cases.checkpoint(c);
            const auto prompt = cases.prompt(checkpoint, c);
            const auto options = Cases::options(checkpoint, c);
            const auto own = decoded(checkpoint, {prompt}, options);
            const auto count = own.row.latents.size(0);
            const auto planned = [&](const RowPlan& plan, const LatentFilter& filter) {
                return decoded(checkpoint, {prompt}, options, {.filter = filter, .plans = {plan}});
            };
            const auto asOwn = planned({.latents = count}, {});
            QVERIFY(golden::difference(asOwn.row.latents, own.row.latents) < 2e-5);

            const auto zero = planned({.latents = count}, feedZeros());
            QVERIFY(zero.row.latents.size(0) >= count);  // it may think again later
            QCOMPARE(zero.row.latents.abs().max().item<float>(), 0.0F);

            torch::manual_seed(7);
            const auto lent = torch::randn({count, own.row.latents.size(1)});
            const auto swapped = planned({.latents = count}, feedInstead({{lent}}, Replace::All));
            QCOMPARE(golden::difference(swapped.row.latents.narrow(0, 0, count), lent), 0.0);
            const auto after = [&](const Decoded& of) {  // the state behind the first thought
                const auto& is = of.row.isLatent;
                const auto first = std::find(is.begin(), is.end(), true);
                return of.states.at(std::find(first, is.end(), false) - is.begin());
            };
            QVERIFY(golden::difference(after(swapped), after(own)) > 1e-3);
            QVERIFY(golden::difference(after(zero), after(swapped)) > 1e-3);
            QCOMPARE(golden::difference(after(asOwn), after(own)) < 2e-5, true);

            const auto markers = planned({.span = RowPlan::Span::MarkersOnly}, {});
            QCOMPARE(markers.row.latents.size(0), 0);
            const auto start = std::ranges::find(markers.row.ids, checkpoint.rules.tokens.start);
            QVERIFY(start + 1 < markers.row.ids.end());
            QCOMPARE(start[1], checkpoint.rules.tokens.end);

            const auto removed = planned({.span = RowPlan::Span::Removed}, {});
            QCOMPARE(removed.row.latents.size(0), 0);
            QVERIFY(std::ranges::count(removed.row.ids, checkpoint.rules.tokens.start) == 0);
        });
    }

    void aGivenThoughtStandsBetweenTheMarkers() {
        eachThinking([](const Cases& cases, const Json& c) {
            const auto checkpoint = cases.checkpoint(c);
            auto prompt = cases.prompt(checkpoint, c);
            torch::manual_seed(8);
            prompt.thought = torch::randn({3, checkpoint.model.config().text.hiddenSize});
            const auto& rules = checkpoint.rules;
            const auto row = decoded(checkpoint, {prompt}, Cases::options(checkpoint, c)).row;
            QCOMPARE(row.ids.front(), rules.tokens.start);
            const bool inPlace = rules.dialect.first == Dialect::First::InPlaceOfStart;
            const std::size_t first = inPlace ? 0 : 1;
            QCOMPARE(row.isLatent.front(), inPlace);
            for (std::size_t i = 0; i < 3; ++i) QVERIFY(row.isLatent[first + i]);
            QCOMPARE(row.ids[first + 3], rules.tokens.end);
            QCOMPARE(golden::difference(row.latents.narrow(0, 0, 3), prompt.thought), 0.0);
        });
    }

    void aTraceNamesItsDialectAndSaysHowItsThoughtEnded() {
        QTemporaryDir dir;
        eachThinking([&](const Cases& cases, const Json& c) {
            const auto checkpoint = cases.checkpoint(c);
            const auto dialect = checkpoint.rules.dialect.name;
            const auto options = Cases::options(checkpoint, c);
            EncodedQuestion encoded{.prompt = cases.prompt(checkpoint, c)};
            encoded.pictures.grids = encoded.prompt.images.grids;
            const Question question{{decoding::plainPicture(56, 56, 90)}, "Is it dark?"};
            const auto trace = decodeEncoded(checkpoint, question, encoded, options, {});
            QCOMPARE(trace.dialect, dialect);
            const auto width = trace.hiddenSize;
            std::int64_t latents = 0;
            for (const auto& step : trace.steps) {
                const auto* latent = std::get_if<LatentStep>(&step.what);
                if (!latent) continue;
                // Heat is of the vector that was fed at this position.
                const auto fed = torch::tensor(
                    std::vector<float>(trace.latents.begin() + latents * width,
                                       trace.latents.begin() + (latents + 1) * width));
                const auto patch = torch::tensor(std::vector<float>(
                    trace.imageTokens.begin(), trace.imageTokens.begin() + width));
                const auto cosine = torch::cosine_similarity(fed, patch, 0).item<float>();
                QVERIFY(std::abs(latent->cosine.front() - cosine) < 1e-4);
                ++latents;
            }
            QVERIFY(c["latent_count"] == latents);
            const auto liveness = livenessOf(trace);
            QVERIFY2(latentCount(liveness) == latents, toText(liveness).c_str());
            const auto thoughts = std::ranges::count_if(
                c["spans"], [](const Json& span) { return span["latents"] > 0; });
            QCOMPARE(std::ssize(liveness.thoughts), thoughts);
            const bool endsByRule = c["spans"][0]["ended"] == "end sampled";
            if (endsByRule) QCOMPARE(liveness.thoughts.front().end, Thought::End::Rule);

            const auto file = dir.filePath("a.lvrtrace").toStdString();
            writeTrace(trace, file);
            QVERIFY(readTrace(file) == trace);
            QCOMPARE(readTraceOutline(file).dialect, dialect);
        });
    }

    void aLatentIsFedWhereMonetsStartStands() {
        const Cases cases("monet");
        const auto& c = cases.named("sampled-end");
        const auto checkpoint = cases.checkpoint(c);
        const auto got =
            decoded(checkpoint, {cases.prompt(checkpoint, c)}, Cases::options(checkpoint, c));
        const auto at =
            std::ranges::find(got.row.ids, checkpoint.rules.tokens.start) - got.row.ids.begin();
        QVERIFY(got.row.isLatent[static_cast<std::size_t>(at)]);
        QCOMPARE(golden::difference(got.row.latents[0], got.states[static_cast<std::size_t>(at)]),
                 0.0);
    }

    void theUsersOwnRuleWinsOverTheDialects() {
        const Cases cases("hylar");
        const auto& c = cases.named("count");
        const auto checkpoint = cases.checkpoint(c);
        auto options = Cases::options(checkpoint, c);
        options.exit = FixedSteps{2};
        options.spanEnd = SpanEnd::Sampled;
        const auto row = decoded(checkpoint, {cases.prompt(checkpoint, c)}, options).row;
        QCOMPARE(thoughtsOf(row).front().size(0), 2);
        options.exit = NoLatents{};
        QCOMPARE(decoded(checkpoint, {cases.prompt(checkpoint, c)}, options).row.latents.size(0),
                 0);
    }

    void aStartCanBeForcedWhereThePromptsOwnOpensNothing() {
        for (const auto* name : {"lantern", "monet", "ilvr"}) {
            const Cases cases(name);
            const auto& c = cases.named("prompt-start");
            const auto checkpoint = cases.checkpoint(c);
            auto options = Cases::options(checkpoint, c);
            options.spanStart = SpanStart::Forced;
            const auto row = decoded(checkpoint, {cases.prompt(checkpoint, c)}, options).row;
            QCOMPARE(row.ids.front(), checkpoint.rules.tokens.start);
            QVERIFY(row.latents.size(0) > 0);
        }
    }

    void realvrStopsAtTheEndOfItsAnswer() {
        const Cases cases("realvr");
        const auto& c = cases.named("steps4");
        const auto checkpoint = cases.checkpoint(c);
        auto options = Cases::options(checkpoint, c);
        options.exit = NoLatents{};
        options.maxNewTokens = 40;
        const auto close = checkpoint.tokenizer.encode("</answer>", SpecialTokens::AsText);
        std::size_t said = 0;
        // What is sampled is what the text has next.
        RowHooks hooks;
        auto rules = checkpoint.rules;
        const auto& saysStop = checkpoint.rules.saysStop;
        QVERIFY(saysStop != nullptr);
        std::vector<std::int64_t> ids{5, 6};
        for (const auto id : close) {
            QVERIFY(!saysStop(ids));
            ids.push_back(id), ++said;
        }
        QVERIFY(saysStop(ids));
        rules.saysStop = [](const auto& generated) { return generated.size() == 3; };
        const auto row =
            decodeRows(checkpoint.model, {cases.prompt(checkpoint, c)}, rules, options, hooks)
                .front();
        QCOMPARE(row.ids.size(), std::size_t{3});
        QVERIFY(row.stopped == StopReason::EndOfText);
        QCOMPARE(textPositions(row), 3);
    }

    // Where a thought is decoded, it is trained: a latent at each position that one is fed at.
    void aThoughtIsTrainedAsItIsDecoded() {
        const TrainingRecord record{.name = "r",
                                    .images = {golden::own("images/landscape.png")},
                                    .question = "<image>\nWhere?",
                                    .response = "<lvr>\n<answer> A </answer>",
                                    .boxes = {{0, 0, 0.5, 0.5}}};
        const TrainingSet set({record});
        for (const auto& name : dialects::names()) {
            const auto checkpoint = LvrCheckpoint::open(Cases(name).folder().string());
            const auto& rules = checkpoint.rules;
            const auto image = readImage(record.images.front());
            const auto grids = preprocess({image}, checkpoint.preprocess).grids;
            SftOptions options;
            options.positionGap = 0, options.extraSlots = 0;
            const auto row = planRow(checkpoint, set, 0, grids, options, 1);
            const auto start = std::ranges::find(row.ids, rules.tokens.start) - row.ids.begin();
            const bool inPlace = rules.dialect.first == Dialect::First::InPlaceOfStart;
            QCOMPARE(row.slots.front().at, static_cast<std::size_t>(start + !inPlace));
            const auto end = row.slots.back().at + 1;
            const bool hasEnd = options.latentEnd != LatentEnd::Off && rules.tokens.latentEnd;
            QCOMPARE(row.ids.at(end + hasEnd), rules.tokens.end);
            QCOMPARE(end - row.slots.front().at, row.slots.size());
            const auto isSaid = [&](std::size_t at) {
                return std::ranges::any_of(row.labels,
                                           [&](const auto& label) { return label.at == at; });
            };
            QVERIFY(isSaid(static_cast<std::size_t>(start)) && isSaid(end + hasEnd));
            const torch::NoGradGuard off;
            const auto score = scoreRecord(
                checkpoint,
                {record.name, record.images, record.question, record.response, record.boxes},
                LatentEndToken::Appended);
            QCOMPARE(score.pairs, static_cast<int>(row.slots.size()));
            QVERIFY(std::isfinite(score.ce));
        }
    }

    void aSavedFolderStaysItsMethods() {
        QTemporaryDir dir;
        for (const auto& name : dialects::names()) {
            const auto from = Cases(name).folder();
            const std::filesystem::path out = dir.filePath(name.c_str()).toStdString();
            const auto checkpoint = LvrCheckpoint::open(from.string());
            saveCheckpoint(checkpoint, from, madeFrom(checkpoint.provenance, "lvr test"), out);
            const auto before = parseJson(readTextFile(from / "config.json"), "before"),
                       after = parseJson(readTextFile(out / "config.json"), "after");
            for (const auto& [key, value] : after.items())
                if (key.find("lvr") != key.npos && checkpoint.rules.dialect.name != "lvr")
                    QVERIFY2(before.contains(key), (name + " got " + key).c_str());
            for (const auto& [key, value] : before.items())
                QVERIFY2(after.contains(key), (name + " lost " + key).c_str());
            if (!isLvr(checkpoint.rules.dialect))
                QVERIFY(after["architectures"] == before["architectures"]);
            const auto again = LvrCheckpoint::open(out.string());
            QVERIFY(again.rules.dialect == checkpoint.rules.dialect);
            QVERIFY(again.rules.tokens == checkpoint.rules.tokens);
            QCOMPARE(again.dialectChoice.reason, checkpoint.dialectChoice.reason);
        }
        // One that somebody chose is kept beside the files that say another.
        const auto from = Cases("mirage").folder();
        const std::filesystem::path out = dir.filePath("chosen").toStdString();
        const auto mirage = LvrCheckpoint::open(from.string(), {}, "mirage");
        saveCheckpoint(mirage, from, madeFrom(mirage.provenance, "lvr test"), out);
        QCOMPARE(LvrCheckpoint::open(out.string()).rules.dialect.name, std::string("mirage"));
        QCOMPARE(LvrCheckpoint::open(from.string()).rules.dialect.name, std::string("ilvr"));
    }

    void aPromptEndsAsItsMethodsDoes() {
        const auto folder = Cases("mirage").folder().string();
        const auto ilvr = LvrCheckpoint::open(folder),
                   mirage = LvrCheckpoint::open(folder, {}, "mirage");
        auto usual = ilvr.prompt({}, "Why?");
        usual.pop_back();  // the newline
        QCOMPARE(mirage.prompt({}, "Why?"), usual);
        const auto monet = LvrCheckpoint::open(Cases("monet").folder().string());
        const auto said = monet.tokenizer.decode(monet.prompt({}, "Why?"));
        QVERIFY(said.find("\\boxed{}") != said.npos);
        QVERIFY(monet.tokenizer.decode(monet.prompt({}, "Why?", "Be brief.")).find("boxed") ==
                std::string::npos);
    }

    void whatAFolderLeavesOutIsAsTheMethodWasPublished() {
        const Cases cases("monet");
        const auto settings = LvrCheckpoint::open(cases.folder().string()).decoding();
        QCOMPARE(settings.options.exit, ExitRule(EndToken{10}));
        QCOMPARE(settings.origins.at("exit"), std::string("dialect"));
        QCOMPARE(settings.options.spanEnd, SpanEnd::Forced);
        QCOMPARE(settings.options.maxNewTokens, 4096);
        // Its own file says how it samples.
        QCOMPARE(settings.origins.at("temperature"), std::string("generation_config.json"));
        QVERIFY(settings.options.sampling.temperature < 1e-3);
    }

    void tokensThatTheFolderLacksAreNamed() {
        const Cases cases("monet");
        try {
            LvrCheckpoint::open(cases.folder().string(), {}, "laser");
            QFAIL("it was opened");
        } catch (const Error& error) {
            const QString text = error.what();
            QVERIFY2(text.contains("<|laser_start|>") && text.contains("laser:"), qPrintable(text));
        }
    }
};

QTEST_GUILESS_MAIN(DialectsTest)
#include "dialects_test.moc"
