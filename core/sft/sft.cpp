#include "core/sft/sft.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/error.h"
#include "core/sft/curriculum.h"
#include "core/sft/sampler.h"
#include "core/sft/schedule.h"
#include "core/torch.h"
#include "core/train/step_guard.h"
#include "core/train/trainable.h"

namespace lvr {
namespace {

// Whose names a message holds.
std::string namesOf(const std::vector<int>& records, const TrainingSet& set) {
    constexpr std::size_t kNamed = 8;
    std::string names;
    for (std::size_t i = 0; i < std::min(records.size(), kNamed); ++i)
        names += (names.empty() ? "" : "; ") + set.records[records[i]].name;
    return names + (records.size() > kNamed ? "; ..." : "");
}

bool visionIsFrozen(const SftOptions& options) {
    return options.mergerRate == 0 && options.visionRate == 0;
}

// Pictures with their questions that are in memory together.
using Part = std::vector<SftPicture>;

class SftTraining {
public:
    SftTraining(LvrCheckpoint& checkpoint, const TrainingSet& set, const SftOptions& options,
                const SftHooks& hooks)
        : model_(checkpoint.model),
          checkpoint_(checkpoint),
          set_(set),
          options_(options),
          hooks_(hooks),
          features_(checkpoint,
                    visionIsFrozen(options) ? hooks.featureCache : std::filesystem::path()),
          sampler_(set, options),
          curriculum_(set.kinds, options),
          guard_(options.maxNonFinite, static_cast<int>(set.pictures.size()) + 1),
          trained_(trainable(checkpoint.model, {1, options.mergerRate, options.visionRate},
                             options.decayOf)),
          optimizer_(trained_, options.weightDecay, options.beta2, hooks.ranks,
                     bitsOf(options.adamStates)),
          gradients_(hooks.ranks, tensorsOf(trained_)) {}

    SftResult run() {
        if (hooks_.resume) load(*hooks_.resume);
        resumedAt_ = held_ + cooled_;
        while (cooled_ == 0 && held_ < options_.steps && !curriculum_.reachedGoal()) {
            step(options_.steps);
            ++held_;
            saveIfDue();
        }
        while (cooled_ < coolDownOf(options_)) {
            step(held_);
            ++cooled_;
            saveIfDue();
        }
        freeze(model_);
        return {curriculum_.accuracy(), curriculum_.reachedGoal(), guard_.questionsLeftOut(),
                guard_.stepsNotFinite()};
    }

private:
    // held: steps before the learning rate falls, as far as is known.
    void step(int held) {
        StepTally tally(set_.kinds.size());
        const auto parts = read(tally);
        learn(parts, tally);
        tally.add(StepTally::Stopping, hooks_.stop.stop_requested());
        tally.sumOver(hooks_.ranks);
        stopping_ = tally.sum(StepTally::Stopping) > 0;
        const double now = learningRateAt(held_ + cooled_, held, options_);
        const double norm = optimizer_.step(now, options_.maxGradNorm);
        const bool finite = std::isfinite(norm);
        if (finite) curriculum_.remember(tally);
        report(tally, norm, now, held, alert(tally, finite, parts));
    }

    // The step's questions as far as this rank answers for them.
    std::vector<Part> read(StepTally& tally) {
        const auto drawn = sampler_.next(curriculum_.focus());
        prefetch(drawn.size());
        Part pictures;
        for (std::size_t i = hooks_.ranks.rank(); i < drawn.size(); i += hooks_.ranks.count()) {
            auto picture = read(drawn[i], tally);
            if (!picture.rows.empty()) pictures.push_back(std::move(picture));
        }
        return split(std::move(pictures), options_.microTokens);
    }

    // What this rank will look at in the next steps, as far as that is known and if they are of as
    // many pictures.
    void prefetch(std::size_t picturesInStep) {
        if (!visionIsFrozen(options_)) return;
        constexpr int kStepsAhead = 2;
        const auto pictures = sampler_.upcoming(kStepsAhead * picturesInStep);
        for (std::size_t i = 0; i < pictures.size(); ++i) {
            const auto inStep = static_cast<int>(i % picturesInStep);
            if (inStep % hooks_.ranks.count() != hooks_.ranks.rank()) continue;
            features_.prefetch(set_.records[set_.pictures[pictures[i]].front()].images);
        }
    }

    SftPicture read(const DrawnPicture& drawn, StepTally& tally) {
        SftPicture picture;
        try {
            const auto& images = set_.records[drawn.questions.front().record].images;
            picture.images = visionIsFrozen(options_) ? features_.of(images)
                                                      : visualTokensOf(checkpoint_, images);
        } catch (const Error& e) {
            guard_.leaveOut(e.what());
            tally.add(StepTally::LeftOut, static_cast<double>(drawn.questions.size()));
            return {};
        }
        for (const auto& question : drawn.questions) {
            try {
                picture.rows.push_back(planRow(checkpoint_, set_, question.record,
                                               picture.images.grids, options_, question.seed));
            } catch (const Error& e) {
                guard_.leaveOut(e.what());
                tally.add(StepTally::LeftOut, 1);
            }
        }
        return picture;
    }

    // 1. Read each picture once. 2. Answer with the targets as latents. 3. Perhaps answer again
    // with what the first pass put out as latents. 4. Push.
    void learn(const std::vector<Part>& parts, StepTally& tally) {
        optimizer_.zeroGrad();
        own_ = curriculum_.triesOwnLatents(sampler_.uniform());
        const auto totals = countTotals(parts);
        const auto weights = curriculum_.answerWeights();
        const auto ownWeights = curriculum_.ownAnswerWeights();
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const auto batch = layOut(checkpoint_, parts[i]);
            KvCache prefix;
            model_.hidden(batch.prefixEmbeddings, batch.prefixPositions, {.cache = &prefix});
            const bool feeds = options_.twin == Twin::Lvr && batch.slotRow.numel() > 0;
            const auto latents = feeds ? batch.slotTarget : torch::Tensor();
            const auto first =
                sftPass(checkpoint_, batch, prefix, {latents, {}}, weights, options_, totals);
            tally.countPass(batch, first, StepTally::Hits, StepTally::Slots);
            auto loss = first.loss;
            tally.add(StepTally::Latent, first.latent);
            auto shown = first;
            if (own_ && feeds) {
                const auto second =
                    sftPass(checkpoint_, batch, prefix, {first.outputs, first.latentEnds},
                            ownWeights, options_, totals);
                tally.countPass(batch, second, StepTally::OwnHits, StepTally::OwnSlots);
                loss = 0.5 * (first.loss + second.loss);
                tally.add(StepTally::OwnLatent, second.latent);
                shown = second;
            }
            tally.add(StepTally::Total, loss.item<double>());
            tally.addLosses(batch, shown);
            for (const auto& picture : parts[i])
                for (const auto& row : picture.rows)
                    tally.add(StepTally::Tokens, static_cast<double>(row.ids.size()));
            if (i + 1 == parts.size()) gradients_.expectLast();
            loss.backward();
        }
        gradients_.finish();
    }

    SftTotals countTotals(const std::vector<Part>& parts) const {
        SftTotals totals;
        for (const auto& part : parts)
            for (const auto& picture : part)
                for (const auto& row : picture.rows) totals.add(row);
        totals.sumOver(hooks_.ranks);
        return totals;
    }

    // What a person should know of this step. Throws Error when there is no use in going on.
    std::string alert(const StepTally& tally, bool finite, const std::vector<Part>& parts) {
        const auto read = guard_.afterReading(static_cast<int>(tally.sum(StepTally::LeftOut)),
                                              tally.sum(StepTally::Labels) > 0);
        const auto pushed = guard_.afterPushing(finite, [&] {
            std::vector<int> records;
            for (const auto& part : parts)
                for (const auto& picture : part)
                    for (const auto& row : picture.rows) records.push_back(row.record);
            return namesOf(records, set_) +
                   (hooks_.onNotFinite ? hooks_.onNotFinite(held_ + cooled_ + 1, records) : "");
        });
        return read + (read.empty() || pushed.empty() ? "" : "; ") + pushed;
    }

    void report(const StepTally& tally, double norm, double rate, int held, std::string alert) {
        samples_ += tally.count(StepTally::Rows).sum().item<double>() / (own_ ? 2 : 1);
        auto metrics = tally.losses(own_, options_);
        metrics["grad_norm"] = norm;
        if (guard_.questionsLeftOut() > 0) metrics["skipped/questions"] = guard_.questionsLeftOut();
        if (guard_.stepsNotFinite() > 0) metrics["skipped/steps"] = guard_.stepsNotFinite();
        metrics.merge(curriculum_.metrics());
        const int step = held_ + cooled_, total = held + coolDownOf(options_);
        const bool due =
            hooks_.measureEvery > 0 && ((step + 1) % hooks_.measureEvery == 0 || step + 1 == total);
        if (due && hooks_.ranks.first()) metrics.merge(hooks_.onMeasure(step + 1));
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
        if (hooks_.ranks.first())
            hooks_.onReport({step + 1, total, rate, samples_ / seconds,
                             seconds / (step + 1 - resumedAt_) * (total - step - 1), metrics,
                             std::move(alert)});
    }

    void saveIfDue() {
        const int done = held_ + cooled_;
        const bool due = hooks_.saveEvery > 0 && done % hooks_.saveEvery == 0;
        const bool alone = hooks_.ranks.count() == 1;
        const bool stopping = alone ? hooks_.stop.stop_requested() : stopping_;
        if (hooks_.onSave && (due || stopping)) hooks_.onSave(done, state());
        if (stopping) throw Cancelled();
    }

    TrainState state() const {
        TrainState state;
        state.tensors["progress"] =
            torch::tensor(std::vector<std::int64_t>{held_, cooled_}, torch::kInt64);
        state.text["records"] = description();
        sampler_.save(state);
        optimizer_.save(state);
        curriculum_.save(state);
        return state;
    }

    void load(const TrainState& from) {
        if (from.textOf("records") != description())
            throw Error(
                "the training to resume saw other data than this; give it the data it began "
                "with, or start anew");
        held_ = static_cast<int>(from.tensor("progress")[0].item<std::int64_t>());
        cooled_ = static_cast<int>(from.tensor("progress")[1].item<std::int64_t>());
        sampler_.load(from);
        optimizer_.load(from);
        curriculum_.load(from);
    }

    // What a state belongs to.
    std::string description() const {
        std::string text = std::to_string(set_.records.size());
        for (const auto& kind : set_.kinds) text += "\n" + kind;
        return text;
    }

    LvrModel& model_;
    const LvrCheckpoint& checkpoint_;
    const TrainingSet& set_;
    const SftOptions& options_;
    const SftHooks& hooks_;
    VisionFeatures features_;
    SftSampler sampler_;
    Curriculum curriculum_;
    StepGuard guard_;
    std::vector<Trained> trained_;
    AdamW optimizer_;
    GradientSum gradients_;
    int held_ = 0, cooled_ = 0;  // steps done at the full rate, and while it falls
    int resumedAt_ = 0;
    bool own_ = false, stopping_ = false;  // of the step that is done
    double samples_ = 0;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace

SftResult trainSft(LvrCheckpoint& checkpoint, const TrainingSet& set, const SftOptions& options,
                   const SftHooks& hooks) {
    if (set.records.empty()) throw Error("the data has no record; check it with lvr data check");
    const auto limited = withinLimit(options);
    return SftTraining(checkpoint, set, limited, hooks).run();
}

}  // namespace lvr
