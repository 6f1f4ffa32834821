#include "core/grpo/grpo.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/grpo/policy_loss.h"
#include "core/grpo/replay.h"
#include "core/grpo/reward.h"
#include "core/grpo/rollout.h"
#include "core/train/optimizer.h"

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
          features_(checkpoint),
          optimizer_(trainable(), options.weightDecay, 0.999) {
        for (const auto& name : options.rewards) findReward(name);
        if (hooks.resume) load(*hooks.resume);
    }

    void run() {
        const int resumedAt = step_;
        const auto begun = Clock::now();
        while (step_ < options_.steps) {
            auto metrics = step();
            ++step_;
            const double seconds = secondsSince(begun);
            const int done = step_ - resumedAt;
            hooks_.onReport({step_, options_.steps, rate_,
                             done * options_.promptsPerStep * options_.groupSize / seconds,
                             seconds / done * (options_.steps - step_), std::move(metrics)},
                            described_);
            saveIfDue();
        }
        for (auto [name, tensor] : model_.parameters()) tensor.requires_grad_(false);
    }

private:
    std::vector<torch::Tensor> trainable() const {
        std::vector<torch::Tensor> chosen;
        for (auto [name, tensor] : checkpoint_.model.parameters())
            if (!name.starts_with("visual.")) chosen.push_back(tensor.requires_grad_(true));
        return chosen;
    }

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
        const auto groups = rollOut(checkpoint_, features_, draw(), options_, step_);
        auto metrics = rolloutMetrics(groups, checkpoint_, options_);
        metrics["time/rollout"] = secondsSince(begun);
        described_ = describeRollouts(groups, checkpoint_.tokenizer);
        begun = Clock::now();
        rate_ =
            cosineSchedule(step_, options_.steps, options_.warmupSteps, options_.learningRate, 0.0);
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
        for (const char* name : {"loss/total", "grad_norm", "kl", "entropy", "clip_ratio/low_mean",
                                 "clip_ratio/high_mean", "clip_ratio/region_mean"})
            metrics[name] = 0;
        if (lessons.empty()) return;
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
        double loss = 0, kl = 0, entropy = 0, low = 0, high = 0, ratioError = 0;
        for (const auto& lesson : lessons) {
            auto in = lesson.fixed;
            const auto replayed = replay(model_, lesson.group->prompt, lesson.group->rows,
                                         options_.temperature, options_.latents);
            in.policy = replayed.logProbabilities;
            const auto out = policyLoss(in, options_, scale);
            out.loss.backward();
            loss += out.loss.item<double>();
            kl += out.kl;
            low += out.clippedLow;
            high += out.clippedHigh;
            entropy += (replayed.entropy * in.mask).sum().item<double>();
            const auto ratio = (in.policy.detach() - in.old).exp();
            ratioError = std::max(ratioError, ((ratio - 1).abs() * in.mask).max().item<double>());
        }
        metrics["loss/total"] = loss;
        metrics["kl"] = kl / scale.tokens;
        metrics["entropy"] = entropy / scale.tokens;
        metrics["clip_ratio/low_mean"] = low / scale.tokens;
        metrics["clip_ratio/high_mean"] = high / scale.tokens;
        metrics["clip_ratio/region_mean"] = (low + high) / scale.tokens;
        if (iteration == 0) metrics["replay/ratio_error"] = ratioError;
        metrics["grad_norm"] = optimizer_.step(rate_, 1.0);
    }

    void saveIfDue() {
        const bool stopping = hooks_.stop.stop_requested();
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
    AdamW optimizer_;
    std::vector<Rollout> described_;  // of the newest step
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
