#include "core/grpo/grpo.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <set>

#include "core/error.h"
#include "core/grpo/policy_loss.h"
#include "core/grpo/replay.h"
#include "core/grpo/reward.h"
#include "core/grpo/rollout.h"
#include "core/torch.h"
#include "core/train/trainable.h"

namespace lvr {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// [G, C] of what the rows hold, padded with 0.
torch::Tensor oldLogProbabilities(const std::vector<RowResult>& rows) {
    std::size_t longest = 0;
    for (const auto& row : rows) longest = std::max(longest, row.ids.size());
    auto old = torch::zeros({std::ssize(rows), static_cast<std::int64_t>(longest)});
    for (std::size_t r = 0; r < rows.size(); ++r)
        old[static_cast<std::int64_t>(r)]
            .narrow(0, 0, std::ssize(rows[r].ids))
            .copy_(torch::tensor(rows[r].logProbabilities));
    return old;
}

// What does not change while a group's rollouts are learnt from.
struct Lesson {
    const RolloutGroup* group = nullptr;
    PolicyLossInputs fixed;  // all but the policy's own log-probabilities
};

class GrpoTraining {
public:
    GrpoTraining(LvrCheckpoint& checkpoint, const LvrModel& reference,
                 const std::vector<GrpoRecord>& records, const GrpoOptions& options,
                 const GrpoHooks& hooks)
        : checkpoint_(checkpoint),
          model_(checkpoint.model),
          reference_(reference),
          records_(records),
          options_(options),
          hooks_(hooks),
          features_(checkpoint, hooks.featureCache),
          trained_(trainable(checkpoint.model, {}, options.decayOf)),
          optimizer_(trained_, options.weightDecay, options.beta2, hooks.ranks,
                     bitsOf(options.adamStates)),
          gradients_(hooks.ranks, tensorsOf(trained_)) {
        for (const auto& name : options.rewards) findReward(name);
        if (hooks.resume) load(*hooks.resume);
    }

    void run() {
        const int resumedAt = step_;
        const auto begun = Clock::now();
        while (step_ < options_.steps) {
            auto metrics = step();
            const auto alert = unreadable();
            ++step_;
            const bool due = hooks_.measureEvery > 0 &&
                             (step_ % hooks_.measureEvery == 0 || step_ == options_.steps);
            if (due && hooks_.ranks.first()) metrics.merge(hooks_.onMeasure(step_));
            const double seconds = secondsSince(begun);
            const int done = step_ - resumedAt;
            if (hooks_.ranks.first())
                hooks_.onReport(
                    {step_, options_.steps, rate_,
                     done * options_.promptsPerStep * options_.groupSize / seconds,
                     seconds / done * (options_.steps - step_), std::move(metrics), alert},
                    figures_.rollouts);
            saveIfDue();
        }
        freeze(model_);
    }

private:
    // Records in random order, each once before any again; which ones depends on the step alone.
    std::vector<const GrpoRecord*> draw() {
        std::vector<const GrpoRecord*> drawn;
        const auto all = std::ssize(records_);
        for (int i = 0; i < options_.promptsPerStep; ++i) {
            const auto at = static_cast<std::int64_t>(step_) * options_.promptsPerStep + i;
            if (order_.empty() || epoch_ != at / all) shuffle(at / all);
            drawn.push_back(&records_[order_[at % all]]);
        }
        return drawn;
    }
    void shuffle(std::int64_t epoch) {
        epoch_ = epoch;
        auto random = at::detail::createCPUGenerator(options_.seed * 7919 + epoch);
        const auto order = torch::randperm(std::ssize(records_), random, torch::kInt64);
        order_.assign(order.data_ptr<std::int64_t>(),
                      order.data_ptr<std::int64_t>() + order.numel());
    }

    std::map<std::string, double> step() {
        auto begun = Clock::now();
        const auto drawn = draw();
        const auto share = [&](int rank) {
            return static_cast<std::ptrdiff_t>(drawn.size()) * rank / hooks_.ranks.count();
        };
        const auto from = share(hooks_.ranks.rank()), to = share(hooks_.ranks.rank() + 1);
        std::vector<std::string> unreadable;
        const auto groups =
            rollOut(checkpoint_, features_, {drawn.begin() + from, drawn.begin() + to}, options_,
                    step_, static_cast<int>(from), unreadable);
        auto mine = describe(groups, checkpoint_, options_, static_cast<int>(from));
        mine.unreadable = std::move(unreadable);
        figures_ = gather(hooks_.ranks, mine);
        if (figures_.rollouts.empty())
            throw Error("no question of step " + std::to_string(step_ + 1) +
                        " can be read: " + figures_.unreadable.front());
        auto metrics = rolloutMetrics(figures_);
        for (const auto& rollout : figures_.rollouts)
            metrics["tokens/step"] += static_cast<double>(rollout.tokens.size());
        metrics["time/rollout"] = secondsSince(begun);
        begun = Clock::now();
        rate_ = cosineSchedule(step_, options_.steps, warmupSteps(options_.warmup, options_.steps),
                               options_.learningRate, 0.0);
        learn(groups, metrics);
        metrics["time/update"] = secondsSince(begun);
        return metrics;
    }

    // Groups whose rewards are all alike have nothing to tell.
    void learn(const std::vector<RolloutGroup>& groups, std::map<std::string, double>& metrics) {
        std::vector<Lesson> lessons;
        LossScale scale{.longest = static_cast<double>(options_.maxNewTokens)};
        for (const auto& group : groups) {
            if (!group.mixed()) continue;
            lessons.push_back(prepare(group));
            scale.tokens += lessons.back().fixed.mask.sum().item<double>();
            scale.completions += static_cast<double>(group.rows.size());
        }
        auto sizes = torch::tensor({scale.tokens, scale.completions}, torch::kFloat64);
        hooks_.ranks.sum(sizes);
        scale.tokens = sizes[0].item<double>();
        scale.completions = sizes[1].item<double>();
        for (const char* name : {"loss/total", "grad_norm", "kl", "entropy", "clip_ratio/low_mean",
                                 "clip_ratio/high_mean", "clip_ratio/region_mean"})
            metrics[name] = 0;
        if (scale.tokens == 0) return;
        for (int i = 0; i < options_.iterations; ++i) update(lessons, scale, i, metrics);
    }

    Lesson prepare(const RolloutGroup& group) const {
        Lesson lesson{&group, {}};
        const auto device = model_.device();
        lesson.fixed.old = oldLogProbabilities(group.rows).to(device);
        lesson.fixed.mask = textMask(group.rows).to(device);
        lesson.fixed.advantages = torch::tensor(group.advantages).to(device);
        if (options_.beta > 0) {
            const torch::NoGradGuard frozen;
            lesson.fixed.reference =
                replay(reference_, group.prompt, group.rows, options_.temperature).logProbabilities;
        }
        return lesson;
    }

    // One step of the optimizer; metrics are of the newest one.
    void update(const std::vector<Lesson>& lessons, const LossScale& scale, int iteration,
                std::map<std::string, double>& metrics) {
        optimizer_.zeroGrad();
        enum { Loss, Kl, Entropy, Low, High, Errors };
        auto sums = torch::zeros({Errors + hooks_.ranks.count()}, torch::kFloat64);
        auto* sum = sums.data_ptr<double>();
        double& ratioError = sum[Errors + hooks_.ranks.rank()];
        for (std::size_t i = 0; i < lessons.size(); ++i) {
            auto in = lessons[i].fixed;
            const auto replayed = replay(model_, lessons[i].group->prompt, lessons[i].group->rows,
                                         options_.temperature, options_.latents);
            in.policy = replayed.logProbabilities;
            const auto out = policyLoss(in, options_, scale);
            if (i + 1 == lessons.size()) gradients_.expectLast();
            out.loss.backward();
            sum[Loss] += out.loss.item<double>();
            sum[Kl] += out.kl;
            sum[Low] += out.clippedLow;
            sum[High] += out.clippedHigh;
            sum[Entropy] += (replayed.entropy * in.mask).sum().item<double>();
            const auto ratio = (in.policy.detach() - in.old).exp();
            ratioError = std::max(ratioError, ((ratio - 1).abs() * in.mask).max().item<double>());
        }
        gradients_.finish();
        hooks_.ranks.sum(sums);
        metrics["loss/total"] = sum[Loss];
        metrics["kl"] = sum[Kl] / scale.tokens;
        metrics["entropy"] = sum[Entropy] / scale.tokens;
        metrics["clip_ratio/low_mean"] = sum[Low] / scale.tokens;
        metrics["clip_ratio/high_mean"] = sum[High] / scale.tokens;
        metrics["clip_ratio/region_mean"] = (sum[Low] + sum[High]) / scale.tokens;
        if (iteration == 0)
            metrics["replay/ratio_error"] = *std::max_element(sum + Errors, sum + sums.numel());
        metrics["grad_norm"] = optimizer_.step(rate_, 1.0);
    }

    // What could not be read for the first time.
    std::string unreadable() {
        std::string said;
        for (const auto& why : figures_.unreadable)
            if (skippedFor_.insert(why).second) said += (said.empty() ? "left out: " : "; ") + why;
        return said;
    }

    void saveIfDue() {
        auto stops = torch::tensor({hooks_.stop.stop_requested() ? 1.0 : 0.0});
        hooks_.ranks.sum(stops);
        const bool stopping = stops.item<double>() > 0;
        const bool due = hooks_.saveEvery > 0 && step_ % hooks_.saveEvery == 0;
        if (hooks_.onSave && (due || stopping)) hooks_.onSave(step_, state());
        if (stopping) throw Cancelled();
    }

    TrainState state() const {
        TrainState state;
        state.tensors["progress"] = torch::tensor(std::vector<std::int64_t>{step_}, torch::kInt64);
        state.text["records"] = std::to_string(records_.size());
        optimizer_.save(state);
        return state;
    }

    void load(const TrainState& from) {
        if (from.textOf("records") != std::to_string(records_.size()))
            throw Error(
                "the training to resume saw other data than this; give it the data it began "
                "with, or start anew");
        step_ = static_cast<int>(from.tensor("progress")[0].item<std::int64_t>());
        optimizer_.load(from);
    }

    LvrCheckpoint& checkpoint_;
    const LvrModel& model_;
    const LvrModel& reference_;
    const std::vector<GrpoRecord>& records_;
    const GrpoOptions& options_;
    const GrpoHooks& hooks_;
    VisionFeatures features_;
    std::vector<Trained> trained_;
    AdamW optimizer_;
    GradientSum gradients_;
    RolloutFigures figures_;  // of the newest step
    std::set<std::string> skippedFor_;
    std::vector<std::int64_t> order_;
    std::int64_t epoch_ = -1;
    double rate_ = 0;
    int step_ = 0;
};

}  // namespace

void trainGrpo(LvrCheckpoint& checkpoint, const LvrModel& reference,
               const std::vector<GrpoRecord>& records, const GrpoOptions& options,
               const GrpoHooks& hooks) {
    TORCH_CHECK(!records.empty(), "no records");
    GrpoTraining(checkpoint, reference, records, options, hooks).run();
}

}  // namespace lvr
