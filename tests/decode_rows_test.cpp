// What a decoding does not do twice or for nobody: prompts that were read, rows that are done, a
// head that nobody reads.

#include <QtTest>
#include <limits>
#include <numeric>

#include "core/causal/latent_filters.h"
#include "core/decode/recent_prompts.h"
#include "core/decode/row_sight.h"
#include "core/error.h"
#include "core/vision/image_file.h"
#include "tests/support/decoding.h"

using namespace lvr;
using decoding::folder;
using decoding::makePrompt;
using decoding::parameter;
using decoding::plainPicture;
using Json = nlohmann::json;

class DecodeRowsTest : public QObject {
    Q_OBJECT

    LvrCheckpoint a_ = LvrCheckpoint::open(folder("random-a"));

    RowResult run(const Prompt& prompt, const DecodeOptions& options,
                  const RowHooks& hooks = {}) const {
        return decodeRows(a_.model, {prompt}, a_.rules, options, hooks).front();
    }
    Prompt forced(const std::string& question = "Where is it?") const {
        return decoding::forced(a_, question);
    }
    Prompt pictured() const { return decoding::pictured(a_); }

    // Prompts of several lengths, a dozen.
    std::vector<Prompt> uneven() const {
        std::vector<Prompt> prompts;
        for (int i = 0; i < 4; ++i) {
            prompts.push_back(
                forced("Where is it?" + std::string(static_cast<std::size_t>(i), '!')));
            prompts.push_back(pictured());
            prompts.push_back(forced("Why?"));
        }
        return prompts;
    }

private Q_SLOTS:
    // A question on a picture that was read before reads only what stands after the picture, and
    // the same question in another way nothing: the numbers are those of a fresh reading.
    void whatWasReadIsNotReadAgain_data() {
        QTest::addColumn<QString>("model");
        QTest::newRow("shipped") << QString(LVR_RESOURCES "/models/tiny");
        QTest::newRow("random") << QString::fromStdString(folder("random-a"));
        QTest::newRow("with a latent end") << QString::fromStdString(folder("random-b"));
        QTest::newRow("kept in bfloat16") << QString();
    }
    void whatWasReadIsNotReadAgain() {
        QFETCH(const QString, model);
        const auto checkpoint =
            model.isEmpty() ? LvrCheckpoint::open(folder("random-a"), {.dtype = torch::kBFloat16})
                            : LvrCheckpoint::open(model.toStdString());
        QVERIFY(checkpoint.model.activations() == torch::kFloat32);
        const std::vector<Image> shown{plainPicture(112, 84, 10)}, other{plainPicture(112, 84, 90)};
        RecentPrompts recent;
        double worst = 0;
        // How many positions asking takes; the answer is held against a fresh one.
        const auto positions = [&](const Question& question, const DecodeOptions& options) {
            std::int64_t read = 0;
            const auto encoded = encodeQuestion(checkpoint, question, options, {.recent = &recent});
            RowHooks hooks{.onRead = [&](std::int64_t more) { read += more; }, .recent = &recent};
            const auto known = decodeEncoded(checkpoint, question, encoded, options, hooks);
            const auto fresh = decode(checkpoint, question, options);
            if (known.text != fresh.text || known.latents.size() != fresh.latents.size())
                throw Error("\"" + known.text + "\" is not \"" + fresh.text + "\"");
            if (!fresh.latents.empty())
                worst = std::max(worst, golden::difference(torch::tensor(known.latents),
                                                           torch::tensor(fresh.latents)));
            return read;
        };
        const auto lengthOf = [&](const Question& question) {
            return std::ssize(encodeQuestion(checkpoint, question, {}).prompt.ids);
        };
        const DecodeOptions options{.exit = FixedSteps{3}, .maxNewTokens = 8};
        auto forced = options, sampled = options;
        forced.spanStart = SpanStart::Forced;
        sampled.sampling = {.temperature = 1, .seed = 5};
        sampled.exit = NoLatents{};
        const Question first{shown, "What is it?"}, second{shown, "What is beside it?"},
            elsewhere{other, "What is it?"};
        const auto length = lengthOf(first);
        QCOMPARE(positions(first, options), length);
        QCOMPARE(positions(first, options), 0);
        QCOMPARE(positions(first, sampled), 0);
        const auto afterPictures =
            positions(first, forced);  // another prompt: it ends with a start
        QVERIFY(afterPictures >= 2 && afterPictures < length - 12);
        QCOMPARE(positions(first, options), 0);
        const auto more = positions(second, options);
        QVERIFY(more >= 2 && more < lengthOf(second) - 12);  // neither the picture nor before it
        QCOMPARE(positions(elsewhere, options), length);     // another picture
        QCOMPARE(positions(elsewhere, options), 0);
        QCOMPARE(positions(first, options), 0);
        QVERIFY2(worst <= 1e-4, qPrintable(QString::number(worst)));
        qInfo("latents after what was read before within %.1e of a fresh reading", worst);
    }

    // What was asked before must not show, not in the last bit: what is gone on with after a kill
    // is set beside what was asked in one go.
    void anAnswerDoesNotDependOnWhatWasAskedBefore() {
        const auto picture = plainPicture(112, 84, 10);
        const Question first{{picture}, "What is it?"}, second{{picture}, "What is beside it?"};
        const DecodeOptions options{
            .exit = FixedSteps{3}, .spanStart = SpanStart::Forced, .maxNewTokens = 8};
        const auto ask = [&](const Question& question, RecentPrompts& recent) {
            const auto encoded = encodeQuestion(a_, question, options, {.recent = &recent});
            return decodeEncoded(a_, question, encoded, options, RowHooks{.recent = &recent});
        };
        RecentPrompts used, fresh;
        ask(first, used);
        const auto after = ask(second, used), alone = ask(second, fresh);
        QCOMPARE(after.text, alone.text);
        QVERIFY(!after.latents.empty() && after.latents == alone.latents);
    }

    void whatIsLargerThanItsRoomIsNotKept() {
        const Question question{{plainPicture(112, 84, 10)}, "What?"};
        RecentPrompts any;
        const auto prompt = encodeQuestion(a_, question, {}, {.recent = &any}).prompt;
        const auto pictures = any.bytes();
        QCOMPARE(any.read(a_.model, prompt).positions, std::ssize(prompt.ids));
        const auto bytes = any.bytes() - pictures;
        QCOMPARE(any.prompts(), std::size_t{1});
        RecentPrompts none(bytes - 1), one(bytes);
        for (auto* recent : {&none, &one}) recent->read(a_.model, prompt);
        QCOMPARE(none.prompts(), std::size_t{0});
        QCOMPARE(one.prompts(), std::size_t{1});
        QCOMPARE(one.read(a_.model, prompt).positions, 0);
        std::stop_source stop;
        stop.request_stop();
        RecentPrompts stopped;
        QVERIFY(!stopped.read(a_.model, prompt, {.stop = stop.get_token()}).prompt);
        QCOMPARE(stopped.prompts(), std::size_t{0});
    }

    void whatNothingReadsAgainIsNotKept() {
        const auto stacked = LvrCheckpoint::open(golden::own("qwen3vl/models/a"));
        const auto prompt =
            encodeQuestion(stacked, {{plainPicture(112, 84, 10)}, "What?"}, {}).prompt;
        const auto& deepstack = prompt.sequence.deepstack.values;
        QVERIFY(deepstack.defined());
        const auto holders = deepstack.use_count();
        RecentPrompts recent;
        QVERIFY(recent.read(stacked.model, prompt).prompt);
        QCOMPARE(recent.prompts(), std::size_t{1});
        QCOMPARE(deepstack.use_count(), holders);
        QCOMPARE(recent.read(stacked.model, prompt).positions, 0);
    }

    // Rows that are done leave the batch; the others notice nothing of it.
    void finishedRowsAreDroppedAndChangeNothing_data() {
        QTest::addColumn<bool>("noisy");
        QTest::newRow("own latents") << false;
        QTest::newRow("filtered latents") << true;
    }
    void finishedRowsAreDroppedAndChangeNothing() {
        QFETCH(const bool, noisy);
        const auto prompts = uneven();
        auto rules = a_.rules;  // a token in five ends the answer
        for (std::int64_t id = 0; id < a_.model.lmHead().size(0); id += 5)
            if (id != rules.tokens.start) rules.stopIds.push_back(id);
        DecodeOptions options{.exit = FixedSteps{2}, .maxNewTokens = 24};
        options.sampling = {.temperature = 2, .seed = 11};
        std::vector<std::int64_t> dropping, keeping;
        const auto run = [&](std::vector<std::int64_t>& passes, std::function<void(RowsEnd)> end) {
            return decodeRows(a_.model, prompts, rules, options,
                              {.onPass = [&](std::int64_t rows) { passes.push_back(rows); },
                               .filter = noisy ? feedNoise(3) : LatentFilter(),
                               .onEnd = std::move(end)});
        };
        const auto dropped = run(dropping, {}), kept = run(keeping, [](const RowsEnd&) {});
        QCOMPARE(dropped.size(), kept.size());
        double worst = 0;
        for (std::size_t i = 0; i < kept.size(); ++i) {
            QCOMPARE(dropped[i].ids, kept[i].ids);
            QVERIFY(dropped[i].isLatent == kept[i].isLatent);
            QVERIFY(dropped[i].stopped == kept[i].stopped);
            worst = std::max(worst, golden::difference(dropped[i].latents, kept[i].latents));
        }
        QVERIFY(worst < 2e-5);
        QCOMPARE(dropping.size(), keeping.size());
        QCOMPARE(dropping.front(), std::ssize(kept));
        QVERIFY(std::ranges::is_sorted(dropping, std::greater()));
        const auto rowsOf = [](const std::vector<std::int64_t>& passes) {
            return std::accumulate(passes.begin(), passes.end(), std::int64_t{0});
        };
        // Needed are as many as the rows have positions; a quarter more may be there at a time.
        std::int64_t needed = 0;
        for (const auto& row : kept) needed += std::ssize(row.ids) - 1;
        QVERIFY(rowsOf(dropping) <= needed * 4 / 3 + std::ssize(kept));
        QVERIFY2(rowsOf(dropping) * 3 < rowsOf(keeping) * 2,
                 qPrintable(QString("%1 of %2").arg(rowsOf(dropping)).arg(rowsOf(keeping))));
    }

    void aRowIsSampledAsAloneWhenOthersAreDropped() {
        const auto prompts = uneven();
        auto rules = a_.rules;
        for (std::int64_t id = 0; id < a_.model.lmHead().size(0); id += 5)
            rules.stopIds.push_back(id);
        DecodeOptions options{.exit = FixedSteps{2}, .maxNewTokens = 24};
        options.sampling = {.temperature = 2, .seed = 11};
        const auto together = decodeRows(a_.model, prompts, rules, options);
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            options.sampling.seed = 11 + i;
            QCOMPARE(decodeRows(a_.model, {prompts[i]}, rules, options).front().ids,
                     together[i].ids);
        }
    }

    void unreadShadowsChangeNothingElse_data() {
        QTest::addColumn<QString>("rule");
        QTest::addColumn<bool>("skips");  // the head, on some latent position
        for (const char* rule : {"fixed:4", "settled:0.99:4", "answer-settled:9:4", "entropy:0:4"})
            QTest::newRow(rule) << rule << true;
        for (const char* rule : {"end-token:4", "end-prob:0.9:4", "latent-end:mse:0:4", "none"})
            QTest::newRow(rule) << rule << false;
    }
    void unreadShadowsChangeNothingElse() {
        QFETCH(const QString, rule);
        QFETCH(const bool, skips);
        std::vector<Prompt> prompts{pictured(), forced("Why?"), pictured()};
        prompts[2].thought = prompts[2].images.tokens.narrow(0, 0, 2);
        for (const double temperature : {0.0, 1.5}) {
            DecodeOptions options{.exit = parseExitRule(rule.toStdString()), .maxNewTokens = 12};
            options.sampling = {.temperature = temperature, .topK = 20, .seed = 2};
            const auto read = decodeRows(a_.model, prompts, a_.rules, options);
            const auto unread = decodeRows(a_.model, prompts, a_.rules, options,
                                           {.shadows = RowHooks::Shadows::Unread});
            bool skipped = false;
            for (std::size_t i = 0; i < prompts.size(); ++i) {
                QVERIFY(read[i].isLatent == unread[i].isLatent);
                QVERIFY(torch::equal(read[i].latents, unread[i].latents));
                for (std::size_t k = 0; k < read[i].ids.size(); ++k)
                    if (read[i].ids[k] != unread[i].ids[k]) {
                        QVERIFY(read[i].isLatent[k]);
                        QCOMPARE(unread[i].ids[k], a_.rules.tokens.latent);
                        skipped = true;
                    }
            }
            QCOMPARE(skipped, skips);
        }
    }

    // A head that gives no numbers is noticed wherever it is asked.
    void theHeadIsNotRunWhereNobodyReadsIt() {
        const auto broken = decoding::writable("random-a", Json::object());
        {
            const torch::NoGradGuard off;
            parameter(broken.model, "lm_head.weight")
                .fill_(std::numeric_limits<double>::quiet_NaN());
        }
        const auto latentsUntilStopped = [&](RowHooks hooks, double penalty) {
            std::stop_source stop;
            int fed = 0;
            hooks.stop = stop.get_token();
            hooks.filter = [&](const torch::Tensor& own, const std::vector<LatentPlace>&) {
                if (++fed == 3) stop.request_stop();
                return own;
            };
            DecodeOptions options{.exit = FixedSteps{4}, .maxNewTokens = 8};
            options.sampling.repetitionPenalty = penalty;
            return decodeRows(broken.model, {forced()}, broken.rules, options, hooks)
                .front()
                .latents.size(0);
        };
        using enum RowHooks::Shadows;
        QCOMPARE(latentsUntilStopped({.shadows = Unread}, 1), 3);
        const auto look = [](const auto&) {};
        for (const auto& hooks : {RowHooks{}, RowHooks{.onStep = look, .shadows = Unread},
                                  RowHooks{.onLogits = look, .shadows = Unread},
                                  RowHooks{.scores = RowHooks::Scores::Yes, .shadows = Unread}})
            QVERIFY_THROWS_EXCEPTION(Error, latentsUntilStopped(hooks, 1));
        QVERIFY_THROWS_EXCEPTION(Error, latentsUntilStopped({.shadows = Unread}, 1.1));
    }

    void logProbabilitiesAreThereWhereTheyAreWanted() {
        DecodeOptions options{.exit = FixedSteps{2}, .spanEnd = SpanEnd::Forced, .maxNewTokens = 8};
        options.sampling = {.temperature = 0.7, .topP = 0.9, .seed = 3};
        std::vector<torch::Tensor> logits;
        const auto row =
            run(forced(), options,
                {.onLogits = [&](const torch::Tensor& l) { logits.push_back(l[0].clone()); },
                 .scores = RowHooks::Scores::Yes});
        QCOMPARE(row.logProbabilities.size(), row.ids.size());
        for (std::size_t i = 0; i < row.ids.size(); ++i)
            QVERIFY(std::abs(row.logProbabilities[i] -
                             (logits[i] / 0.7).log_softmax(0)[row.ids[i]].item<float>()) < 1e-5);
        QVERIFY(run(forced(), options).logProbabilities.empty());
    }

    void aCacheIsCutForkedAndThinnedAsIfReadSo() {
        const auto numbers = torch::randn({2, 3, 2, 6, 4});  // [key or value, B, KV, S, d]
        KvCache cache(9);
        cache.extend(0, numbers[0], numbers[1]);
        cache.advance(6);
        const auto holds = [](KvCache cache, const torch::Tensor& wanted) {
            const auto one = torch::zeros_like(wanted[0].narrow(2, 0, 1));
            const auto keys = cache.extend(0, one, one).first;  // one more, to see those before it
            return keys.size(2) == wanted.size(3) + 1 &&
                   torch::equal(keys.narrow(2, 0, wanted.size(3)), wanted[0]);
        };
        const auto rows = torch::tensor({2, 0, 2, 1});
        QVERIFY(holds(cache.upTo(5).fork(rows, 7), numbers.index_select(1, rows).narrow(3, 0, 5)));
        const auto first = cache.fork(torch::tensor({1}), 6);  // full
        QVERIFY(holds(first.fork(torch::zeros({3}, torch::kInt64), 9),
                      numbers.narrow(1, 1, 1).expand({2, 3, 2, 6, 4})));
        QCOMPARE(first.bytes(), std::size_t{2 * 2 * 6 * 4 * sizeof(float)});
        QVERIFY(holds(cache.upTo(4), numbers.narrow(3, 0, 4)));
        KvCache thinned(8);
        thinned.extend(0, numbers[0], numbers[1]);
        thinned.advance(6);
        thinned.keep({1, 2});
        QVERIFY(holds(thinned, numbers.narrow(1, 1, 2)));
    }

    void sightIsThatOfTheObviousTable() {
        auto table = torch::ones({3, 9}, torch::kBool);
        auto real = torch::ones({3, 4}, torch::kBool);
        real[1].narrow(0, 0, 2).fill_(false);
        table[1].narrow(0, 0, 2).fill_(false);
        RowSight sight(real, 4, 3, 9);
        const auto isSeen = [&](const std::vector<std::int64_t>& rows) {
            const auto mask = sight.mask(torch::kCPU);
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const auto wanted = table[rows[i]].narrow(0, 0, sight.seen());
                const auto at = static_cast<std::int64_t>(i);
                if (!torch::equal(mask[at][0][0], wanted) || !torch::equal(sight.of(at), wanted))
                    return false;
            }
            return true;
        };
        QVERIFY(isSeen({0, 1, 2}));
        sight.extend(2);
        sight.hide(2, 3, 5);
        table[2].narrow(0, 3, 2).fill_(false);
        QVERIFY(isSeen({0, 1, 2}));
        sight.select(torch::tensor({1, 2}));
        sight.extend(3);
        QVERIFY(isSeen({1, 2}));
        sight.hide(0, 8, 9);
        table[1][8] = false;
        QVERIFY(isSeen({1, 2}));
        RowSight open({}, 4, 2, 9);
        QVERIFY(!open.mask(torch::kCPU).defined());
        QVERIFY(open.of(1).all().item<bool>());
    }
};

QTEST_GUILESS_MAIN(DecodeRowsTest)
#include "decode_rows_test.moc"
