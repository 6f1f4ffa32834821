// GRPO_latent against the reference values (tests/goldens/README.md, grpo and reward_cases).

#include "core/grpo/grpo.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <set>
#include <thread>

#include "core/decode/decoder.h"
#include "core/error.h"
#include "core/grpo/policy_loss.h"
#include "core/grpo/replay.h"
#include "core/grpo/rewards.h"
#include "core/grpo/rollout.h"
#include "core/model/lvr_checkpoint.h"
#include "core/text/chat_template.h"
#include "core/torch.h"
#include "core/train/token_log_probabilities.h"
#include "core/vision/image_file.h"
#include "datasets/scenes/scenes.h"
#include "tests/support/cpu_time.h"
#include "tests/support/golden.h"

using namespace lvr;
using Json = nlohmann::json;

namespace {

const golden::Tensors& tensors() {
    static const golden::Tensors all("grpo.safetensors");
    return all;
}
const Json& goldens() {
    static const Json all = golden::json("grpo.json");
    return all;
}

torch::Tensor parameter(const LvrModel& model, const std::string& name) {
    for (const auto& [known, tensor] : model.parameters())
        if (known == name) return tensor;
    throw Error("no parameter " + name);
}

// The replay's model, its rows overwritten as the golden asks.
LvrCheckpoint checkpointOf(const Json& c) {
    const auto folder = golden::modelFolder(c["model"]).string();
    auto checkpoint = LvrCheckpoint::open(folder, {.use = LoadOptions::Use::Training});
    const torch::NoGradGuard off;
    for (const auto& row : c["replaced_rows"])
        parameter(checkpoint.model, row["tensor"])[row["row"].get<std::int64_t>()].copy_(
            tensors()[row["values"]]);
    return checkpoint;
}

Prompt promptOf(const LvrCheckpoint& checkpoint, const Json& c) {
    static const golden::Tensors preprocessed("preprocess.safetensors");
    static const Json preprocess = golden::json("preprocess.json");
    const torch::NoGradGuard off;
    const auto pixels = golden::pixels(preprocessed, preprocess, c["pixel_values"]);
    return buildPrompt(
        checkpoint, pixels.grids.empty() ? VisualTokens() : checkpoint.model.visualTokens(pixels),
        c["prompt"], SpanStart::Sampled, PromptKind::Raw);
}

std::vector<RowResult> rowsOf(const Json& c) {
    std::vector<RowResult> rows;
    for (const auto& completion : c["completions"]) {
        RowResult row{.ids = completion["completion_ids"]};
        row.isLatent.assign(row.ids.size(), false);
        for (const int at : completion["latent_positions"]) row.isLatent[at] = true;
        row.latents = tensors()[completion["key"].get<std::string>() + "/latents"];
        rows.push_back(row);
    }
    return rows;
}

Replayed replayed(const LvrModel& model, const Prompt& prompt, const std::vector<RowResult>& rows,
                  const ReplayOptions& options = {}) {
    return Replay({{&prompt, rows}}).by(model, options);
}

torch::Tensor masksOf(const Json& c) {
    std::vector<torch::Tensor> masks;
    for (const auto& completion : c["completions"])
        masks.push_back(torch::tensor(completion["mask_latents_only"].get<std::vector<float>>()));
    return torch::stack(masks);
}

std::string officialName(const std::string& canonical) {
    if (canonical.starts_with("visual.")) return "model." + canonical;
    if (canonical.starts_with("model.")) return "model.language_model." + canonical.substr(6);
    return canonical;
}

// What math-verify 0.9.0 does not see through the tags, and case, which the release minds.
bool sameButSpelling(QString said, QString gold) {
    for (auto* text : {&said, &gold}) {
        if (const auto open = text->lastIndexOf("<answer>"); open >= 0)
            *text = text->mid(open + 8).section("</answer>", 0, 0);
        *text = text->remove("<|lvr_start|>").remove("<|lvr_end|>").remove('$').trimmed().toLower();
    }
    const auto value = [](const QString& text) {
        const auto parts = text.split('/');
        return parts.size() == 2 ? parts[0].toDouble() / parts[1].toDouble() : text.toDouble();
    };
    return !said.isEmpty() && (said == gold || (value(said) != 0 && value(said) == value(gold)));
}

const std::string kTiny = LVR_RESOURCES "/models/tiny";

std::vector<GrpoRecord> sceneRecords(const std::filesystem::path& folder, int count) {
    std::vector<GrpoRecord> records;
    for (const auto& sample : sceneSamples(11, 0, count)) {
        const auto file = folder / (std::to_string(records.size()) + ".png");
        writePng(sample.question.images.front(), file);
        records.push_back({sample.id, sample.kind, {file}, sample.question.text, sample.answer});
    }
    return records;
}

// One step of GRPO: its metrics, and what its loss may be averaged over.
struct OneStep {
    std::map<std::string, double> metrics;
    double text = 0, mixedText = 0;  // tokens that were said, of all groups, of mixed ones
    double groups = 0, mixedGroups = 0;
};
OneStep oneStep(const std::vector<GrpoRecord>& records, GrpoOptions options,
                double referenceScale = 1) {
    auto checkpoint = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
    const auto reference = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
    reference.model.lmHead().detach().mul_(referenceScale);
    options.steps = 1;
    options.promptsPerStep = static_cast<int>(records.size());
    options.groupSize = 4;
    options.temperature = 2.5;
    options.topK = 0;
    options.rewards = {"accuracy"};
    OneStep step;
    trainGrpo(checkpoint, reference.model, records, options,
              {.onReport = [&](const TrainReport& report, const std::vector<Rollout>& all) {
                  step.metrics = report.metrics;
                  std::map<int, std::pair<double, std::set<double>>> groups;
                  for (const auto& rollout : all) {
                      auto& [text, rewards] = groups[rollout.group];
                      for (const auto& token : rollout.tokens) text += !token.isLatent;
                      rewards.insert(rollout.reward);
                  }
                  for (const auto& [number, group] : groups) {
                      const bool mixed = group.second.size() > 1;
                      step.text += group.first, step.groups += 1;
                      step.mixedText += mixed * group.first, step.mixedGroups += mixed;
                  }
              }});
    return step;
}

}  // namespace

class GrpoTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void rewardsAreTheReleasesButForSpellingAndSecondThoughts_data() {
        QTest::addColumn<int>("index");
        const auto cases = golden::json("reward_cases.json")["cases"];
        for (int i = 0; i < static_cast<int>(cases.size()); ++i) QTest::addRow("%d", i) << i;
    }
    void rewardsAreTheReleasesButForSpellingAndSecondThoughts() {
        QFETCH(int, index);
        static const auto cases = golden::json("reward_cases.json")["cases"];
        const auto& c = cases[index];
        const std::string text = c["text"];
        QCOMPARE(formatReward(text, {}), c["format"].get<double>());
        // The release takes the first of several answers; here the last one counts.
        const auto said = QString::fromStdString(text);
        if (said.count("</answer>") > 1) return;
        for (const auto& [gold, official] : c["accuracy"].items()) {
            const bool right =
                official.get<double>() == 1 || sameButSpelling(said, QString::fromStdString(gold));
            QCOMPARE(accuracyReward(text, {gold}), right ? 1.0 : 0.0);
        }
    }

    void theLastAnswerIsRewardedAndTheQuestionsOptionsCount() {
        const std::string both = "<answer> A </answer> no, <answer> B </answer>";
        QCOMPARE(accuracyReward(both, {"A"}), 0.0);
        // Marks that stand before an answer without its tag are not of it.
        QCOMPARE(
            accuracyReward("<|sketch_end|>red", {.text = "red", .dialect = &dialectNamed("skila")}),
            1.0);
        QCOMPARE(accuracyReward("<abs_vis_token></abs_vis_token>red",
                                {.text = "red", .dialect = &dialectNamed("monet")}),
                 1.0);
        QCOMPARE(accuracyReward(both, {"<answer> B </answer>"}), 1.0);
        QCOMPARE(accuracyReward("<answer>1,2</answer>", {"12"}), 0.0);
        QCOMPARE(accuracyReward("<answer>red</answer>", {"B", "Which?\nA. blue\nB. red"}), 1.0);
        QCOMPARE(accuracyReward("<answer>red</answer>", {"B"}), 0.0);
    }

    void anUnknownRewardIsNamedWithTheNearest() {
        try {
            findReward("acuracy");
            QFAIL("found");
        } catch (const Error& e) {
            QCOMPARE(e.what(), "there is no reward \"acuracy\"; did you mean \"accuracy\"?");
        }
    }

    void advantagesAreTheReferenceOnes() {
        for (const auto& c : goldens()["advantages"]) {
            const auto rewards = torch::tensor(c["rewards"].get<std::vector<float>>());
            for (const auto& [key, scale] :
                 {std::pair{"scaled", AdvantageScale::Std}, {"unscaled", AdvantageScale::None}}) {
                const auto wanted = torch::tensor(c[key].get<std::vector<float>>());
                QVERIFY(golden::difference(groupAdvantages(rewards, c["group"], scale), wanted) <
                        1e-6);
            }
        }
    }

    void lossAndGradientAreTheOfficialTrainersOnes_data() {
        QTest::addColumn<int>("index");
        for (int i = 0; i < static_cast<int>(goldens()["loss"].size()); ++i)
            QTest::addRow("%d %s", i, goldens()["loss"][i]["loss_type"].get<std::string>().c_str())
                << i;
    }
    void lossAndGradientAreTheOfficialTrainersOnes() {
        QFETCH(int, index);
        const auto& c = goldens()["loss"][index];
        const auto of = [&](const char* name) {
            return tensors()[c["key"].get<std::string>() + "/" + name];
        };
        GrpoOptions options{.beta = c["beta"], .epsilon = c["epsilon"]};
        const std::string type = c["loss_type"];
        options.loss = type == "bnpo"   ? GrpoLoss::Bnpo
                       : type == "grpo" ? GrpoLoss::Grpo
                                        : GrpoLoss::DrGrpo;
        PolicyLossInputs in{of("logps").requires_grad_(true), {}, {}, of("advantages"), of("mask")};
        in.old = c["old"] == "given" ? of("old_logps") : in.policy.detach();
        if (options.beta > 0) in.reference = of("ref_logps");
        const auto tokens = in.mask.sum().item<double>();
        const auto out = policyLoss(in, options,
                                    {tokens, static_cast<double>(in.mask.size(0)),
                                     c["max_completion_length"].get<double>()});
        QVERIFY(std::abs(out.loss.item<double>() - c["loss"].get<double>()) < 1e-6);
        out.loss.backward();
        QVERIFY(golden::difference(in.policy.grad(), of("grad")) < 1e-7);
        if (options.beta > 0)
            QVERIFY(std::abs(out.kl / tokens - c["metrics"]["kl"].get<double>()) < 1e-6);
        QVERIFY(std::abs(out.clippedLow / tokens -
                         c["metrics"]["clip_ratio/low_mean"].get<double>()) < 1e-6);
        QVERIFY(std::abs(out.clippedHigh / tokens -
                         c["metrics"]["clip_ratio/high_mean"].get<double>()) < 1e-6);
    }

    // In chunks, with weights that are known before and without, of a head that learns and one that
    // does not.
    void chunkedLogProbabilitiesAndTheirGradientsAreThoseOfTheWholeSoftmax_data() {
        QTest::addColumn<double>("temperature");
        QTest::addColumn<int>("chunk");
        QTest::addColumn<bool>("known");
        QTest::addColumn<bool>("headLearns");
        for (const double temperature : {1.0, 0.7})
            for (const int chunk : {0, 3})
                for (const bool known : {false, true})
                    for (const bool headLearns : {false, true})
                        QTest::addRow("temperature %g, chunk %d%s%s", temperature, chunk,
                                      known ? ", known weights" : "",
                                      headLearns ? "" : ", head frozen")
                            << temperature << chunk << known << headLearns;
    }
    void chunkedLogProbabilitiesAndTheirGradientsAreThoseOfTheWholeSoftmax() {
        QFETCH(double, temperature);
        QFETCH(int, chunk);
        QFETCH(bool, known);
        QFETCH(bool, headLearns);
        torch::manual_seed(3);
        const auto labels = torch::randint(0, 11, {7}), weight = torch::randn({7});
        auto hidden = torch::randn({7, 5}).requires_grad_(true);
        auto head = torch::randn({11, 5}).requires_grad_(headLearns);
        const auto whole = (torch::linear(hidden, head) / temperature).log_softmax(-1);
        const auto picked = whole.gather(1, labels.unsqueeze(1)).squeeze(1);
        (2 * (picked * weight).sum()).backward();
        const auto ofHidden = hidden.grad().clone();
        const auto ofHead = headLearns ? head.grad().clone() : torch::Tensor();
        hidden.mutable_grad() = head.mutable_grad() = torch::Tensor();
        const auto chunked = tokenLogProbabilities(hidden, head, labels,
                                                   {.temperature = temperature,
                                                    .entropy = TokenEntropy::Computed,
                                                    .weights = known ? weight : torch::Tensor(),
                                                    .chunk = chunk});
        (2 * (chunked.value * weight).sum()).backward();
        QVERIFY(golden::difference(chunked.value, picked) < 1e-6);
        QVERIFY(golden::difference(hidden.grad(), ofHidden) < 2e-6);
        QCOMPARE(head.grad().defined(), headLearns);
        if (headLearns) QVERIFY(golden::difference(head.grad(), ofHead) < 2e-6);
        QVERIFY(golden::difference(chunked.entropy, -(whole.exp() * whole).sum(-1)) < 1e-5);
        QVERIFY(chunked.isLikeliest.equal(whole.argmax(-1) == labels));
        const torch::NoGradGuard off;
        const auto plain =
            tokenLogProbabilities(hidden, head, labels, {.temperature = temperature});
        QVERIFY(golden::difference(plain.value, picked) < 1e-6);
        QVERIFY(!plain.entropy.defined());
    }

    // Log-probabilities far below what float32 can tell from 0 as probabilities.
    void unlikelyTokensHaveFiniteLogProbabilities() {
        auto hidden = torch::full({1, 1}, 200.0F).requires_grad_(true);
        const auto head = torch::tensor({{1.0F}, {-1.0F}});
        const auto said = tokenLogProbabilities(hidden, head, torch::tensor({1}));
        QCOMPARE(said.value[0].item<double>(), -400.0);
        said.value.sum().backward();
        QCOMPARE(hidden.grad()[0][0].item<double>(), -2.0);
        QVERIFY(!said.isLikeliest[0].item<bool>());
    }

    void weightsThatTheLossDoesNotUseAreRefused() {
        const auto hidden = torch::randn({3, 5}).requires_grad_(true);
        const auto head = torch::randn({11, 5}).requires_grad_(true);
        const auto said = tokenLogProbabilities(hidden, head, torch::tensor({1, 2, 3}),
                                                {.weights = torch::tensor({1.0F, 2.0F, 3.0F})});
        QVERIFY_EXCEPTION_THROWN(said.value.sum().backward(), c10::Error);
    }

    void replayedLogProbabilitiesAreTheReferenceOnes_data() {
        QTest::addColumn<int>("index");
        for (int i = 0; i < static_cast<int>(goldens()["replay"].size()); ++i)
            QTest::addRow("%d", i) << i;
    }
    void replayedLogProbabilitiesAreTheReferenceOnes() {
        QFETCH(int, index);
        const auto& c = goldens()["replay"][index];
        auto checkpoint = checkpointOf(c);
        const auto prompt = promptOf(checkpoint, c);
        const auto rows = rowsOf(c);
        const torch::NoGradGuard off;
        QVERIFY(textMask(rows).equal(masksOf(c)));
        for (const auto& [suffix, temperature] :
             {std::pair{"/logps_t1", 1.0}, {"/logps_t0.9", 0.9}}) {
            const auto ofModel =
                replayed(checkpoint.model, prompt, rows, {.temperature = temperature});
            for (std::size_t r = 0; r < rows.size(); ++r) {
                const auto wanted =
                    tensors()[c["completions"][r]["key"].get<std::string>() + suffix];
                const auto mask = textMask(rows)[static_cast<std::int64_t>(r)];
                const auto ours = ofModel.logProbabilities[static_cast<std::int64_t>(r)];
                QVERIFY(golden::difference(ours * mask, wanted * mask) < 2e-5);
            }
        }
        // A head is not part of the golden; without one, what the model puts out again is what was
        // recorded.
        if (checkpoint.model.config().lvr.head != LvrHead::None) return;
        const auto again =
            replayed(checkpoint.model, prompt, rows, {.latents = ReplayLatents::Recomputed});
        const auto recorded = replayed(checkpoint.model, prompt, rows);
        QVERIFY(golden::difference(again.logProbabilities, recorded.logProbabilities) < 1e-4);
    }

    // Groups of several prompts and pictures in one pass, or each alone.
    void groupsReplayedTogetherAreAsEachAlone() {
        const auto checkpoint = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
        std::vector<Prompt> prompts;
        for (const char* kind : {"chain", "has-dot", "chain"}) {
            const torch::NoGradGuard off;
            prompts.push_back(
                encodeQuestion(checkpoint, sceneSample(5, prompts.size(), kind).question).prompt);
            prompts.back().copies = 3;
        }
        DecodeOptions options;
        options.exit = checkpoint.defaultExit();
        options.sampling = {.temperature = 2, .seed = 4};
        const auto rows = decodeRows(checkpoint.model, prompts, checkpoint.rules, options);
        std::vector<ReplayGroup> groups;
        for (std::size_t g = 0; g < prompts.size(); ++g)
            groups.push_back({&prompts[g], std::span(rows).subspan(3 * g, 3)});
        const ReplayOptions how{.temperature = 2, .entropy = TokenEntropy::Computed};
        const auto weight = parameter(checkpoint.model, "model.layers.0.self_attn.k_proj.weight");
        weight.requires_grad_(true);
        const auto together = Replay(groups).by(checkpoint.model, how);
        together.logProbabilities.sum().backward();
        const auto gradient = weight.grad().clone();
        weight.mutable_grad() = torch::Tensor();
        for (std::size_t g = 0; g < groups.size(); ++g) {
            const auto alone = Replay({groups[g]}).by(checkpoint.model, how);
            alone.logProbabilities.sum().backward();
            const auto part = [&](const torch::Tensor& x) {
                return x.narrow(0, static_cast<std::int64_t>(3 * g), 3)
                    .narrow(1, 0, alone.logProbabilities.size(1));
            };
            QVERIFY(golden::difference(part(together.logProbabilities), alone.logProbabilities) <
                    2e-5);
            QVERIFY(golden::difference(part(together.entropy), alone.entropy) < 2e-5);
        }
        QVERIFY(golden::difference(weight.grad(), gradient) <
                1e-5 * gradient.abs().max().item<double>());
        std::int64_t positions = 0;
        for (const auto& row : groups[0].rows) positions += std::ssize(row.ids);
        QCOMPARE(groups[0].positions(), positions + std::ssize(prompts[0].ids) - 1);
    }

    void objectiveAndItsGradientsAreTheReferenceOnes() {
        const auto& c = goldens()["replay"][0];
        const auto& wanted = goldens()["objective"];
        auto checkpoint = checkpointOf(c);
        auto reference = checkpointOf(c);
        {
            const torch::NoGradGuard off;
            parameter(reference.model, "model.norm.weight").mul_(1.05);
        }
        const auto prompt = promptOf(checkpoint, c);
        const auto rows = rowsOf(c);
        for (auto [name, tensor] : checkpoint.model.parameters())
            if (!name.starts_with("visual.")) tensor.requires_grad_(true);
        const GrpoOptions options{.beta = wanted["beta"]};
        const auto rewards = torch::tensor(wanted["rewards"].get<std::vector<float>>());
        PolicyLossInputs in;
        in.policy = replayed(checkpoint.model, prompt, rows, {.temperature = 0.9}).logProbabilities;
        in.old = in.policy.detach();
        {
            const torch::NoGradGuard off;
            in.reference =
                replayed(reference.model, prompt, rows, {.temperature = 0.9}).logProbabilities;
        }
        in.advantages =
            groupAdvantages(rewards, static_cast<int>(rows.size()), AdvantageScale::Std);
        in.mask = textMask(rows);
        const auto mask = in.mask;
        QVERIFY(golden::difference(in.policy * mask, tensors()["objective/policy_logps"] * mask) <
                2e-5);
        QVERIFY(golden::difference(in.reference * mask,
                                   tensors()["objective/reference_logps"] * mask) < 2e-5);
        const auto out = policyLoss(in, options,
                                    {mask.sum().item<double>(), static_cast<double>(rows.size()),
                                     static_cast<double>(mask.size(1))});
        QVERIFY(std::abs(out.loss.item<double>() - wanted["loss"].get<double>()) < 1e-5);
        out.loss.backward();
        double worst = 0;
        for (const auto& [name, tensor] : checkpoint.model.parameters()) {
            if (name.starts_with("visual.")) continue;
            const double norm = wanted["grad_norm"][officialName(name)];
            const double ours = tensor.grad().defined() ? tensor.grad().norm().item<double>() : 0;
            worst = std::max(worst, std::abs(ours - norm) / std::max(norm, 1e-3));
        }
        qInfo("largest relative difference of a gradient's norm: %.1e", worst);
        QVERIFY(worst < 1e-4);
        const auto norm = parameter(checkpoint.model, "model.norm.weight").grad();
        QVERIFY(golden::difference(
                    norm, tensors()["objective/grad/model.language_model.norm.weight"]) < 1e-5);
    }

    // Copies share one reading of the prompt and still say what each would have said alone.
    void copiesOfAPromptAreAnsweredAsIfAskedOneByOne() {
        const auto checkpoint = LvrCheckpoint::open(kTiny);
        std::vector<Prompt> shared, alone;
        for (const char* kind : {"chain", "has-dot"}) {
            const auto sample = sceneSample(5, 0, kind);
            shared.push_back(encodeQuestion(checkpoint, sample.question).prompt);
            shared.back().copies = 3;
        }
        for (const auto& prompt : shared)
            for (int i = 0; i < 3; ++i) {
                alone.push_back(prompt);
                alone.back().copies = 1;
            }
        DecodeOptions options;
        options.exit = checkpoint.defaultExit();
        options.sampling = {.temperature = 2, .seed = 4};
        const auto together = decodeRows(checkpoint.model, shared, checkpoint.rules, options);
        const auto apart = decodeRows(checkpoint.model, alone, checkpoint.rules, options);
        QCOMPARE(together.size(), std::size_t{6});
        for (std::size_t i = 0; i < 6; ++i) {
            QCOMPARE(together[i].ids, apart[i].ids);
            QVERIFY(golden::difference(together[i].latents, apart[i].latents) < 1e-4);
        }
        QVERIFY(together[0].ids != together[1].ids || together[1].ids != together[2].ids);
    }

    // Before the first update a replay gives what the rollout gave: |ratio - 1| <= 1e-4.
    void recordedLatentsReplayedReproduceTheRollout() {
        QTemporaryDir folder;
        auto checkpoint = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
        const auto reference = LvrCheckpoint::open(kTiny);
        const auto records = sceneRecords(folder.path().toStdString(), 6);
        for (const double noise : {0.0, 0.5}) {
            GrpoOptions options{.steps = 1, .promptsPerStep = 6, .groupSize = 4};
            options.temperature = 2.5;  // so that answers differ and groups are mixed
            options.topK = 0;
            options.latentNoise = noise;
            options.learningRate = 1e-12;
            std::map<std::string, double> metrics;
            std::vector<Rollout> rollouts;
            trainGrpo(checkpoint, reference.model, records, options,
                      {.onReport = [&](const TrainReport& report, const std::vector<Rollout>& r) {
                          metrics = report.metrics;
                          rollouts = r;
                      }});
            QVERIFY(metrics.at("groups/zero_variance") < 1);
            QVERIFY2(metrics.at("replay/ratio_error") < 1e-4,
                     std::to_string(metrics.at("replay/ratio_error")).c_str());
            // The reference sees the image too, and computes to the last bit as the policy does.
            QCOMPARE(metrics.at("kl"), 0.0);
            QCOMPARE(rollouts.size(), std::size_t{24});
            for (const auto& rollout : rollouts) {
                const auto latents =
                    std::count_if(rollout.tokens.begin(), rollout.tokens.end(),
                                  [](const RolloutToken& t) { return t.isLatent; });
                QCOMPARE(static_cast<int>(rollout.heat.size()),
                         static_cast<int>(latents) * rollout.grid.count());
            }
        }
    }

    // As TRL's bnpo and dr_grpo: a group of equal rewards has no advantage, but its tokens count.
    void groupsOfEqualRewardsCountInTheMeans_data() {
        QTest::addColumn<int>("loss");
        QTest::newRow("bnpo") << static_cast<int>(GrpoLoss::Bnpo);
        QTest::newRow("grpo") << static_cast<int>(GrpoLoss::Grpo);
        QTest::newRow("dr_grpo") << static_cast<int>(GrpoLoss::DrGrpo);
    }
    void groupsOfEqualRewardsCountInTheMeans() {
        QFETCH(int, loss);
        QTemporaryDir folder;
        auto records = sceneRecords(folder.path().toStdString(), 8);
        for (std::size_t i = 0; i < records.size(); i += 2) records[i].answer = "never said";
        GrpoOptions options{.beta = 0, .loss = static_cast<GrpoLoss>(loss), .maxNewTokens = 40};
        const auto kept = oneStep(records, options);
        options.zeroVariance = ZeroVariance::Drop;
        const auto dropped = oneStep(records, options);
        QVERIFY(kept.mixedGroups > 0);
        QVERIFY(kept.mixedGroups < kept.groups);
        const double share = options.loss == GrpoLoss::Bnpo ? kept.mixedText / kept.text
                                                            : kept.mixedGroups / kept.groups;
        const double ratio = kept.metrics.at("grad_norm") / dropped.metrics.at("grad_norm");
        QVERIFY2(std::abs(ratio - share) < 1e-4 * share,
                 qPrintable(QString("%1, not %2").arg(ratio).arg(share)));
        QVERIFY(std::abs(kept.metrics.at("entropy") - dropped.metrics.at("entropy")) < 1e-9);
    }

    void groupsOfEqualRewardsKeepTheirKl() {
        QTemporaryDir folder;
        auto records = sceneRecords(folder.path().toStdString(), 3);
        for (auto& record : records) record.answer = "never said";
        GrpoOptions options{.beta = 0.04, .maxNewTokens = 40};
        const auto kept = oneStep(records, options, 0.8);
        QCOMPARE(kept.mixedGroups, 0.0);
        QVERIFY(kept.metrics.at("kl") > 1e-4);
        QVERIFY(std::abs(kept.metrics.at("loss/total") - 0.04 * kept.metrics.at("kl")) < 1e-7);
        QVERIFY(kept.metrics.at("grad_norm") > 0);
        options.zeroVariance = ZeroVariance::Drop;
        const auto dropped = oneStep(records, options, 0.8);
        QCOMPARE(dropped.metrics.at("kl"), 0.0);
        QCOMPARE(dropped.metrics.at("grad_norm"), 0.0);
    }

    void stepsWithoutFiniteGradientsAreNamedKeptAndEndTheRun() {
        QTemporaryDir folder;
        auto checkpoint = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
        const auto reference = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
        reference.model.lmHead().detach()[5].fill_(INFINITY);  // so that the KL is not a number
        std::vector<torch::Tensor> before;
        for (const auto& [name, tensor] : checkpoint.model.parameters())
            before.push_back(tensor.detach().clone());
        const auto records = sceneRecords(folder.path().toStdString(), 4);
        GrpoOptions options{.steps = 20, .promptsPerStep = 2, .groupSize = 2, .maxNonFinite = 3};
        options.temperature = 2.5;
        options.maxNewTokens = 20;
        std::vector<std::string> alerts;
        std::vector<int> told;
        std::string said;
        std::optional<TrainState> saved;
        double skipped = 0;
        try {
            trainGrpo(checkpoint, reference.model, records, options,
                      {.onReport =
                           [&](const TrainReport& report, const std::vector<Rollout>&) {
                               alerts.push_back(report.alert);
                               skipped = report.metrics.at("skipped/steps");
                           },
                       .onSave = [&](int, const TrainState& state) { saved = state; },
                       .saveEvery = 2,
                       .onNotFinite =
                           [&](int step, const std::vector<int>& which) {
                               told.push_back(step);
                               for (const int record : which)
                                   if (record < 0 || record > 3)
                                       return std::string(" of no record");
                               return std::string(which.size() == 2 ? "; kept" : " of others");
                           }});
        } catch (const Error& error) {
            said = error.what();
        }
        QCOMPARE(told, (std::vector{1, 2, 3}));
        QCOMPARE(alerts.size(), std::size_t{2});
        QCOMPARE(skipped, 2.0);
        for (const auto& alert : alerts) {
            QVERIFY2(alert.find("the gradient is not finite") != std::string::npos, alert.c_str());
            QVERIFY2(alert.ends_with("; kept"), alert.c_str());
        }
        QVERIFY2(said.starts_with("3 steps in a row had no finite gradient"), said.c_str());
        std::size_t i = 0;
        for (const auto& [name, tensor] : checkpoint.model.parameters())
            QVERIFY2(torch::equal(tensor, before[i++]), name.c_str());
        QVERIFY(saved);
        for (const auto& [name, tensor] : saved->tensors)
            if (name.starts_with("adamw/"))
                QVERIFY2(name.ends_with("/master") || tensor.abs().max().item<double>() == 0,
                         name.c_str());
    }

    void aStepInWhichNothingCanBeReadIsNone() {
        QTemporaryDir folder;
        auto records = sceneRecords(folder.path().toStdString(), 6);
        const auto whole = records;
        for (std::size_t i = 0; i < records.size(); i += 2) records[i].images = {"/gone.png"};
        GrpoOptions options{.steps = 3, .promptsPerStep = 1, .groupSize = 2};
        options.maxNewTokens = 20;
        const auto train = [&](const std::vector<GrpoRecord>& data, auto hooks) {
            auto checkpoint = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
            const auto reference = LvrCheckpoint::open(kTiny);
            trainGrpo(checkpoint, reference.model, data, options, hooks);
            return parameter(checkpoint.model, "model.norm.weight").detach().clone();
        };
        std::vector<int> steps;
        std::vector<double> rates;
        std::string alerts;
        std::optional<TrainState> half;
        GrpoHooks hooks;
        hooks.onReport = [&](const TrainReport& report, const std::vector<Rollout>& rollouts) {
            steps.push_back(report.step);
            rates.push_back(report.learningRate);
            alerts += report.alert;
            for (const auto& rollout : rollouts) QVERIFY(rollout.image != "/gone.png");
        };
        train(records, hooks);
        QCOMPARE(steps, (std::vector{1, 2, 3}));
        QVERIFY2(alerts.find("gone.png") != std::string::npos, alerts.c_str());
        const auto skipping = rates;
        rates.clear();
        train(whole, hooks);
        QCOMPARE(rates, skipping);

        std::string said;
        steps.clear();
        for (auto& record : records) record.images = {"/gone.png"};
        try {
            train(records, hooks);
        } catch (const Error& error) {
            said = error.what();
        }
        QCOMPARE(steps, std::vector<int>());
        QVERIFY2(said.starts_with("nothing could be read in 5 steps in a row"), said.c_str());
        QVERIFY2(said.find("gone.png") != std::string::npos, said.c_str());
    }

    // Wherever in a step the stop comes: the step is as if it had not begun.
    void anInterruptedStepIsTakenAnew() {
        QTemporaryDir folder;
        const auto reference = LvrCheckpoint::open(kTiny);
        const auto records = sceneRecords(folder.path().toStdString(), 5);
        GrpoOptions options{.steps = 3, .promptsPerStep = 4, .groupSize = 8};
        options.temperature = 3;
        options.learningRate = 1e-3;
        const auto weight = [](const LvrCheckpoint& c) {
            return parameter(c.model, "model.norm.weight").detach().clone();
        };
        auto whole = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
        trainGrpo(whole, reference.model, records, options, {});

        auto stopped = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
        std::optional<TrainState> state;
        int interruptions = 0;
        for (int after = 20; after < 100000; after *= 2) {
            std::stop_source source;
            CpuTimer since;
            std::jthread later([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(after));
                since.start();
                source.request_stop();
            });
            GrpoHooks hooks{
                .onSave =
                    [&](int, const TrainState& now) {
                        state = now;
                        for (auto& [name, tensor] : state->tensors) tensor = tensor.clone();
                    },
                .resume = state ? [&] { return *state; } : std::function<TrainState()>(),
                .stop = source.get_token()};
            try {
                trainGrpo(stopped, reference.model, records, options, hooks);
                break;
            } catch (const Cancelled&) {
                ++interruptions;
                QVERIFY2(since.milliseconds() < 1000,
                         qPrintable(QString::number(since.milliseconds())));
            }
        }
        QVERIFY(interruptions > 0);
        QVERIFY(weight(stopped).equal(weight(whole)));
    }

    // A model whose answers were half forgotten learns them again from rewards alone.
    void rewardsRise() {
        QTemporaryDir folder;
        auto checkpoint = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
        const auto reference = LvrCheckpoint::open(kTiny);
        auto records = sceneRecords(folder.path().toStdString(), 40);
        std::erase_if(records, [](const GrpoRecord& r) { return r.kind != "left-right"; });
        QVERIFY(records.size() >= 2);
        for (auto& record : records)  // another task: always the opposite
            record.answer = record.answer == "left" ? "right" : "left";
        GrpoOptions options{.steps = 25, .promptsPerStep = 4, .groupSize = 8};
        options.temperature = 3;
        options.learningRate = 3e-4;
        options.beta = 0;
        options.maxNewTokens = 40;
        options.rewards = {"accuracy"};
        std::vector<double> reward;
        trainGrpo(checkpoint, reference.model, records, options,
                  {.onReport = [&](const TrainReport& report, const std::vector<Rollout>&) {
                      reward.push_back(report.metrics.at("reward/accuracy"));
                  }});
        const auto mean = [&](std::size_t from) {
            return std::accumulate(reward.begin() + from, reward.begin() + from + 5, 0.0) / 5;
        };
        QVERIFY2(mean(20) > mean(0) + 0.2,
                 qPrintable(QString("%1 then %2").arg(mean(0)).arg(mean(20))));
    }

    void aStateGoesOnToTheSameNumbers() {
        QTemporaryDir folder;
        const auto reference = LvrCheckpoint::open(kTiny);
        const auto records = sceneRecords(folder.path().toStdString(), 5);
        GrpoOptions options{.steps = 4, .promptsPerStep = 2, .groupSize = 4, .iterations = 2};
        options.temperature = 3;
        options.learningRate = 1e-3;
        const auto weight = [](const LvrCheckpoint& c) {
            return parameter(c.model, "model.norm.weight").detach().clone();
        };
        auto whole = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
        std::optional<TrainState> half;
        const std::filesystem::path saved = folder.filePath("half").toStdString();
        std::filesystem::create_directories(saved);
        trainGrpo(whole, reference.model, records, options,
                  {.onSave =
                       [&](int step, const TrainState& state) {
                           if (step != 2) return;
                           half = state;
                           for (auto& [name, tensor] : half->tensors) tensor = tensor.clone();
                           whole.model.save(saved);
                       },
                   .saveEvery = 1});
        QVERIFY(half);
        auto resumed = LvrCheckpoint::open(kTiny, {.use = LoadOptions::Use::Training});
        {
            const torch::NoGradGuard off;
            const auto before = LvrModel::open(saved);
            for (auto [name, tensor] : resumed.model.parameters())
                tensor.copy_(parameter(before, name));
        }
        trainGrpo(resumed, reference.model, records, options, {.resume = [&] { return *half; }});
        QVERIFY(weight(resumed).equal(weight(whole)));
    }
};

QTEST_GUILESS_MAIN(GrpoTest)
#include "grpo_test.moc"
