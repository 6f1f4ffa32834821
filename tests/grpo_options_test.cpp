// What single options of GRPO do, beside the slow and obvious way to do it.

#include <ATen/CPUGeneratorImpl.h>

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/grpo/lesson.h"
#include "core/grpo/replay.h"
#include "core/grpo/rewards.h"
#include "core/grpo/rollout.h"
#include "core/torch.h"
#include "core/train/vision_features.h"
#include "core/vision/image_file.h"
#include "datasets/scenes/scenes.h"

using namespace lvr;

namespace {

const std::string kTinyModel = LVR_RESOURCES "/models/tiny";

double entry(const torch::Tensor& tensor, std::int64_t row, std::int64_t column) {
    return tensor[row][column].item<double>();
}

// Token after token, as the formula is written.
double slowLoss(const PolicyLossInputs& in, const GrpoOptions& options) {
    double sum = 0, tokens = 0;
    for (std::int64_t r = 0; r < in.policy.size(0); ++r)
        for (std::int64_t c = 0; c < in.policy.size(1); ++c) {
            if (entry(in.mask, r, c) == 0) continue;
            const double advantage = in.advantages[r].item<double>();
            const double ratio = std::exp(entry(in.policy, r, c) - entry(in.old, r, c));
            double clipped = ratio;
            if (ratio < 1 - options.epsilon) clipped = 1 - options.epsilon;
            const double high = options.epsilonHigh > 0 ? options.epsilonHigh : options.epsilon;
            if (ratio > 1 + high) clipped = 1 + high;
            sum -= std::min(ratio * advantage, clipped * advantage);
            tokens += 1;
        }
    return sum / tokens;
}

PolicyLossInputs randomInputs() {
    auto random = at::detail::createCPUGenerator(7);
    const auto old = -torch::rand({6, 9}, random) * 3;
    return {(old + 0.4 * torch::randn({6, 9}, random)).requires_grad_(true),
            old,
            {},
            torch::randn({6}, random),
            (torch::rand({6, 9}, random) > 0.3).to(torch::kFloat32)};
}

std::string refusalOf(const GrpoOptions& options) {
    try {
        rewardsOf(options);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace

class GrpoOptionsTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::vector<GrpoRecord> records_;
    LvrCheckpoint checkpoint_ =
        LvrCheckpoint::open(kTinyModel, {.use = LoadOptions::Use::Training});

    std::vector<RolloutGroup> rolledOut(const GrpoOptions& options) {
        VisionFeatures features(checkpoint_, {});
        std::vector<std::string> unreadable;
        RolloutPart part;
        for (const auto& record : records_) part.records.push_back(&record);
        return rollOut(checkpoint_, features, part, options, unreadable);
    }

private Q_SLOTS:
    void initTestCase() {
        for (const auto& sample : sceneSamples(5, 0, 2)) {
            const auto file =
                folder_.filePath(QString::number(records_.size()) + ".png").toStdString();
            writePng(sample.question.images.front(), file);
            records_.push_back(
                {sample.id, sample.kind, {file}, sample.question.text, sample.answer});
        }
    }

    // Nothing is learnt from them, whatever their weighted sum is in binary.
    void equalRewardsGiveNoAdvantage() {
        for (const float reward : {1.7f, 0.1f, 2.3f, -0.7f})
            for (const auto scale : {AdvantageScale::Std, AdvantageScale::None})
                QVERIFY(!groupAdvantages(torch::full({6}, reward), 3, scale).any().item<bool>());
    }

    void theUpperClipIsItsOwn_data() {
        QTest::addColumn<double>("low");
        QTest::addColumn<double>("high");
        QTest::newRow("as below") << 0.2 << 0.0;
        QTest::newRow("wider") << 0.2 << 0.5;
        QTest::newRow("narrower") << 0.3 << 0.05;
        QTest::newRow("beyond 1") << 0.2 << 4.0;
    }
    void theUpperClipIsItsOwn() {
        QFETCH(const double, low);
        QFETCH(const double, high);
        const GrpoOptions options{.beta = 0, .epsilon = low, .epsilonHigh = high};
        const auto in = randomInputs();
        const auto out = policyLoss(in, options, {in.mask.sum().item<double>(), 6, 9});
        QVERIFY(std::abs(out.loss.item<double>() - slowLoss(in, options)) < 1e-6);
        double above = 0, below = 0;
        for (std::int64_t r = 0; r < 6; ++r)
            for (std::int64_t c = 0; c < 9; ++c) {
                const double ratio = std::exp(entry(in.policy, r, c) - entry(in.old, r, c));
                const double advantage = in.advantages[r].item<double>() * entry(in.mask, r, c);
                above += advantage > 0 && ratio > 1 + (high > 0 ? high : low);
                below += advantage < 0 && ratio < 1 - low;
            }
        QCOMPARE(out.clippedHigh, above);
        QCOMPARE(out.clippedLow, below);
    }

    // Their rewards still count in their groups' means.
    void truncatedCompletionsTeachNothing() {
        GrpoOptions options{.groupSize = 6,
                            .beta = 0,
                            .temperature = 1.5,
                            .topK = 0,
                            .maxNewTokens = 14,
                            .rewards = {"format"}};
        auto groups = rolledOut(options);
        int cut = 0, whole = 0;
        double wholeTokens = 0, allTokens = 0, i = 0;
        for (auto& group : groups) {
            for (const auto& row : group.rows) {
                const bool isCut = row.stopped == StopReason::MaxNewTokens;
                (isCut ? cut : whole) += 1;
                for (const bool latent : row.isLatent) {
                    allTokens += !latent;
                    wholeTokens += !latent && !isCut;
                }
                group.total.push_back(static_cast<float>(i += 1));  // all groups are mixed
            }
            group.rewards.resize(group.rows.size());
        }
        QVERIFY2(cut > 0 && whole > 0, qPrintable(QString("%1 %2").arg(cut).arg(whole)));
        fillAdvantages(groups, options);
        const PolicyAndReference models{checkpoint_.model, checkpoint_.model};
        QCOMPARE(planLessons(models, groups, options, {}, {}).tokens, allTokens);
        options.maskTruncated = Switch::On;
        const auto plan = planLessons(models, groups, options, {}, {});
        QCOMPARE(plan.tokens, wholeTokens);
        QCOMPARE(plan.scale.completions, static_cast<double>(cut + whole));  // as in TRL
        options.microTokens = 1;
        QCOMPARE(planLessons(models, groups, options, {}, {}).lessons.size(),
                 plan.lessons.front().groups.size());
        for (const auto& lesson : plan.lessons) {
            std::vector<RowResult> rows;
            for (const auto* group : lesson.groups)
                rows.insert(rows.end(), group->rows.begin(), group->rows.end());
            for (std::size_t r = 0; r < rows.size(); ++r) {
                const auto& row = rows[r];
                double said = 0;
                for (const bool latent : row.isLatent) said += !latent;
                if (row.stopped == StopReason::MaxNewTokens) said = 0;
                QCOMPARE(lesson.fixed.mask[static_cast<std::int64_t>(r)].sum().item<double>(),
                         said);
                QVERIFY(lesson.fixed.advantages[static_cast<std::int64_t>(r)].item<double>() != 0);
            }
        }
    }

    // Of all ids, as TRL's: what the samplers leave out is not left out of the policy.
    void logProbabilitiesAreOfTheWholeVocabularyWhateverIsSampledFrom() {
        const GrpoOptions options{.groupSize = 4,
                                  .temperature = 1.5,
                                  .topK = 30,
                                  .topP = 0.8,
                                  .minP = 0.02,
                                  .maxNewTokens = 16};
        const torch::NoGradGuard off;
        for (const auto& group : rolledOut(options)) {
            const auto replayed = Replay({{&group.prompt, group.rows}})
                                      .by(checkpoint_.model, {.temperature = options.temperature});
            for (std::size_t r = 0; r < group.rows.size(); ++r)
                for (std::size_t c = 0; c < group.rows[r].ids.size(); ++c)
                    if (!group.rows[r].isLatent[c])
                        QVERIFY(
                            std::abs(entry(replayed.logProbabilities, static_cast<std::int64_t>(r),
                                           static_cast<std::int64_t>(c)) -
                                     group.rows[r].logProbabilities[c]) < 1e-3);
        }
    }

    void minPNarrowsWhatRolloutsSay() {
        const auto kindsOf = [&](double minP) {
            std::set<std::vector<std::int64_t>> kinds;
            for (const auto& group : rolledOut({.groupSize = 6,
                                     .temperature = 3,
                                     .topK = 0,
                                     .minP = minP,
                                     .maxNewTokens = 8}))
                for (const auto& row : group.rows) kinds.insert(row.ids);
            return kinds.size();
        };
        QVERIFY(kindsOf(0) > records_.size());
        QCOMPARE(kindsOf(1), records_.size());  // only the likeliest is left
    }

    void rewardsAreSummedByTheirWeights() {
        GrpoOptions options{.groupSize = 3,
                            .maxNewTokens = 24,
                            .rewards = {"length", "format", "accuracy"},
                            .rewardCommands = {"length=while read -r line; do [ -z \"$line\" ] || "
                                               "echo 7; done"},
                            .rewardWeights = {0.5, -1, 2}};
        auto groups = rolledOut(options);
        Rewards rewards(options);
        rewards.judge(groups, 1, 0, {});
        for (const auto& group : groups)
            for (std::size_t i = 0; i < group.rows.size(); ++i) {
                const GoldAnswer gold{group.record->answer, group.record->question};
                const double format = formatReward(group.texts[i], gold);
                const double accuracy = accuracyReward(group.texts[i], gold);
                QCOMPARE(group.rewards[i],
                         (std::map<std::string, double>{
                             {"accuracy", accuracy}, {"format", format}, {"length", 7}}));
                QCOMPARE(group.total[i], static_cast<float>(3.5 - format + 2 * accuracy));
            }
    }

    void theListOfRewardsIsOneOfNamesWithTheirWeights() {
        QCOMPARE(rewardsOf({}), (std::vector<std::string>{"accuracy", "format"}));
        QCOMPARE(rewardsOf({.rewards = {"b", "format"}, .rewardCommands = {"a=x", "b=y"}}),
                 (std::vector<std::string>{"b", "format", "a"}));
        const auto says = [](const GrpoOptions& options, const char* what) {
            const auto refusal = QString::fromStdString(refusalOf(options));
            QVERIFY2(refusal.contains(what), qPrintable(refusal));
        };
        says({.rewards = {"formt"}}, "did you mean \"format\"?");
        says({.rewards = {"format", "format"}}, "has \"format\" twice");
        says({.rewards = {}}, "names none");
        says({.rewardCommands = {"a=x", "a=y"}}, "two reward commands are called \"a\"");
        says({.rewardWeights = {1, 2, 3}}, "has 3 for 2 rewards: accuracy, format");
    }
};

QTEST_GUILESS_MAIN(GrpoOptionsTest)
#include "grpo_options_test.moc"
