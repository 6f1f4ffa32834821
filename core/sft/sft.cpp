#include "core/sft/sft.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/sft/curriculum.h"
#include "core/sft/sampler.h"
#include "core/sft/schedule.h"
#include "core/torch.h"
#include "core/train/gradient_sum.h"
#include "core/train/pace.h"
#include "core/train/step_guard.h"
#include "core/train/trainable.h"

namespace lvr {
namespace {

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
          guard_(options.maxNonFinite),
          trained_(trainable(checkpoint.model, {1, options.mergerRate, options.visionRate},
                             options.decayOf)),
          optimizer_(trained_, options.weightDecay, options.beta2, hooks.ranks,
                     bitsOf(options.adamStates)),
          gradients_(hooks.ranks, tensorsOf(trained_), optimizer_.owners()) {}

    SftResult run() {
        if (hooks_.resume) load(hooks_.resume());
        try {
            if (isMeasurementDue()) measure();
            while (!isOver()) {
                if (!step()) continue;
                if (isSaveDue()) save();
                if (isMeasurementDue()) measure();
            }
        } catch (const Cancelled&) {
            if (saved_ != done()) save();
            throw;
        }
        if (saved_ != done()) save();
        freeze(model_);
        return {curriculum_.accuracy(), curriculum_.reachedGoal(), guard_.questionsLeftOut(),
                guard_.stepsNotFinite()};
    }

private:
    int done() const { return held_ + cooled_; }
    int mostHeld() const { return options_.steps - coolDownOf(options_); }
    // The learning rate has not begun to fall.
    bool isHolding() const {
        return cooled_ == 0 && held_ < mostHeld() && !curriculum_.reachedGoal();
    }
    // Steps before it falls and in all, as far as is known.
    int held() const { return isHolding() ? mostHeld() : held_; }
    int total() const { return held() + coolDownOf(options_); }
    bool isOver() const { return endedEarly_ || done() >= total(); }
    bool isSaveDue() const {
        return isOver() || (hooks_.saveEvery > 0 && done() % hooks_.saveEvery == 0);
    }
    bool isMeasurementDue() const {
        return hooks_.measureEvery > 0 && (done() % hooks_.measureEvery == 0 || isOver());
    }
    void measure() {
        pace_.beginMeasurement();
        endedEarly_ = !hooks_.onMeasure(done());
        const bool mayBeKnown = done() == resumedAt_;
        if (!mayBeKnown) pace_.endMeasurement();
    }

    // False when nothing could be read: that is no step.
    bool step() {
        const auto begun = std::chrono::steady_clock::now();
        TrainState before;
        sampler_.save(before);
        StepTally tally(set_.kinds.size());
        std::vector<Part> parts;
        pace_.beginStep();
        try {
            if (!read(parts)) return false;
            learn(parts, tally);
        } catch (const Cancelled&) {  // nothing but the sampler has moved
            sampler_.load(before);
            throw;
        }
        const double now = learningRateAt(done(), held(), options_);
        const double norm = optimizer_.step(now, options_.maxGradNorm);
        ++(isHolding() ? held_ : cooled_);
        const bool finite = std::isfinite(norm);
        pace_.endStep(tally.count(StepTally::Rows).sum().item<double>() / (own_ ? 2 : 1));
        if (finite) curriculum_.remember(tally);
        auto alert = alertOf(finite, parts);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        if (const auto slow = stepPace_.alertOf(took.count(), longestOf(parts)); !slow.empty())
            alert += (alert.empty() ? "" : "; ") + slow;
        report(tally, norm, now, alert);
        return true;
    }

    // The step's questions as far as this rank answers for them. False when no rank could read any.
    bool read(std::vector<Part>& parts) {
        int leftOut = 0, rows = 0;
        hooks_.ranks.eachDoes([&] {
            const auto drawn = sampler_.next(curriculum_.focus());
            prefetch(drawn);
            Part pictures;
            for (std::size_t i = hooks_.ranks.rank(); i < drawn.size(); i += hooks_.ranks.count()) {
                if (hooks_.stop.stop_requested()) throw Cancelled();
                auto picture = read(drawn[i], leftOut);
                rows += static_cast<int>(picture.rows.size());
                if (!picture.rows.empty()) pictures.push_back(std::move(picture));
            }
            parts = split(std::move(pictures), options_.microTokens);
        });
        return guard_.isStep(hooks_.ranks, leftOut, rows);
    }

    // What this rank will look at in this step and the next ones: a copy of the sampler draws the
    // same pictures, though perhaps not the same questions.
    void prefetch(const std::vector<DrawnPicture>& drawn) {
        if (!visionIsFrozen(options_)) return;
        constexpr int kStepsAhead = 2;
        std::vector<std::filesystem::path> files;
        addFilesOf(drawn, files);
        auto ahead = sampler_;
        for (int i = 0; i < kStepsAhead; ++i) {
            ahead.uniform();  // as learn() does
            addFilesOf(ahead.next(curriculum_.focus()), files);
        }
        features_.prefetch(files);
    }

    void addFilesOf(const std::vector<DrawnPicture>& drawn,
                    std::vector<std::filesystem::path>& files) const {
        for (std::size_t i = hooks_.ranks.rank(); i < drawn.size(); i += hooks_.ranks.count()) {
            const auto& images = set_.records[drawn[i].questions.front().record].images;
            files.insert(files.end(), images.begin(), images.end());
        }
    }

    SftPicture read(const DrawnPicture& drawn, int& leftOut) {
        SftPicture picture;
        const auto& first = set_.records[drawn.questions.front().record];
        try {
            picture.images = visionIsFrozen(options_) ? features_.of(first.images)
                                                      : visualTokensOf(checkpoint_, first.images);
        } catch (const Error& e) {
            guard_.leaveOut(first.name + ": " + e.what());
            leftOut += static_cast<int>(drawn.questions.size());
            return {};
        }
        for (const auto& question : drawn.questions) {
            try {
                picture.rows.push_back(planRow(checkpoint_, set_, question.record,
                                               picture.images.grids, options_, question.seed));
            } catch (const Error& e) {
                guard_.leaveOut(e.what());
                ++leftOut;
            }
        }
        return picture;
    }

    // 1. Read each picture once. 2. Answer with the targets as latents. 3. Perhaps answer again
    // with what the first pass put out as latents. 4. Push.
    void learn(const std::vector<Part>& parts, StepTally& tally) {
        optimizer_.zeroGrad();
        model_.seedDropout(dropoutSeed(options_.seed, held_ + cooled_, hooks_.ranks.rank()));
        own_ = curriculum_.triesOwnLatents(sampler_.uniform());
        const auto totals = countTotals(parts);
        const auto weights = curriculum_.answerWeights();
        const auto ownWeights = curriculum_.ownAnswerWeights();
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (hooks_.stop.stop_requested()) break;
            const auto batch = layOut(checkpoint_, parts[i]);
            const PackReading read(model_, batch.pack);
            const bool feeds = feedsLatents(options_.twin) && batch.slotAt.numel() > 0;
            const auto latents = feeds ? batch.slotTarget : torch::Tensor();
            if (hooks_.stop.stop_requested()) break;
            const auto first =
                sftPass(checkpoint_, batch, read, {latents, {}}, weights, options_, totals);
            if (hooks_.stop.stop_requested()) break;
            tally.countPass(batch, first, StepTally::Hits, StepTally::Slots);
            auto loss = first.loss;
            tally.add(StepTally::Latent, first.latent);
            auto newest = first;
            const bool twice = own_ && feeds;
            tally.addLosses(first, twice ? 0.5 : 1);
            if (twice) {
                const auto second =
                    sftPass(checkpoint_, batch, read, {first.outputs, first.latentEnds}, ownWeights,
                            options_, totals);
                tally.countPass(batch, second, StepTally::OwnHits, StepTally::OwnSlots);
                loss = 0.5 * (first.loss + second.loss);
                tally.addLosses(second, 0.5);
                tally.add(StepTally::OwnLatent, second.latent);
                newest = second;
            }
            tally.add(StepTally::Total, loss.item<double>());
            tally.countTokens(batch, newest);
            if (i + 1 == parts.size()) gradients_.expectLast();
            loss.backward();
        }
        gradients_.finish();
        tally.add(StepTally::Stopping, hooks_.stop.stop_requested());
        tally.sumOver(hooks_.ranks);
        if (tally.sum(StepTally::Stopping) > 0) throw Cancelled();
    }

    SftTotals countTotals(const std::vector<Part>& parts) const {
        SftTotals totals;
        for (const auto& part : parts)
            for (const auto& picture : part)
                for (const auto& row : picture.rows) totals.add(row);
        totals.sumOver(hooks_.ranks);
        return totals;
    }

    // Over all ranks.
    StepPace::Longest longestOf(const std::vector<Part>& parts) const {
        StepPace::Longest longest;
        for (const auto& part : parts)
            for (const auto& picture : part)
                for (const auto& row : picture.rows) {
                    const auto positions = static_cast<int>(row.prefix.size() + row.ids.size());
                    if (positions > longest.positions)
                        longest = {set_.records[row.record].name, positions};
                }
        return longestOverRanks(hooks_.ranks, longest);
    }

    // What a person should know of this step. Throws Error when there is no use in going on.
    std::string alertOf(bool finite, const std::vector<Part>& parts) {
        std::string said;
        const auto add = [&](const std::string& what) {
            if (!what.empty()) said += (said.empty() ? "" : "; ") + what;
        };
        add(guard_.news());
        add(features_.trouble());
        add(guard_.afterPushing(finite, [&] {
            std::vector<int> records;
            std::vector<std::string> names;
            for (const auto& part : parts)
                for (const auto& picture : part)
                    for (const auto& row : picture.rows) {
                        records.push_back(row.record);
                        names.push_back(set_.records[row.record].name);
                    }
            return listed(names) + (hooks_.onNotFinite ? hooks_.onNotFinite(done(), records) : "");
        }));
        return said;
    }

    void report(const StepTally& tally, double norm, double rate, const std::string& alert) {
        auto metrics = tally.losses(own_, options_);
        metrics["grad_norm"] = norm;
        metrics["epoch"] =
            static_cast<double>(sampler_.seen()) / static_cast<double>(set_.records.size());
        if (guard_.questionsLeftOut() > 0) metrics["skipped/questions"] = guard_.questionsLeftOut();
        if (guard_.stepsNotFinite() > 0) metrics["skipped/steps"] = guard_.stepsNotFinite();
        metrics.merge(curriculum_.metrics());
        const TrainReport report{done(),
                                 total(),
                                 rate,
                                 pace_.samplesPerSecond(),
                                 pace_.secondsLeft(done(), total()),
                                 std::move(metrics),
                                 alert};
        hooks_.ranks.firstDoes([&] { hooks_.onReport(report); });
    }

    void save() {
        saved_ = done();
        if (hooks_.onSave) hooks_.onSave(saved_, state());
    }

    TrainState state() const {
        TrainState state;
        state.tensors["progress"] =
            torch::tensor(std::vector<std::int64_t>{held_, cooled_}, torch::kInt64);
        state.text["records"] = description();
        sampler_.save(state);
        optimizer_.save(state);
        curriculum_.save(state);
        guard_.save(state);
        return state;
    }

    void load(const TrainState& from) {
        if (from.textOf("records") != description())
            throw Error(
                "the training to resume saw other data than this; give it the data it began "
                "with, or start anew");
        held_ = static_cast<int>(from.tensor("progress")[0].item<std::int64_t>());
        cooled_ = static_cast<int>(from.tensor("progress")[1].item<std::int64_t>());
        saved_ = resumedAt_ = done();
        sampler_.load(from);
        optimizer_.load(from);
        curriculum_.load(from);
        guard_.load(from);
        from.checkAllWasAskedFor();
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
    StepPace stepPace_;
    std::vector<Trained> trained_;
    AdamW optimizer_;
    GradientSum gradients_;
    int held_ = 0, cooled_ = 0;  // steps done at the full rate, and while it falls
    int saved_ = -1, resumedAt_ = -1;
    bool own_ = false;  // of the step that is done
    bool endedEarly_ = false;
    Pace pace_{hooks_.measureEvery, hooks_.measureSamples};
};

}  // namespace

SftResult trainSft(LvrCheckpoint& checkpoint, const TrainingSet& set, const SftOptions& options,
                   const SftHooks& hooks) {
    if (set.records.empty()) throw Error("the data has no record; check it with lvr data check");
    checkSchedule(options);
    return SftTraining(checkpoint, set, options, hooks).run();
}

}  // namespace lvr
