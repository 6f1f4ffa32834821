#include "core/grpo/grpo.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/grpo/lesson.h"
#include "core/grpo/prompt_order.h"
#include "core/grpo/rewards.h"
#include "core/grpo/rollout.h"
#include "core/torch.h"
#include "core/train/gradient_sum.h"
#include "core/train/pace.h"
#include "core/train/step_guard.h"
#include "core/train/trainable.h"

namespace lvr {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double learningRateAt(int step, const GrpoOptions& options) {
    return cosineSchedule(step, options.steps, warmupSteps(options.warmup, options.steps),
                          options.learningRate, 0.0);
}

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
          gradients_(hooks.ranks, tensorsOf(trained_), optimizer_.owners()),
          guard_(options.maxNonFinite),
          order_(records, hooks.shares, options.seed) {
        if (!hooks.rewards) ownRewards_.emplace(options);
        if (hooks.resume) load(hooks.resume());
    }

    void run() {
        try {
            if (isMeasurementDue()) measure();
            while (!isOver()) {
                auto metrics = step();
                if (!metrics) continue;
                report(*std::move(metrics));
                if (isSaveDue()) save();
                if (isMeasurementDue()) measure();
            }
        } catch (const Cancelled&) {
            if (saved_ != step_) save();
            throw;
        }
        if (saved_ != step_) save();
        freeze(model_);
    }

private:
    using Metrics = std::map<std::string, double>;

    bool isOver() const { return endedEarly_ || step_ >= options_.steps; }
    bool isSaveDue() const {
        return isOver() || (hooks_.saveEvery > 0 && step_ % hooks_.saveEvery == 0);
    }
    bool isMeasurementDue() const {
        return hooks_.measureEvery > 0 && (step_ % hooks_.measureEvery == 0 || isOver());
    }
    void measure() {
        pace_.beginMeasurement();
        endedEarly_ = !hooks_.onMeasure(step_);
        const bool mayBeKnown = step_ == resumedAt_;
        if (!mayBeKnown) pace_.endMeasurement();
    }

    // Nothing when nothing could be read. Interrupted, it has not changed anything.
    std::optional<Metrics> step() {
        const auto drawn = draws_;
        pace_.beginStep();
        try {
            const auto all = Clock::now();
            auto begun = all;
            const auto groups = rollOutAndGather();
            ++draws_;
            if (!isStep(groups)) return std::nullopt;
            auto metrics = rolloutMetrics(figures_);
            for (const auto& rollout : figures_.rollouts)
                metrics["tokens/step"] += static_cast<double>(rollout.tokens.size());
            metrics["time/rollout"] = secondsSince(begun);
            begun = Clock::now();
            rate_ = learningRateAt(step_, options_);
            learn(groups, metrics);
            metrics["time/update"] = secondsSince(begun);
            ++step_;
            metrics["epoch"] = static_cast<double>(draws_ * options_.promptsPerStep) /
                               static_cast<double>(records_.size());
            addAlert(stepPace_.alertOf(secondsSince(all), longestOf(groups)));
            pace_.endStep(options_.promptsPerStep * options_.groupSize);
            return metrics;
        } catch (const Cancelled&) {
            draws_ = drawn;
            throw;
        }
    }

    // This rank's groups; figures of all.
    std::vector<RolloutGroup> rollOutAndGather() {
        const auto drawn = order_.drawn(draws_ * options_.promptsPerStep, options_.promptsPerStep);
        const auto share = [&](int rank) {
            return static_cast<std::ptrdiff_t>(drawn.size()) * rank / hooks_.ranks.count();
        };
        const auto from = share(hooks_.ranks.rank()), to = share(hooks_.ranks.rank() + 1);
        const int first = static_cast<int>(from);
        std::vector<RolloutGroup> groups;
        RolloutFigures mine;
        hooks_.ranks.eachDoes([&] {
            unreadable_.clear();
            groups = rollOut(checkpoint_, features_,
                             {.records = {drawn.begin() + from, drawn.begin() + to},
                              .step = static_cast<int>(draws_),
                              .first = first,
                              .stop = hooks_.stop},
                             options_, unreadable_);
        });
        judge(groups, first);
        hooks_.ranks.eachDoes([&] {
            fillAdvantages(groups, options_);
            mine = describe(groups, checkpoint_, options_, first);
        });
        figures_ = gather(hooks_.ranks, mine);
        return groups;
    }

    // A reward command that fails on one rank ends the training on all: nothing has changed yet, so
    // they save before.
    void judge(std::vector<RolloutGroup>& groups, int firstGroup) {
        std::string failure;
        hooks_.ranks.eachDoes([&] {
            try {
                rewards().judge(groups, step_ + 1, firstGroup, hooks_.stop);
            } catch (const RewardFailed& failed) {
                failure = failed.what();
            }
        });
        for (const auto& why : hooks_.ranks.gather(failure)) {
            if (why.empty()) continue;
            if (saved_ != step_) save();
            throw RewardFailed(why);
        }
    }
    Rewards& rewards() { return hooks_.rewards ? *hooks_.rewards : *ownRewards_; }

    bool isStep(const std::vector<RolloutGroup>& groups) {
        for (const auto& why : unreadable_) guard_.leaveOut(why);
        return guard_.isStep(hooks_.ranks, static_cast<int>(unreadable_.size()),
                             static_cast<int>(groups.size()));
    }

    void learn(const std::vector<RolloutGroup>& groups, Metrics& metrics) {
        for (const char* name : {"loss/total", "grad_norm", "kl", "entropy", "clip_ratio/low_mean",
                                 "clip_ratio/high_mean", "clip_ratio/region_mean"})
            metrics[name] = 0;
        const auto plan =
            planLessons({model_, reference_}, groups, options_, hooks_.ranks, hooks_.stop);
        if (plan.tokens == 0) return;
        bool finite = true;
        for (int i = 0; i < options_.iterations && finite; ++i) finite = update(plan, i, metrics);
        addAlert(guard_.afterPushing(finite, [&] {
            const auto records = recordsOf(groups);
            return namesOf(records) +
                   (hooks_.onNotFinite ? hooks_.onNotFinite(step_ + 1, records) : "");
        }));
    }

    // Prompt, over all ranks.
    StepPace::Longest longestOf(const std::vector<RolloutGroup>& groups) const {
        StepPace::Longest longest;
        for (const auto& group : groups)
            if (const auto positions = static_cast<int>(group.prompt.ids.size());
                positions > longest.positions)
                longest = {group.record->name, positions};
        return longestOverRanks(hooks_.ranks, longest);
    }

    std::vector<int> recordsOf(const std::vector<RolloutGroup>& groups) const {
        std::vector<int> records;
        for (const auto& group : groups)
            records.push_back(static_cast<int>(group.record - records_.data()));
        return records;
    }

    std::string namesOf(const std::vector<int>& records) const {
        std::vector<std::string> names;
        for (const int record : records) names.push_back(records_[record].name);
        return listed(names);
    }

    // One step of the optimizer; metrics are of the newest one. False: without a finite gradient,
    // which changes nothing. The first may be interrupted; after that there is no way back.
    bool update(const LessonPlan& plan, int iteration, Metrics& metrics) {
        optimizer_.zeroGrad();
        model_.seedDropout(dropoutSeed(options_.seed, step_ * options_.iterations + iteration,
                                       hooks_.ranks.rank()));
        enum { Loss, Kl, Entropy, Low, High, Stops, Errors };
        auto sums = torch::zeros({Errors + hooks_.ranks.count()}, torch::kFloat64);
        auto* sum = sums.data_ptr<double>();
        double& ratioError = sum[Errors + hooks_.ranks.rank()];
        for (std::size_t i = 0; i < plan.lessons.size(); ++i) {
            if (iteration == 0 && hooks_.stop.stop_requested()) {
                sum[Stops] = 1;
                break;
            }
            const auto& lesson = plan.lessons[i];
            auto in = lesson.fixed;
            const auto replayed = lesson.replay.by(model_, {.temperature = options_.temperature,
                                                            .latents = options_.latents,
                                                            .entropy = TokenEntropy::Computed});
            in.policy = replayed.logProbabilities;
            const auto out = policyLoss(in, options_, plan.scale);
            if (i + 1 == plan.lessons.size()) gradients_.expectLast();
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
        if (sum[Stops] > 0) throw Cancelled();
        metrics["loss/total"] = sum[Loss];
        metrics["kl"] = sum[Kl] / plan.tokens;
        metrics["entropy"] = sum[Entropy] / plan.tokens;
        metrics["clip_ratio/low_mean"] = sum[Low] / plan.tokens;
        metrics["clip_ratio/high_mean"] = sum[High] / plan.tokens;
        metrics["clip_ratio/region_mean"] = (sum[Low] + sum[High]) / plan.tokens;
        if (iteration == 0)
            metrics["replay/ratio_error"] = *std::max_element(sum + Errors, sum + sums.numel());
        return std::isfinite(metrics["grad_norm"] = optimizer_.step(rate_, 1.0));
    }

    void addAlert(const std::string& what) {
        if (!what.empty()) alert_ += (alert_.empty() ? "" : "; ") + what;
    }

    void report(Metrics metrics) {
        addAlert(guard_.news());
        addAlert(features_.trouble());
        if (guard_.questionsLeftOut() > 0) metrics["skipped/questions"] = guard_.questionsLeftOut();
        if (guard_.stepsNotFinite() > 0) metrics["skipped/steps"] = guard_.stepsNotFinite();
        const TrainReport report{step_,
                                 options_.steps,
                                 rate_,
                                 pace_.samplesPerSecond(),
                                 pace_.secondsLeft(step_, options_.steps),
                                 std::move(metrics),
                                 std::exchange(alert_, {})};
        hooks_.ranks.firstDoes([&] { hooks_.onReport(report, figures_.rollouts); });
    }

    void save() {
        saved_ = step_;
        if (hooks_.onSave) hooks_.onSave(step_, state());
    }

    TrainState state() const {
        TrainState state;
        state.tensors["progress"] = torch::tensor(std::vector<std::int64_t>{step_}, torch::kInt64);
        state.tensors["draws"] = torch::tensor(std::vector<std::int64_t>{draws_}, torch::kInt64);
        state.text["records"] = std::to_string(records_.size());
        optimizer_.save(state);
        guard_.save(state);
        return state;
    }

    void load(const TrainState& from) {
        if (from.textOf("records") != std::to_string(records_.size()))
            throw Error(
                "the training to resume saw other data than this; give it the data it began "
                "with, or start anew");
        step_ = saved_ = resumedAt_ =
            static_cast<int>(from.tensor("progress")[0].item<std::int64_t>());
        draws_ = from.tensor("draws")[0].item<std::int64_t>();
        optimizer_.load(from);
        guard_.load(from);
        from.checkAllWasAskedFor();
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
    StepGuard guard_;
    std::optional<Rewards> ownRewards_;
    RolloutFigures figures_;               // of the newest step
    std::vector<std::string> unreadable_;  // on this rank, in the newest step
    std::string alert_;                    // to be said with the next report
    PromptOrder order_;
    StepPace stepPace_;
    std::int64_t draws_ = 0;  // steps and what was to be some
    double rate_ = 0;
    int step_ = 0, resumedAt_ = -1, saved_ = -1;
    bool endedEarly_ = false;
    Pace pace_{hooks_.measureEvery, hooks_.measureSamples};
};

}  // namespace

int stepsOfEpochs(double epochs, std::size_t records, const GrpoOptions& options) {
    const double steps = epochs * static_cast<double>(records) / options.promptsPerStep;
    return std::max(1, static_cast<int>(std::ceil(steps - 1e-9)));
}

void trainGrpo(LvrCheckpoint& checkpoint, const LvrModel& reference,
               const std::vector<GrpoRecord>& records, const GrpoOptions& options,
               const GrpoHooks& hooks) {
    TORCH_CHECK(!records.empty(), "no records");
    // The replay's single pass lets every position attend to all before it.
    if (checkpoint.provenance && checkpoint.provenance->latentAttention == "thought")
        throw Error(checkpoint.name +
                    " is a masked twin, whose answers don't attend to its latents; GRPO can't "
                    "replay that, train one made with --twin lvr");
    GrpoTraining(checkpoint, reference, records, options, hooks).run();
}

std::string lengthen(GrpoOptions& options, int steps, int done) {
    options.warmup = warmupSteps(options.warmup, options.steps);
    options.steps = steps;
    return replannedRate(learningRateAt(done, options), steps, done);
}

}  // namespace lvr
