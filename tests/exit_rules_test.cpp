// Exit rules that go by the latents or by what the answer would be, on the shipped model and
// against plain decodings that stop after every number of latents.

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>

#include "core/decode/decoder.h"
#include "core/decode/exit_rule.h"
#include "core/decode/latent_probe.h"
#include "core/error.h"
#include "core/torch.h"
#include "datasets/scenes/scenes.h"

using namespace lvr;

Q_DECLARE_METATYPE(lvr::SpanState)

namespace {

constexpr int kMost = 8;

// What a thought of so many latents leads to.
struct Stop {
    std::int64_t firstWord = 0;  // of the answer, the likeliest
    double entropy = 0;          // of its distribution, nats
    double cosine = 0;           // of the last latent to the one before
    RowResult row;
};

}  // namespace

class ExitRulesTest : public QObject {
    Q_OBJECT

    LvrCheckpoint tiny_ = LvrCheckpoint::open(LVR_RESOURCES "/models/tiny");
    QTemporaryDir folder_;

    DecodeOptions options() const {
        auto options = tiny_.decoding().options;
        options.sampling.temperature = 0;
        options.maxNewTokens = 24;
        options.spanEnd = SpanEnd::Forced;  // as early answers are read
        return options;
    }

    std::vector<RowResult> decoded(const Question& question, const std::vector<ExitRule>& exits,
                                   const RowHooks& hooks = {}) const {
        auto encoded = encodeQuestion(tiny_, question, options());
        encoded.prompt.copies = static_cast<int>(exits.size());
        encoded.prompt.exits = exits;
        return decodeRows(tiny_.model, {encoded.prompt}, tiny_.rules, options(), hooks);
    }

    std::int64_t latentsUnder(const Question& question, const std::string& rule) const {
        return decoded(question, {parseExitRule(rule)}).front().latents.size(0);
    }

    // The slow way: a whole answer after each number of latents, its first word's distribution
    // taken where it was said.
    Stop stopAfter(const Question& question, int count) const {
        std::vector<torch::Tensor> logits;
        RowHooks hooks;
        hooks.onLogits = [&](const torch::Tensor& all) { logits.push_back(all[0].clone()); };
        Stop stop{.row = decoded(question, {FixedSteps{count}}, hooks).front()};
        const auto& ids = stop.row.ids;
        const auto& isLatent = stop.row.isLatent;
        auto end = std::ssize(ids) - 1;
        while (end > 0 && !isLatent[end - 1]) --end;  // behind the last latent
        const auto& lead = tiny_.rules.answerLead;
        for (std::size_t i = 0; i < lead.size(); ++i)  // the model leads its answers in like that
            if (ids.at(end + 1 + i) != lead[i]) qFatal("another lead");
        const auto at = end + 1 + std::ssize(lead);
        const auto logP = logits.at(at).log_softmax(-1);
        stop.firstWord = logP.argmax().item<std::int64_t>();
        stop.entropy = -(logP.exp() * logP).sum().item<double>();
        if (count > 1) {
            const auto& latents = stop.row.latents;
            stop.cosine =
                torch::cosine_similarity(latents[count - 1], latents[count - 2], 0).item<double>();
        }
        return stop;
    }

    std::vector<Stop> stops(const Question& question) const {
        std::vector<Stop> all;
        for (int count = 1; count <= kMost; ++count) all.push_back(stopAfter(question, count));
        return all;
    }

    // The first number of latents at which `leaves` holds.
    template <class Leaves>
    static std::int64_t firstStop(const std::vector<Stop>& stops, const Leaves& leaves) {
        for (int count = 1; count < kMost; ++count)
            if (leaves(stops, count)) return count;
        return kMost;
    }

    void compareRule(const Sample& sample, const std::string& rule, std::int64_t expected,
                     const std::vector<Stop>& all) const {
        const auto row =
            decoded(sample.question, {parseExitRule(rule + ":" + std::to_string(kMost))}).front();
        QCOMPARE(row.latents.size(0), expected);
        QCOMPARE(row.ids, all[expected - 1].row.ids);  // looking ahead changed nothing
    }

private Q_SLOTS:
    void rulesLeaveWhenTheySay_data() {
        QTest::addColumn<QString>("rule");
        QTest::addColumn<SpanState>("state");
        QTest::addColumn<bool>("leaves");
        const auto row = [](const char* name, const char* rule, const SpanState& state,
                            bool leaves) { QTest::newRow(name) << rule << state << leaves; };
        row("settled", "settled:0.9:8", {.fed = 2, .latentCosine = 0.9}, true);
        row("not settled", "settled:0.9:8", {.fed = 2, .latentCosine = 0.89}, false);
        row("one latent has none before it", "settled:0:8", {.fed = 1}, false);
        row("settled cap", "settled:0.9:8", {.fed = 8, .latentCosine = 0.1}, true);
        row("answer held", "answer-settled:2:8", {.fed = 3, .answerHeld = 2}, true);
        row("answer held once", "answer-settled:2:8", {.fed = 3, .answerHeld = 1}, false);
        row("answer not looked at", "answer-settled:0:8", {.fed = 0}, false);
        row("answer cap", "answer-settled:2:8", {.fed = 8, .answerHeld = 0}, true);
        row("sure", "entropy:0.5:8", {.fed = 1, .answerEntropy = 0.49}, true);
        row("unsure", "entropy:0.5:8", {.fed = 1, .answerEntropy = 0.5}, false);
        row("not looked at", "entropy:0.5:8", {.fed = 0}, false);
        row("probe", "probe:p.json:0.5:8", {.fed = 1, .probedRight = 0.5}, true);
        row("probe says no", "probe:p.json:0.5:8", {.fed = 1, .probedRight = 0.49}, false);
        row("probe cap", "probe:p.json:0.5:8", {.fed = 8, .probedRight = 0.1}, true);
        row("the same id", "repeated:3:8", {.fed = 3, .sameId = 3}, true);
        row("the same id twice", "repeated:3:8", {.fed = 3, .sameId = 2}, false);
        row("an end is as good", "repeated:3:8", {.fed = 0, .endSampled = true}, true);
        row("repeated cap", "repeated:3:8", {.fed = 8, .sameId = 1}, true);
    }
    void rulesLeaveWhenTheySay() {
        QFETCH(QString, rule);
        QFETCH(SpanState, state);
        QFETCH(bool, leaves);
        QCOMPARE(leavesLatentMode(parseExitRule(rule.toStdString()), state), leaves);
    }

    void rulesStopWherePlainDecodingsSayTheyShould_data() {
        QTest::addColumn<int>("index");
        for (const int index : {0, 1, 2}) QTest::addRow("question %d", index) << index;
    }
    void rulesStopWherePlainDecodingsSayTheyShould() {
        QFETCH(int, index);
        const auto sample = sceneSample(77, index, "chain", {.minHops = 2, .maxHops = 4});
        const auto all = stops(sample.question);
        for (const double threshold : {0.3, 0.7, 0.95})
            compareRule(sample, "settled:" + std::to_string(threshold),
                        firstStop(all,
                                  [=](const auto& s, int count) {
                                      return count > 1 && s[count - 1].cosine >= threshold;
                                  }),
                        all);
        for (const double threshold : {0.05, 0.5, 1.5})
            compareRule(sample, "entropy:" + std::to_string(threshold),
                        firstStop(all, [=](const auto& s,
                                           int count) { return s[count - 1].entropy < threshold; }),
                        all);
        for (const int held : {1, 2})
            compareRule(
                sample, "answer-settled:" + std::to_string(held),
                firstStop(all,
                          [=](const auto& s, int count) {
                              if (count <= held) return false;
                              for (int back = 1; back <= held; ++back)
                                  if (s[count - 1].firstWord != s[count - 1 - back].firstWord)
                                      return false;
                              return true;
                          }),
                all);
    }

    void rowsOfOnePromptStopEachByItsOwnRule() {
        const auto sample = sceneSample(78, 0, "chain", {.minHops = 2, .maxHops = 4});
        std::vector<ExitRule> exits;
        for (const char* rule : {"fixed:3", "entropy:0.5:8", "settled:0.7:8", "end-prob:0.5:16",
                                 "answer-settled:2:8", "none"})
            exits.push_back(parseExitRule(rule));
        const auto rows = decoded(sample.question, exits);
        for (std::size_t i = 0; i < exits.size(); ++i)
            QCOMPARE(rows[i].ids, decoded(sample.question, {exits[i]}).front().ids);
    }

    void aProbeIsReadFromItsFile() {
        const auto width = static_cast<std::size_t>(tiny_.model.config().text.hiddenSize);
        const auto file = folder_.filePath("probe.json").toStdString();
        const auto question = sceneSample(79, 0, "chain").question;
        LatentProbe probe{std::vector<double>(width), 5, "by hand"};
        writeLatentProbe(probe, file);
        QCOMPARE(latentsUnder(question, "probe:" + file + ":0.5:6"), 1);
        probe.bias = -5;
        writeLatentProbe(probe, file);
        QCOMPARE(latentsUnder(question, "probe:" + file + ":0.5:6"), 6);
        QCOMPARE(readLatentProbe(file, width).madeWith, "by hand");
    }

    void aProbeThatDoesNotFitIsNamed() {
        const auto file = folder_.filePath("other.json").toStdString();
        const auto question = sceneSample(79, 0, "chain").question;
        const auto errorOf = [&](const std::string& rule) -> QString {
            try {
                latentsUnder(question, rule);
            } catch (const Error& error) {
                return error.what();
            }
            return {};
        };
        QVERIFY(
            errorOf("probe:" + file).contains("there is no file " + QString::fromStdString(file)));
        writeLatentProbe({{1, 2, 3}, 0, ""}, file);
        QVERIFY(errorOf("probe:" + file).contains("is for latents of 3 numbers"));
        QFile(QString::fromStdString(file)).resize(0);
        QVERIFY(errorOf("probe:" + file).contains("other.json"));
    }

    void aTrainedProbeTellsRightFromWrong() {
        std::vector<std::vector<float>> latents;
        std::vector<bool> right;
        for (int i = 0; i < 60; ++i) {
            const float noise = 0.3F * std::sin(7.0F * i);
            right.push_back(i % 3 == 0);
            latents.push_back({100 + noise, right.back() ? 2 + noise : -2 + noise, 5.0F});
        }
        const auto probe = trainedProbe(latents, right);
        for (std::size_t i = 0; i < latents.size(); ++i)
            QCOMPARE(probe.probability(latents[i]) >= 0.5, right[i]);
        QVERIFY_THROWS_EXCEPTION(Error, trainedProbe({}, {}));
    }
};

QTEST_GUILESS_MAIN(ExitRulesTest)
#include "exit_rules_test.moc"
