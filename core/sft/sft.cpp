#include "core/sft/sft.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/sft/pass.h"
#include "core/sft/running_means.h"
#include "core/sft/sampler.h"
#include "core/torch.h"
#include "core/train/trainable.h"

namespace lvr {
namespace {

constexpr int kEnoughSeen = 20;  // steps until a running mean says something
constexpr double kRampFrom = 0.6,
                 kRampTo = 0.95;  // hit rate at which the own-latent pass starts, is certain

double ramp(double value, double from, double to) {
    return std::clamp((value - from) / (to - from), 0.0, 1.0);
}

// What a step counts, per kind.
enum Count { Hits, Slots, OwnHits, OwnSlots, Right, Rows, Targets, kCounts };
// What it adds up.
enum Sum {
    Total,
    Nats,
    Labels,
    Answer,
    Latent,
    OwnLatent,
    Stop,
    LatentEndDistance,
    Skipped,
    Stopping,
    Tokens,  // of prefixes, each once, and of rows
    kSums
};

// All ranks' together once sum() was called.
struct Tally {
    explicit Tally(std::size_t kinds)
        : counts(torch::zeros({kCounts, static_cast<std::int64_t>(kinds)}, torch::kFloat64)),
          sums(torch::zeros({kSums}, torch::kFloat64)) {}
    double& count(Count what, int kind) {
        return counts.data_ptr<double>()[what * counts.size(1) + kind];
    }
    double& sum(Sum what) { return sums.data_ptr<double>()[what]; }
    void sumOver(const Ranks& ranks) const {
        ranks.sum(counts);
        ranks.sum(sums);
    }
    torch::Tensor counts, sums;
};

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
          trained_(trainable(checkpoint.model, rates(options))),
          optimizer_(trained_, options.weightDecay, 0.98, hooks.ranks, bitsOf(options.adamStates)),
          gradients_(hooks.ranks, tensorsOf(trained_)),
          hit_(set.kinds.size()),
          ownHit_(set.kinds.size()),
          accuracy_(set.kinds.size()),
          targets_(set.kinds.size()) {}

    SftResult run() {
        if (hooks_.resume) load(*hooks_.resume);
        resumedAt_ = held_ + cooled_;
        while (cooled_ == 0 && held_ < options_.steps && !reachedGoal()) {
            step(options_.steps);
            ++held_;
            saveIfDue();
        }
        while (cooled_ < coolDown()) {
            step(held_);
            ++cooled_;
            saveIfDue();
        }
        freeze(model_);
        SftResult result{{}, reachedGoal(), skippedQuestions_, skippedSteps_};
        for (std::size_t k = 0; k < set_.kinds.size(); ++k)
            result.accuracy[set_.kinds[k]] = accuracy_.value(k);
        return result;
    }

private:
    static PartRates rates(const SftOptions& options) {
        return {1, options.mergerRate, options.visionRate};
    }
    static bool visionIsFrozen(const SftOptions& o) {
        return o.mergerRate == 0 && o.visionRate == 0;
    }
    bool followsGoal() const { return options_.schedule == Schedule::Goal; }
    int coolDown() const { return followsGoal() ? options_.coolDownSteps : 0; }

    bool reachedGoal() const {
        if (!followsGoal()) return false;
        for (std::size_t k = 0; k < set_.kinds.size(); ++k)
            if (accuracy_.seen(k) < kEnoughSeen || accuracy_.value(k) < options_.goal) return false;
        return true;
    }

    // held: steps before the learning rate falls, as far as is known.
    double rate(int step, int held) const {
        const double peak = options_.learningRate;
        const int warmUp = options_.warmupSteps;
        switch (options_.schedule) {
            case Schedule::Goal:
                return step < held ? peak * std::min(1.0, (step + 1.0) / warmUp)
                                   : cosineSchedule(step - held, coolDown(), 0, peak, 0.05);
            case Schedule::Cosine:
                return cosineSchedule(step, options_.steps, warmUp, peak, 0.05);
            case Schedule::Linear:
                return linearSchedule(step, options_.steps, warmUp, peak, 0);
            case Schedule::Constant:
                return peak * std::min(1.0, (step + 1.0) / warmUp);
        }
        return peak;
    }

    void step(int held) {
        const int step = held_ + cooled_;
        Tally tally(set_.kinds.size());
        auto parts = readParts(tally);
        learn(parts, tally);
        tally.sum(Stopping) = hooks_.stop.stop_requested();
        tally.sumOver(hooks_.ranks);
        stopping_ = tally.sum(Stopping) > 0;
        const double now = rate(step, held);
        const double norm = optimizer_.step(now, options_.maxGradNorm);
        const bool finite = std::isfinite(norm);
        if (finite) remember(tally);
        report(tally, norm, now, held, alerts(tally, finite, parts));
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

    // The step's questions as far as this rank answers for them.
    std::vector<std::vector<SftPicture>> readParts(Tally& tally) {
        const auto drawn = sampler_.next(focus());
        prefetch(drawn.size());
        std::vector<SftPicture> pictures;
        for (std::size_t i = hooks_.ranks.rank(); i < drawn.size(); i += hooks_.ranks.count()) {
            auto picture = read(drawn[i], tally);
            if (!picture.rows.empty()) pictures.push_back(std::move(picture));
        }
        return split(std::move(pictures), options_.microTokens);
    }

    SftPicture read(const DrawnPicture& drawn, Tally& tally) {
        SftPicture picture;
        try {
            const auto& images = set_.records[drawn.questions.front().record].images;
            picture.images =
                visionIsFrozen(options_) ? features_.of(images) : lookAt(checkpoint_, images);
        } catch (const Error& e) {
            skip(e.what(), static_cast<int>(drawn.questions.size()), tally);
            return {};
        }
        for (const auto& question : drawn.questions) {
            try {
                picture.rows.push_back(planRow(checkpoint_, set_, question.record,
                                               picture.images.grids, options_, question.seed));
            } catch (const Error& e) {
                skip(e.what(), 1, tally);
            }
        }
        return picture;
    }

    void skip(const std::string& why, int questions, Tally& tally) {
        tally.sum(Skipped) += questions;
        if (skippedFor_.insert(why).second) unreadable_ = why;
    }

    // 1. Read each picture once. 2. Answer with the targets as latents. 3. Perhaps answer again
    // with what the first pass put out as latents. 4. Push.
    void learn(const std::vector<std::vector<SftPicture>>& parts, Tally& tally) {
        optimizer_.zeroGrad();
        const bool own = drawOwn();
        own_ = own;
        const auto totals = countTotals(parts);
        const auto firstGate = gates(hit_, 0.1), secondGate = gates(ownHit_, 0.0);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const auto batch = layOut(checkpoint_, parts[i]);
            KvCache prefix;
            model_.hidden(batch.prefixEmbeddings, batch.prefixPositions, {.cache = &prefix});
            const bool feeds = options_.twin == Twin::Lvr && batch.slotRow.numel() > 0;
            const auto latents = feeds ? batch.slotTarget : torch::Tensor();
            const auto first =
                sftPass(checkpoint_, batch, prefix, {latents, {}}, firstGate, options_, totals);
            count(batch, first, Hits, Slots, tally);
            auto loss = first.loss;
            tally.sum(Latent) += first.latent;
            auto shown = first;
            if (own && feeds) {
                const auto second =
                    sftPass(checkpoint_, batch, prefix, {first.outputs, first.latentEnds},
                            secondGate, options_, totals);
                count(batch, second, OwnHits, OwnSlots, tally);
                loss = 0.5 * (first.loss + second.loss);
                tally.sum(OwnLatent) += second.latent;
                shown = second;
            }
            tally.sum(Total) += loss.item<double>();
            tally.sum(Answer) += shown.answer;
            tally.sum(Stop) += shown.stop;
            tally.sum(LatentEndDistance) += shown.latentEnd;
            tally.sum(Nats) += shown.nats;
            tally.sum(Labels) += static_cast<double>(batch.isAnswer.size());
            tally.sum(Tokens) += static_cast<double>(batch.prefixPositions[0].numel());
            for (const auto& picture : parts[i])
                for (const auto& row : picture.rows)
                    tally.sum(Tokens) += static_cast<double>(row.ids.size());
            if (i + 1 == parts.size()) gradients_.expectLast();
            loss.backward();
        }
        gradients_.finish();
    }

    // One decision for all parts and all ranks.
    bool drawOwn() {
        const double chance = sampler_.uniform();
        if (options_.twin != Twin::Lvr || options_.ownLatents == OwnLatents::Off) return false;
        return chance < ramp(std::max(hit_.value(longestKind()), hitRate()), kRampFrom, kRampTo);
    }

    // The kind with the most targets a question: the one whose thoughts feedback has to carry.
    std::size_t longestKind() const {
        std::size_t longest = 0;
        for (std::size_t k = 1; k < set_.kinds.size(); ++k)
            if (targets_.value(k) > targets_.value(longest)) longest = k;
        return longest;
    }

    // Of all targets: should the longest kind be one that is never learnt, the others go on.
    double hitRate() const {
        double hits = 0, targets = 0;
        for (std::size_t k = 0; k < set_.kinds.size(); ++k) {
            hits += targets_.value(k) * hit_.value(k);
            targets += targets_.value(k);
        }
        return targets > 0 ? hits / targets : 0;
    }

    SftTotals countTotals(const std::vector<std::vector<SftPicture>>& parts) const {
        SftTotals totals;
        for (const auto& part : parts)
            for (const auto& picture : part)
                for (const auto& row : picture.rows) totals.add(row);
        auto all = torch::tensor(
            {totals.answers, totals.markers, totals.slotWeight, totals.stops, totals.latentEnds},
            torch::kFloat64);
        hooks_.ranks.sum(all);
        const auto* sum = all.data_ptr<double>();
        return {sum[0], sum[1], sum[2], sum[3], sum[4]};
    }

    // Answers are learnt per kind once its latents hit; what was never measured starts at `least`.
    std::vector<double> gates(const RunningMeans& hit, double least) const {
        std::vector<double> gate(set_.kinds.size(), 1.0);
        if (options_.twin != Twin::Lvr || options_.ownLatents == OwnLatents::Off) return gate;
        for (std::size_t k = 0; k < gate.size(); ++k)
            if (targets_.value(k) > 0 || targets_.seen(k) == 0)
                gate[k] = std::max(least, ramp(hit.value(k), 0.5, 0.9));
        return gate;
    }

    static void count(const SftBatch& batch, const SftPass& pass, Count hits, Count slots,
                      Tally& tally) {
        for (std::size_t m = 0; m < pass.hits.size(); ++m) {
            tally.count(hits, batch.slotKind[m]) += pass.hits[m];
            tally.count(slots, batch.slotKind[m]) += 1;
        }
        for (std::size_t r = 0; r < pass.rowRight.size(); ++r) {
            tally.count(Right, batch.rowKind[r]) += pass.rowRight[r];
            tally.count(Rows, batch.rowKind[r]) += 1;
            tally.count(Targets, batch.rowKind[r]) += batch.rowTargets[r];
        }
    }

    void remember(const Tally& tally) {
        const auto row = [&](Count what) { return tally.counts[what]; };
        hit_.update(row(Hits), row(Slots));
        ownHit_.update(row(OwnHits), row(OwnSlots));
        accuracy_.update(row(Right), row(Rows));
        targets_.update(row(Targets), row(Rows));
    }

    // What a person should know of this step. Throws Error when there is no use in going on.
    std::string alerts(Tally& tally, bool finite,
                       const std::vector<std::vector<SftPicture>>& parts) {
        std::string said;
        skippedQuestions_ += static_cast<int>(tally.sum(Skipped));
        if (!unreadable_.empty()) said = "left out: " + unreadable_;
        unreadable_.clear();
        nothingRead_ = tally.sum(Labels) == 0 ? nothingRead_ + 1 : 0;
        if (nothingRead_ > static_cast<int>(set_.pictures.size()))
            throw Error("none of the data can be read; the last reason: " +
                        (skippedFor_.empty() ? "another rank knows" : *skippedFor_.rbegin()));
        nonFinite_ = finite ? 0 : nonFinite_ + 1;
        if (finite) return said;
        ++skippedSteps_;
        const auto records = recordsOf(parts);
        const auto kept =
            hooks_.onNotFinite ? hooks_.onNotFinite(held_ + cooled_ + 1, records) : std::string();
        said += (said.empty() ? "" : "; ") +
                std::string("the gradient is not finite, nothing was learnt from ") +
                names(records) + kept;
        if (nonFinite_ >= options_.maxNonFinite)
            throw Error(std::to_string(nonFinite_) +
                        " steps in a row had no finite gradient; lower --lr, or look at the "
                        "records of the last: " +
                        names(records) + kept);
        return said;
    }

    static std::vector<int> recordsOf(const std::vector<std::vector<SftPicture>>& parts) {
        std::vector<int> records;
        for (const auto& part : parts)
            for (const auto& picture : part)
                for (const auto& row : picture.rows) records.push_back(row.record);
        return records;
    }

    std::string names(const std::vector<int>& records) const {
        constexpr std::size_t kNamed = 8;
        std::string names;
        for (std::size_t i = 0; i < std::min(records.size(), kNamed); ++i)
            names += (names.empty() ? "" : "; ") + set_.records[records[i]].name;
        return names + (records.size() > kNamed ? "; ..." : "");
    }

    void report(Tally& tally, double norm, double rate, int held, std::string alert) {
        samples_ += tally.counts[Rows].sum().item<double>() / (own_ ? 2 : 1);
        std::map<std::string, double> metrics{
            {"loss/total", tally.sum(Total)},
            {"loss/ce", tally.sum(Nats) / std::max(1.0, tally.sum(Labels))},
            {"loss/latent", tally.sum(Latent)},
            {"loss/answer", tally.sum(Answer)},
            {"own", own_},
            {"grad_norm", norm},
            {"tokens/step", tally.sum(Tokens)}};
        if (own_) metrics["loss/own-latent"] = tally.sum(OwnLatent);
        if (options_.stopWeight > 0) metrics["loss/mode_switch"] = tally.sum(Stop);
        if (options_.latentEnd == LatentEnd::Vector)
            metrics["loss/latent_end"] = tally.sum(LatentEndDistance);
        if (skippedQuestions_ > 0) metrics["skipped/questions"] = skippedQuestions_;
        if (skippedSteps_ > 0) metrics["skipped/steps"] = skippedSteps_;
        for (std::size_t k = 0; k < set_.kinds.size(); ++k) {
            metrics["accuracy/" + set_.kinds[k]] = accuracy_.value(k);
            metrics["hit/" + set_.kinds[k]] = hit_.value(k);
            metrics["own-hit/" + set_.kinds[k]] = ownHit_.value(k);
        }
        const int step = held_ + cooled_, total = held + coolDown();
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
        hit_.save("hit", state);
        ownHit_.save("own-hit", state);
        accuracy_.save("accuracy", state);
        targets_.save("targets", state);
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
        hit_.load("hit", from);
        ownHit_.load("own-hit", from);
        accuracy_.load("accuracy", from);
        targets_.load("targets", from);
    }

    // What a state belongs to.
    std::string description() const {
        std::string text = std::to_string(set_.records.size());
        for (const auto& kind : set_.kinds) text += "\n" + kind;
        return text;
    }

    std::vector<double> focus() const {
        std::vector<double> weights(set_.kinds.size(), 1.0);
        for (std::size_t k = 0; k < weights.size(); ++k)
            weights[k] = 0.5 + 3 * (1 - accuracy_.value(k));
        return weights;
    }

    LvrModel& model_;
    const LvrCheckpoint& checkpoint_;
    const TrainingSet& set_;
    const SftOptions& options_;
    const SftHooks& hooks_;
    VisionFeatures features_;
    SftSampler sampler_;
    std::vector<Trained> trained_;
    AdamW optimizer_;
    GradientSum gradients_;
    RunningMeans hit_, ownHit_, accuracy_;
    RunningMeans targets_;       // a question
    int held_ = 0, cooled_ = 0;  // steps done at the full rate, and while it falls
    int resumedAt_ = 0;
    bool own_ = false, stopping_ = false;  // of the step that is done
    double samples_ = 0;
    int skippedQuestions_ = 0, skippedSteps_ = 0, nonFinite_ = 0, nothingRead_ = 0;
    std::set<std::string> skippedFor_;  // reasons
    std::string unreadable_;            // a new one
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// With a limit on all steps, the last fifth at most cools down.
SftOptions withinLimit(SftOptions options) {
    if (options.maxSteps == 0) return options;
    if (options.schedule != Schedule::Goal) {
        options.steps = std::min(options.steps, options.maxSteps);
        return options;
    }
    options.coolDownSteps = std::min(options.coolDownSteps, options.maxSteps / 5);
    options.steps = std::min(options.steps, options.maxSteps - options.coolDownSteps);
    return options;
}

}  // namespace

SftResult trainSft(LvrCheckpoint& checkpoint, const TrainingSet& set, const SftOptions& options,
                   const SftHooks& hooks) {
    if (set.records.empty()) throw Error("the data has no record; check it with lvr data check");
    const auto limited = withinLimit(options);
    return SftTraining(checkpoint, set, limited, hooks).run();
}

}  // namespace lvr
