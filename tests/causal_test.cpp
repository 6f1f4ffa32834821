// What interventions on latents make of a question: against slow versions that read everything
// anew, and what must hold by construction, on the shipped model and its scenes.

#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>
#include <numeric>

#include "core/causal/causal_html.h"
#include "core/causal/causal_json.h"
#include "core/causal/causal_panel.h"
#include "core/causal/causal_report.h"
#include "core/causal/causal_set.h"
#include "core/causal/latent_looks.h"
#include "core/causal/occlusion.h"
#include "core/causal/probes.h"
#include "core/causal/untouched.h"
#include "core/error.h"
#include "core/torch.h"
#include "core/values/intervention.h"
#include "datasets/scenes/scenes.h"

using namespace lvr;
using enum InterventionKind;

namespace {

constexpr std::uint64_t kSeed = 990017;  // never trained on

// A chain of three objects and what its panel needs: lent latents of another picture and of another
// chain on this one.
struct Chain {
    Sample sample, otherPicture;
    SceneQuestion otherQuestion;
};

Chain chainOf(std::uint64_t index) {
    const SceneOptions options{.minHops = 2, .maxHops = 2};
    for (auto i = index;; ++i) {
        const auto picture = sceneWithQuestion(kSeed, i, "chain", options);
        const auto other = sceneSample(kSeed, i + 1000, "chain", options);
        const auto& asked = picture.questions.front();
        for (auto& question : questionsAbout(picture.scene, "chain"))
            if (question.answer != asked.answer && other.answer != asked.answer &&
                other.answer != question.answer)
                return {
                    {"", "chain", {{paint(picture.scene)}, asked.text}, asked.answer, asked.rois},
                    other,
                    question};
    }
}

// Items as a model would give them whose answers move by `shift` towards the donor's and flip in
// `flips` of `count` under other-question, and flip in `slotFlips` without their slots.
std::vector<CausalItem> plantedItems(int count, double shift, int flips, int slotFlips) {
    std::vector<CausalItem> items;
    for (int i = 0; i < count; ++i) {
        CausalItem item{.id = std::to_string(i), .kind = "planted"};
        auto& panel = item.panel;
        panel.expected = panel.answer = "red";
        panel.right = true;
        panel.latents = 2;
        panel.margin = 1 + i % 7;
        const double wobble = 0.02 * (i % 5 - 2);
        panel.outcomes = {{.intervention = {.kind = OtherQuestion},
                           .answer = i < flips ? "blue" : "red",
                           .flipped = i < flips,
                           .right = i >= flips,
                           .originalChange = -shift / 2,
                           .towardsDonor = shift + wobble,
                           .towardsRandom = -wobble},
                          {.intervention = {.kind = MarkersOnly},
                           .flipped = i < slotFlips,
                           .right = i >= slotFlips,
                           .originalChange = -0.1}};
        items.push_back(std::move(item));
    }
    return items;
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
    double most = a.size() == b.size() ? 0 : 1e9;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        most = std::max(most, std::abs(a[i] - b[i]));
    return most;
}

}  // namespace

class CausalTest : public QObject {
    Q_OBJECT

    LvrCheckpoint tiny_ = LvrCheckpoint::open(LVR_RESOURCES "/models/tiny");
    DecodeOptions options_{.exit = tiny_.defaultExit()};
    Chain chain_ = chainOf(0);
    CausalQuestion question_ = [this] {
        CausalQuestion q{.question = chain_.sample.question,
                         .expected = chain_.sample.answer,
                         .candidates = shapeWords(),
                         .targets = chain_.sample.rois,
                         .chain = true};
        q.otherPicture =
            donorFrom(tiny_, chain_.otherPicture.question, options_, "another picture");
        auto question = chain_.sample.question;
        question.text = chain_.otherQuestion.text;
        q.otherQuestion = donorFrom(tiny_, question, options_, "another question");
        q.randomAnswer = *std::ranges::find_if(shapeWords(), [&](const std::string& word) {
            return word != q.expected && word != q.otherPicture->answer &&
                   word != q.otherQuestion->answer;
        });
        return q;
    }();

    CausalPanel ask(const std::vector<Intervention>& interventions, bool looks = false) const {
        return causalPanel(tiny_, question_, options_, interventions, {.looks = looks});
    }
    InterventionOutcome one(const Intervention& intervention) const {
        return ask({intervention}).outcomes.front();
    }

    // log p of each candidate after prompt, latents and words, every position read anew and alone.
    // firstSeen: how many positions of the prompt the words may see after the latents are not
    // hidden; words: ids between the latents and the answer.
    std::vector<double> slowly(const Untouched& untouched, const Ids& prompt, const Sequence& read,
                               std::int64_t next, const torch::Tensor& latents, const Ids& before,
                               const Ids& words, bool hidePrompt) const {
        std::vector<double> all;
        const auto& model = tiny_.model;
        for (const auto& candidate : untouched.candidateIds) {
            std::vector<torch::Tensor> inputs{read.embeddings};
            const auto embed = [&](const Ids& ids) {
                if (!ids.empty()) inputs.push_back(model.embed(torch::tensor(ids)).unsqueeze(0));
            };
            embed(before);
            if (latents.size(0) > 0) inputs.push_back(latents.unsqueeze(0));
            embed(words);
            embed(candidate);
            const auto input = torch::cat(inputs, 1);
            const auto length = input.size(1), given = std::ssize(prompt);
            const auto rest = torch::arange(next, next + length - given).expand({3, 1, -1});
            const auto at = torch::cat({read.positions, rest}, 2);
            auto mask = torch::ones({1, 1, length, length}, torch::kBool).tril();
            const auto wordsAt = length - std::ssize(words) - std::ssize(candidate);
            if (hidePrompt) mask.slice(2, wordsAt).slice(3, 0, given).fill_(false);
            const auto hidden = model.hidden({input, at}, {.mask = mask});
            const auto logs = model.logits(hidden).log_softmax(-1)[0];
            double sum = 0;
            const auto first = length - std::ssize(candidate);
            for (std::int64_t i = 0; i < std::ssize(candidate); ++i)
                sum += logs[first + i - 1][candidate[i]].item<double>();
            all.push_back(sum);
        }
        return all;
    }

    std::vector<double> slowly(const Untouched& u, const torch::Tensor& latents,
                               bool hidePrompt = false) const {
        const auto& prompt = u.encoded.prompt;
        const auto places = u.latentPlaces();
        const Ids before(u.row.ids.begin(), u.row.ids.begin() + places.front());
        return slowly(u, prompt.ids, prompt.sequence, prompt.next, latents, before,
                      u.spoken->before, hidePrompt);
    }

    // What an outcome says of log p, put back together.
    static double originalOf(const Untouched& u, const InterventionOutcome& outcome) {
        return u.scores.candidates.front() + outcome.originalChange;
    }

private Q_SLOTS:
    void everyInterventionIsSpelledOneWay_data() {
        QTest::addColumn<QString>("spelled");
        for (const auto& name : interventionNames())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
        for (const char* text : {"noise:0.5", "other-picture@2-4", "zero@3-", "zero@2", "noise:2#7",
                                 "freeze@3", "mean:0.25@1-2", "freeze@2-3"})
            QTest::newRow(text) << text;
    }
    void everyInterventionIsSpelledOneWay() {
        QFETCH(const QString, spelled);
        const auto read = parseIntervention(spelled.toStdString());
        QCOMPARE(parseIntervention(toText(read)), read);
        if (spelled != "freeze") QCOMPARE(QString::fromStdString(toText(read)), spelled);
    }

    void whatIsMisspelledIsSaid_data() {
        QTest::addColumn<QString>("spelled");
        QTest::addColumn<QString>("says");
        QTest::newRow("name") << "zeros"
                              << "the nearest valid one is \"zero\"";
        QTest::newRow("strength") << "zero:2"
                                  << "the strength must be a number from 0 to 1";
        QTest::newRow("no strength") << "snap:0.5"
                                     << "has no strength";
        QTest::newRow("steps") << "zero@0"
                               << "counted from 1";
        QTest::newRow("backwards") << "zero@4-2"
                                   << "counted from 1";
        QTest::newRow("no steps") << "markers-only@2"
                                  << "no steps to choose";
        QTest::newRow("seed") << "noise#x"
                              << "whole number";
        QTest::newRow("no seed") << "zero#1"
                                 << "drawn by a seed";
    }
    void whatIsMisspelledIsSaid() {
        QFETCH(const QString, spelled);
        QFETCH(const QString, says);
        try {
            parseIntervention(spelled.toStdString());
            QFAIL("accepted");
        } catch (const Error& e) {
            QVERIFY2(QString(e.what()).contains(says), e.what());
        }
    }

    void oldWordsAreUnderstood() {
        QCOMPARE(parseIntervention("swap").kind, OtherPicture);
        QCOMPARE(parseIntervention("none").kind, MarkersOnly);
    }

    void answersAreScoredAsIfEverythingWereReadAnew() {
        const auto u = askUntouched(tiny_, question_, options_, {});
        QVERIFY(u.latents().size(0) >= 2 && u.candidates.size() >= shapeWords().size());
        QVERIFY(difference(u.scores.candidates, slowly(u, u.latents())) < 1e-4);
    }

    void whatIsFedIsWhatIsScored_data() {
        QTest::addColumn<QString>("latents");
        for (const char* name : {"zero", "repeat-first", "other-picture", "other-question",
                                 "zero@2", "mean:0.5", "shuffle"})
            QTest::newRow(name) << name;
    }
    // The vectors are put together here by hand.
    void whatIsFedIsWhatIsScored() {
        QFETCH(const QString, latents);
        const auto u = askUntouched(tiny_, question_, options_, {});
        const auto own = u.latents();
        const auto lent = [&](const CausalDonor& donor) {
            return torch::tensor(donor.latents).view({-1, donor.width});
        };
        auto question = question_;
        question.moments.mean = std::vector<float>(own.size(1), 0.5f);
        auto fed = own.clone();
        if (latents == "zero") fed.zero_();
        if (latents == "repeat-first") fed = own[0].expand_as(own);
        if (latents == "other-picture") fed = lent(*question_.otherPicture);
        if (latents == "other-question") fed = lent(*question_.otherQuestion);
        const auto outcome =
            causalPanel(tiny_, question, options_, {parseIntervention(latents.toStdString())},
                        {.looks = false})
                .outcomes.front();
        QCOMPARE(outcome.impossible, std::string());
        if (latents == "zero@2" || latents == "mean:0.5") {
            // What follows is the model's own again: only the first change is known by hand.
            QVERIFY(std::abs(outcome.originalChange) > 0);
            return;
        }
        if (latents == "shuffle") {
            double nearest = 1e9;
            auto order = std::vector<std::int64_t>(own.size(0));
            std::iota(order.begin(), order.end(), 0);
            while (std::next_permutation(order.begin(), order.end())) {
                const auto other = own.index_select(0, torch::tensor(order));
                nearest =
                    std::min(nearest, std::abs(slowly(u, other).front() - originalOf(u, outcome)));
            }
            QVERIFY(nearest < 1e-4);
            return;
        }
        QVERIFY(std::abs(slowly(u, fed).front() - originalOf(u, outcome)) < 1e-4);
    }

    void hiddenEvidenceIsNotSeen() {
        const auto u = askUntouched(tiny_, question_, options_, {});
        const auto outcome = one({.kind = EvidenceRemoved});
        QVERIFY(std::abs(slowly(u, u.latents(), true).front() - originalOf(u, outcome)) < 1e-4);
        QVERIFY(std::abs(outcome.originalChange) > 1e-3);
    }

    // Sampled or forced, the start is gone with the span.
    void withoutItsSpanNothingOfItIsRead_data() {
        QTest::addColumn<bool>("forced");
        QTest::newRow("sampled") << false;
        QTest::newRow("forced") << true;
    }
    void withoutItsSpanNothingOfItIsRead() {
        QFETCH(const bool, forced);
        auto options = options_;
        options.spanStart = forced ? SpanStart::Forced : SpanStart::Sampled;
        const auto u = askUntouched(tiny_, question_, options, {});
        auto words = u.spoken->before;
        QCOMPARE(words.front(), tiny_.rules.tokens.end);
        words.erase(words.begin());
        const auto& prompt = u.encoded.prompt;
        const std::int64_t cut = forced;
        const Ids ids(prompt.ids.begin(), prompt.ids.end() - cut);
        const auto length = std::ssize(ids);
        const auto slow = slowly(u, ids, prompt.sequence.narrow(0, length), prompt.next - cut,
                                 torch::empty({0, 1}), {}, words, false);
        const auto outcome =
            causalPanel(tiny_, question_, options, {{.kind = SpanRemoved}}, {.looks = false})
                .outcomes.front();
        QCOMPARE(outcome.latents, 0);
        QVERIFY(std::abs(slow.front() - originalOf(u, outcome)) < 1e-4);
    }

    void nothingDoneIsNothingChanged() {
        const auto outcome = one({.kind = Own});
        QVERIFY(!outcome.flipped);
        QVERIFY(std::abs(outcome.originalChange) < 1e-5 && std::abs(outcome.divergence) < 1e-6);
        const auto noNoise = one({.kind = Noise, .strength = 0});
        QVERIFY(std::abs(noNoise.originalChange) < 1e-5);
    }

    // An intervention gives the same alone and among others.
    void neighboursDoNotMatter() {
        const auto all = ask(standardPanel());
        QCOMPARE(all.outcomes.size(), standardPanel().size());
        for (std::size_t i = 0; i < all.outcomes.size(); ++i) {
            const auto& outcome = all.outcomes[i];
            QVERIFY2(outcome.impossible.empty() || outcome.intervention.kind == Mean,
                     outcome.impossible.c_str());
            if (i % 4 != 0) continue;
            const auto alone = one(outcome.intervention);
            QCOMPARE(alone.answer, outcome.answer);
            QVERIFY(std::abs(alone.originalChange - outcome.originalChange) < 1e-4);
            QVERIFY(difference(alone.probabilities, outcome.probabilities) < 1e-4);
        }
    }

    void aPanelCostsAtMostThreeDecodes() {
        const auto panel = ask(standardPanel());
        QVERIFY2(panel.decodes > 1 && panel.decodes <= 3,
                 qPrintable(QString::number(panel.decodes)));
    }

    void anotherQuestionsLatentsPullTowardsItsAnswer() {
        const auto outcome = one({.kind = OtherQuestion});
        QVERIFY(outcome.flipped);
        QCOMPARE(outcome.answer, chain_.otherQuestion.answer);
        QVERIFY(outcome.towardsDonor && *outcome.towardsDonor > 3);
        QVERIFY(outcome.towardsRandom && *outcome.towardsRandom < *outcome.towardsDonor);
    }

    void earlyAnswersBeginWithoutLatentsAndEndWithAll() {
        const auto panel = ask({{.kind = MarkersOnly}}, /*looks=*/true);
        QCOMPARE(panel.early.size(), std::size_t(panel.latents) + 1);
        QVERIFY(difference(panel.early.back().probabilities, panel.probabilities) < 1e-4);
        QVERIFY(difference(panel.early.front().probabilities,
                           panel.outcomes.front().probabilities) < 1e-4);
        QCOMPARE(panel.early.back().answer, panel.answer);
        QVERIFY(panel.early.front().entropy > panel.early.back().entropy);
    }

    void looksAreOfTheRightSizes() {
        const auto panel = ask({}, /*looks=*/true);
        const auto n = std::size_t(panel.latents);
        QCOMPARE(panel.steps.size(), n);
        QCOMPARE(panel.cosine.size(), n * n);
        QCOMPARE(panel.influence.size(), n * n);
        QCOMPARE(panel.projection.size(), 2 * n);
        QCOMPARE(panel.tokenProjection.size(), std::size_t(2 * panel.grid.count()));
        QCOMPARE(panel.answerAttention.size(), std::size_t(panel.grid.count()));
        for (std::size_t i = 0; i < n; ++i) {
            QVERIFY(std::abs(panel.cosine[i * n + i] - 1) < 1e-5);
            QCOMPARE(panel.steps[i].words.size(), std::size_t(5));
            float sum = 0;
            for (const float share : panel.steps[i].attention) sum += share;
            QVERIFY(sum > 0 && sum < 1);
            for (std::size_t j = 0; j < n; ++j) QCOMPARE(panel.influence[i * n + j] > 0, j > i);
        }
        for (std::size_t i = 0; i < question_.targets.size(); ++i)
            QCOMPARE(panel.steps[i].targetRank, std::optional(1));
    }

    // The same rows as when the whole sequence is read at once.
    void attentionIsThatOfAFullPass() {
        const auto u = askUntouched(tiny_, question_, options_, {});
        const auto& prompt = u.encoded.prompt;
        const auto places = u.latentPlaces();
        const Ids before(u.row.ids.begin(), u.row.ids.begin() + places.front());
        auto input = torch::cat(
            {prompt.sequence.embeddings, tiny_.model.embed(torch::tensor(before)).unsqueeze(0),
             u.latents().unsqueeze(0)},
            1);
        const auto extra = input.size(1) - u.prompt();
        const auto at =
            torch::cat({prompt.sequence.positions,
                        torch::arange(prompt.next, prompt.next + extra).expand({3, 1, -1})},
                       2);
        const c10::InferenceMode inference;
        std::vector<torch::Tensor> layers;
        tiny_.model.hidden({input, at}, {.attention = &layers});
        const auto mean = torch::stack(layers).mean(0)[0];  // [T, T]
        QVERIFY((mean.sum(-1) - 1).abs().max().item<double>() < 1e-5);
        const auto last = mean[input.size(1) - 1];
        const auto rows = latentAttention(tiny_, u);
        std::size_t next = 0;
        for (std::int64_t i = 0; i < u.prompt(); ++i)
            if (prompt.ids[i] == tiny_.model.config().imageTokenId)
                QVERIFY(std::abs(rows.back()[next++] - last[i].item<float>()) < 1e-5);
        QCOMPARE(next, rows.back().size());
    }

    void whatCannotBeDoneIsSaid() {
        CausalQuestion bare{.question = question_.question};
        const auto panel = causalPanel(tiny_, bare, options_, standardPanel(), {.looks = false});
        QVERIFY(panel.candidates.size() > 1);  // the model's own likeliest words
        for (const auto& outcome : panel.outcomes)
            QCOMPARE(!outcome.impossible.empty(), needsDonor(outcome.intervention.kind) ||
                                                      outcome.intervention.kind == Mean ||
                                                      outcome.intervention.kind == Oracle);
        const auto thoughtless =
            causalPanel(tiny_, question_, {.exit = NoLatents{}}, {{.kind = Zero}}, {.looks = true});
        QCOMPARE(thoughtless.latents, 0);
        QCOMPARE(thoughtless.outcomes.front().impossible, std::string("it did not think"));
    }

    void aCoveredTargetIsComparedWithCoversElsewhere() {
        const auto outcome = one({.kind = TargetOccluded});
        QCOMPARE(outcome.shams.size(), std::size_t(32));
        const auto as = std::ranges::count_if(
            outcome.shams, [&](double sham) { return sham <= outcome.originalChange; });
        QCOMPARE(*outcome.p, (1.0 + static_cast<double>(as)) / 33);
        const auto covers = coversOf(question_.question.images.front(), question_.targets, 32, 0);
        for (const auto& sham : covers.shams) {
            QVERIFY(std::abs((sham.x1 - sham.x0) - (covers.target.x1 - covers.target.x0)) < 1e-9);
            for (const auto& target : question_.targets)
                QVERIFY(sham.x0 >= target.x1 || sham.x1 <= target.x0 || sham.y0 >= target.y1 ||
                        sham.y1 <= target.y0);
        }
        QVERIFY(coversOf(question_.question.images.front(), {{0, 0, 1, 0.9}}, 32, 0).shams.empty());
    }

    void plantedModelsAreRecognised_data() {
        QTest::addColumn<int>("count");
        QTest::addColumn<double>("shift");
        QTest::addColumn<int>("flips");
        QTest::addColumn<int>("slotFlips");
        QTest::addColumn<QString>("verdict");
        QTest::newRow("used") << 100 << 4.0 << 60 << 50 << "used";
        QTest::newRow("slots") << 100 << 0.0 << 0 << 50 << "slots, no feedback";
        QTest::newRow("masked") << 100 << 0.0 << 0 << 1 << "not used";
        QTest::newRow("flips without a direction")
            << 100 << 0.0 << 60 << 50 << "slots, no feedback";
        QTest::newRow("a shift that flips nothing") << 100 << 0.3 << 1 << 1 << "not used";
        QTest::newRow("few") << 29 << 4.0 << 29 << 20 << "too few to tell";
    }
    void plantedModelsAreRecognised() {
        QFETCH(const int, count);
        QFETCH(const double, shift);
        QFETCH(const int, flips);
        QFETCH(const int, slotFlips);
        QFETCH(const QString, verdict);
        auto items = plantedItems(count, shift, flips, slotFlips);
        items.push_back({.id = "thoughtless"});  // no span: not counted
        const auto report = summarise(items, 1);
        QCOMPARE(report.asked, count + 1);
        QCOMPARE(report.thought, count);
        QCOMPARE(QString::fromStdString(toText(report.verdict.use)), verdict);
        const auto& other = report.interventions.front();
        QCOMPARE(other.count, count);
        QCOMPARE(other.rightWrong, flips);
        QCOMPARE(other.rightRight, count - flips);
        QCOMPARE(other.flips, flips);
        QVERIFY(std::abs(other.beyondRandom.value - shift) < 0.01);
        QVERIFY(toHtml(report).find(toText(report.verdict.use)) != std::string::npos);
    }

    void anItemIsReadBackAsItWasKept() {
        CausalItem item{.id = "a",
                        .kind = "chain",
                        .cluster = "c",
                        .panel = ask({{.kind = OtherQuestion}, {.kind = Mean}}, /*looks=*/true)};
        QCOMPARE(causalItemFrom(toJsonLine(item)), item);
        QVERIFY_THROWS_EXCEPTION(Error, causalItemFrom("{\"id\": 3"));
    }

    void aLinearProbeReadsWhatIsThereAndNothingElse() {
        ProbeData data;
        auto random = at::detail::createCPUGenerator(3);
        for (int i = 0; i < 120; ++i) {
            auto vector = torch::randn({16}, random);
            vector[3 + i % 3] += 4;
            data.vectors.push_back(vector);
            data.labels.push_back(std::to_string(i % 3));
            data.clusters.push_back(std::to_string(i / 2));
        }
        const auto found = probe("third", "latent", data, 1);
        QVERIFY(found && found->accuracy.value > 0.9 && found->tested == 60);
        for (auto& vector : data.vectors) vector.narrow(0, 3, 3).zero_();
        const auto nothing = probe("third", "latent", data, 1);
        QVERIFY(nothing && nothing->accuracy.value < 0.55);
    }

    void aSetIsAskedWholeAndWhatFailsIsNamed() {
        const CausalSet set{5, [&](std::size_t i) {
                                if (i == 2) throw Error("picture 2 is broken");
                                const auto chain = chainOf(20 * i);
                                return CausalSetItem{
                                    .sample = {std::to_string(i), "chain", chain.sample.question,
                                               chain.sample.answer, chain.sample.rois},
                                    .otherQuestion = chain.otherQuestion.text,
                                    .chain = true,
                                    .candidates = shapeWords()};
                            }};
        std::vector<std::string> told;
        CausalSetHooks hooks{.onItem = [&](const CausalItem& item) { told.push_back(item.id); }};
        const std::vector<Intervention> two{{.kind = OtherPicture}, {.kind = Oracle}};
        const auto result = runCausalSet(tiny_, set, options_, two, 1, hooks);
        QCOMPARE(told, (std::vector<std::string>{"0", "1", "3", "4"}));
        QCOMPARE(result.skipped, (std::vector<std::string>{"item 3: picture 2 is broken"}));
        // What was kept is not asked again.
        told.clear();
        hooks.kept = [&](const std::string& id) -> std::optional<CausalItem> {
            return id == "4" ? std::nullopt : std::optional(CausalItem{.id = id});
        };
        QCOMPARE(runCausalSet(tiny_, set, options_, two, 1, hooks).items.size(), std::size_t(4));
        QCOMPARE(told, (std::vector<std::string>{"4"}));
        const auto report = summarise(result.items, 1);
        const auto oracle = std::ranges::find(report.retrieval, "oracle", &RetrievalRow::name);
        QVERIFY(oracle != report.retrieval.end());
        QCOMPARE(oracle->at1, 1.0);
    }

    void aStopEndsAPanel() {
        std::stop_source stop;
        const CausalHooks hooks{.onUntouched = [&](const CausalPanel&) { stop.request_stop(); },
                                .stop = stop.get_token()};
        QVERIFY_THROWS_EXCEPTION(Cancelled,
                                 causalPanel(tiny_, question_, options_, standardPanel(), hooks));
    }
};

QTEST_GUILESS_MAIN(CausalTest)
#include "causal_test.moc"
