#include "core/train/sft.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <sstream>

#include "core/error.h"
#include "core/train/losses.h"
#include "core/train/optimizer.h"
#include "core/train/sft_batch.h"

namespace lvr {
namespace {

constexpr double kMemory = 0.95;  // of the running hit rates and accuracies, per step
constexpr int kEnoughSeen = 20;   // steps until a running mean says something
constexpr double kRampFrom = 0.6,
                 kRampTo = 0.95;  // hit rate at which the own-latent pass starts, is certain

double ramp(double value, double from, double to) {
    return std::clamp((value - from) / (to - from), 0.0, 1.0);
}

// Running means per kind.
struct Running {
    explicit Running(std::size_t kinds) : value(kinds, 0.0), seen(kinds, 0) {}
    void save(const std::string& name, TrainState& state) const {
        state.tensors[name + "/value"] = torch::tensor(value, torch::kFloat64);
        state.tensors[name + "/seen"] = torch::tensor(seen, torch::kInt64);
    }
    void load(const std::string& name, const TrainState& state) {
        for (std::size_t k = 0; k < value.size(); ++k) {
            const auto at = static_cast<std::int64_t>(k);
            value[k] = state.tensor(name + "/value")[at].item<double>();
            seen[k] = state.tensor(name + "/seen")[at].item<std::int64_t>();
        }
    }
    void update(const std::vector<double>& sum, const std::vector<double>& count) {
        for (std::size_t k = 0; k < value.size(); ++k) {
            if (count[k] == 0) continue;
            const double mean = sum[k] / count[k];
            value[k] = seen[k] ? kMemory * value[k] + (1 - kMemory) * mean : mean;
            ++seen[k];
        }
    }
    std::vector<double> value;
    std::vector<std::int64_t> seen;  // how often it was updated
};

// What one pass over the rows gives.
struct Pass {
    torch::Tensor loss;
    torch::Tensor outputs;  // [M, D] the hidden states that are to be the latents
    torch::Tensor hits;     // [M] bool, the nearest visual token is the target
    torch::Tensor right;    // [L] bool, the supervised token is the most likely
    double latentLoss = 0, answerLoss = 0;
    double ce = 0;  // mean over all supervised tokens, nothing weighted
};

class SftTraining {
public:
    SftTraining(LvrCheckpoint& checkpoint, const EncodedSet& set, const SftOptions& options,
                const SftHooks& hooks)
        : model_(checkpoint.model),
          checkpoint_(checkpoint),
          set_(set),
          options_(options),
          hooks_(hooks),
          sampler_(checkpoint, set, options),
          optimizer_(trainable(), 0.01),
          hit_(set.kinds.size()),
          ownHit_(set.kinds.size()),
          accuracy_(set.kinds.size()),
          rampKind_(longestKind(set)),
          random_(options.seed ^ 0x0DD5) {}

    SftResult run() {
        if (hooks_.resume) load(*hooks_.resume);
        resumedAt_ = held_ + cooled_;
        while (cooled_ == 0 && held_ < options_.steps && !reachedGoal()) {
            step(options_.steps);
            ++held_;
            saveIfDue();
        }
        while (cooled_ < options_.coolDownSteps) {
            step(held_);
            ++cooled_;
            saveIfDue();
        }
        for (auto [name, tensor] : model_.parameters()) tensor.requires_grad_(false);
        SftResult result{{}, reachedGoal()};
        for (std::size_t k = 0; k < set_.kinds.size(); ++k)
            result.accuracy[set_.kinds[k]] = accuracy_.value[k];
        return result;
    }

private:
    std::vector<torch::Tensor> trainable() const {
        std::vector<torch::Tensor> chosen;
        for (auto [name, tensor] : model_.parameters())
            if (!name.starts_with("visual.")) chosen.push_back(tensor.requires_grad_(true));
        return chosen;
    }

    // The kind with the most targets a question: the one whose thoughts feedback has to carry.
    static std::size_t longestKind(const EncodedSet& set) {
        std::vector<double> targets(set.kinds.size(), 0), count(set.kinds.size(), 0);
        for (const auto& record : set.records) {
            for (const auto& piece : record.response)
                targets[record.kind] += static_cast<double>(piece.targets.size());
            count[record.kind] += 1;
        }
        std::size_t longest = 0;
        for (std::size_t k = 1; k < targets.size(); ++k)
            if (targets[k] / count[k] > targets[longest] / count[longest]) longest = k;
        return longest;
    }

    bool reachedGoal() const {
        for (std::size_t k = 0; k < set_.kinds.size(); ++k)
            if (accuracy_.seen[k] < kEnoughSeen || accuracy_.value[k] < options_.goal) return false;
        return true;
    }

    // held: steps before the learning rate falls, as far as is known.
    void step(int held) {
        const int step = held_ + cooled_;
        const auto batch = sampler_.next(focus());
        const double rate = step < held ? warmUp(step)
                                        : cosineSchedule(step - held, options_.coolDownSteps, 0,
                                                         options_.learningRate, 0.05);
        optimizer_.zeroGrad();
        auto metrics = learn(batch);
        metrics["grad_norm"] = optimizer_.step(rate, 1.0);
        samples_ += static_cast<int>(batch.rowKind.size());
        const int total = held + options_.coolDownSteps;
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
        addRunning(metrics);
        hooks_.onReport({step + 1, total, rate, samples_ / seconds,
                         seconds / (step + 1 - resumedAt_) * (total - step - 1), metrics});
    }

    void saveIfDue() {
        const int done = held_ + cooled_;
        const bool stopping = hooks_.stop.stop_requested();
        const bool due = hooks_.saveEvery > 0 && done % hooks_.saveEvery == 0;
        if (hooks_.onSave && (due || stopping)) hooks_.onSave(done, state());
        if (stopping) throw Cancelled();
    }

    TrainState state() const {
        TrainState state;
        state.tensors["progress"] =
            torch::tensor(std::vector<std::int64_t>{held_, cooled_}, torch::kInt64);
        state.text["random"] = (std::ostringstream() << random_).str();
        std::string kinds;
        for (const auto& kind : set_.kinds) kinds += kind + "\n";
        state.text["kinds"] = kinds;
        state.text["records"] = std::to_string(set_.records.size());
        sampler_.save(state);
        optimizer_.save(state);
        hit_.save("hit", state);
        ownHit_.save("own-hit", state);
        accuracy_.save("accuracy", state);
        return state;
    }

    void load(const TrainState& from) {
        const auto mine = state();
        for (const char* name : {"kinds", "records"})
            if (from.textOf(name) != mine.textOf(name))
                throw Error(
                    "the training to resume saw other data than this; give it the data it began "
                    "with, or start anew");
        held_ = static_cast<int>(from.tensor("progress")[0].item<std::int64_t>());
        cooled_ = static_cast<int>(from.tensor("progress")[1].item<std::int64_t>());
        std::istringstream(from.textOf("random")) >> random_;
        sampler_.load(from);
        optimizer_.load(from);
        hit_.load("hit", from);
        ownHit_.load("own-hit", from);
        accuracy_.load("accuracy", from);
    }

    double warmUp(int step) const {
        return options_.learningRate * std::min(1.0, (step + 1.0) / options_.warmupSteps);
    }

    std::vector<double> focus() const {
        std::vector<double> weights(set_.kinds.size(), 1.0);
        for (std::size_t k = 0; k < weights.size(); ++k)
            weights[k] = 0.5 + 3 * (1 - accuracy_.value[k]);
        return weights;
    }

    // 1. Read each picture once. 2. Answer with the targets as latents. 3. Perhaps answer again
    // with what the first pass put out as latents. 4. Push.
    std::map<std::string, double> learn(const SftBatch& batch) {
        KvCache prefix;
        model_.hidden(batch.prefixEmbeddings, batch.prefixPositions, {.cache = &prefix});
        const auto targets = slotTargets(batch);
        const bool lvr = options_.twin == Twin::Lvr;
        const auto first =
            pass(batch, prefix, targets, lvr ? targets : torch::Tensor(), gates(hit_, 0.1));
        count(batch, first, hit_);
        const bool own = lvr && options_.ownLatents == OwnLatents::Ramp && targets.size(0) > 0 &&
                         chance() < ramp(hit_.value[rampKind_], kRampFrom, kRampTo);
        if (!own) {
            first.loss.backward();
            return {{"loss/total", first.loss.item<double>()},
                    {"loss/ce", first.ce},
                    {"loss/latent", first.latentLoss},
                    {"loss/answer", first.answerLoss},
                    {"own", 0}};
        }
        const auto second = pass(batch, prefix, targets, first.outputs, gates(ownHit_, 0.0));
        count(batch, second, ownHit_);
        const auto loss = 0.5 * (first.loss + second.loss);
        loss.backward();
        return {{"loss/total", loss.item<double>()},    {"loss/ce", second.ce},
                {"loss/latent", first.latentLoss},      {"loss/answer", second.answerLoss},
                {"loss/own-latent", second.latentLoss}, {"own", 1}};
    }

    double chance() { return static_cast<double>(random_() >> 11) * 0x1p-53; }  // 0..1

    torch::Tensor slotTargets(const SftBatch& batch) const {
        const auto picture = batch.rowPicture.index_select(0, batch.slotRow);
        return batch.features.index({picture, batch.slotTarget});  // [M, D]
    }

    // Answers are learnt per kind once its latents hit; what was never measured starts at `least`.
    std::vector<double> gates(const Running& hit, double least) const {
        std::vector<double> gate(set_.kinds.size(), 1.0);
        if (options_.twin != Twin::Lvr) return gate;
        for (std::size_t k = 0; k < gate.size(); ++k)
            gate[k] = std::max(least, ramp(hit.value[k], 0.5, 0.9));
        return gate;
    }

    // latents: [M, D] fed at the slots; undefined = the <|lvr|> embedding stays there.
    Pass pass(const SftBatch& batch, const KvCache& prefix, const torch::Tensor& targets,
              const torch::Tensor& latents, const std::vector<double>& gate) const {
        auto embeddings = model_.embed(batch.ids);
        if (latents.defined())
            embeddings = embeddings.index_put({batch.slotRow, batch.slotCol}, latents);
        auto cache = prefix.select(batch.rowPicture);
        const auto hidden =
            model_.hidden(embeddings, batch.positions, {.cache = &cache});  // [R, T, D]
        Pass out;
        out.outputs = model_.latent(hidden.index({batch.slotRow, batch.slotCol - 1}));
        out.hits = nearestIsTarget(batch, out.outputs);
        const auto logits =
            model_.logits(hidden.index({batch.labelRow, batch.labelCol}));  // [L, V]
        out.right = logits.argmax(-1) == batch.label;
        out.ce = torch::cross_entropy_loss(logits.detach(), batch.label).item<double>();
        const auto latent =
            reconstructionLoss(out.outputs, targets, batch.slotWeight, options_.latentLoss);
        const auto answer = answerLoss(batch, logits, gate);
        out.latentLoss = latent.item<double>();
        out.answerLoss = answer.item<double>();
        out.loss = answer + options_.markerWeight * markerLoss(batch, logits);
        if (batch.slotRow.numel() == 0) return out;
        const auto endLogits = model_.logits(hidden.index({batch.stopRow, batch.stopCol}))
                                   .select(1, checkpoint_.rules.tokens.end);
        out.loss = out.loss + options_.latentWeight * latent +
                   options_.stopWeight * stopLoss(endLogits, batch.stopTarget);
        return out;
    }

    torch::Tensor nearestIsTarget(const SftBatch& batch, const torch::Tensor& outputs) const {
        const torch::NoGradGuard off;
        const auto features = torch::nn::functional::normalize(
            batch.features, torch::nn::functional::NormalizeFuncOptions().dim(-1));
        const auto picture = batch.rowPicture.index_select(0, batch.slotRow);
        const auto similarity =
            torch::einsum("md,mnd->mn", {outputs.detach(), features.index_select(0, picture)});
        return similarity.argmax(-1) == batch.slotTarget;
    }

    torch::Tensor answerLoss(const SftBatch& batch, const torch::Tensor& logits,
                             const std::vector<double>& gate) const {
        const auto at = batch.isAnswer.nonzero().flatten();
        std::vector<float> weights;
        for (const auto& row : batch.labelRow.index_select(0, at).unbind())
            weights.push_back(static_cast<float>(gate[batch.rowKind[row.item<std::int64_t>()]]));
        return weightedCrossEntropy(logits.index_select(0, at), batch.label.index_select(0, at),
                                    torch::tensor(weights, torch::kFloat32));
    }

    torch::Tensor markerLoss(const SftBatch& batch, const torch::Tensor& logits) const {
        const auto at = batch.isAnswer.logical_not().nonzero().flatten();
        return weightedCrossEntropy(logits.index_select(0, at), batch.label.index_select(0, at),
                                    torch::ones({at.size(0)}));
    }

    void count(const SftBatch& batch, const Pass& pass, Running& hits) {
        const auto kinds = set_.kinds.size();
        std::vector<double> hitSum(kinds), hitCount(kinds), rightSum(kinds), rightCount(kinds);
        for (std::size_t m = 0; m < batch.slotKind.size(); ++m) {
            hitSum[batch.slotKind[m]] += pass.hits[static_cast<std::int64_t>(m)].item<bool>();
            hitCount[batch.slotKind[m]] += 1;
        }
        std::vector<bool> rowRight(batch.rowKind.size(), true);
        const auto wrong = (batch.isAnswer & pass.right.logical_not()).nonzero().flatten();
        for (const auto& row : batch.labelRow.index_select(0, wrong).unbind())
            rowRight[row.item<std::int64_t>()] = false;
        for (std::size_t r = 0; r < rowRight.size(); ++r) {
            rightSum[batch.rowKind[r]] += rowRight[r];
            rightCount[batch.rowKind[r]] += 1;
        }
        hits.update(hitSum, hitCount);
        accuracy_.update(rightSum, rightCount);
    }

    void addRunning(std::map<std::string, double>& metrics) const {
        for (std::size_t k = 0; k < set_.kinds.size(); ++k) {
            metrics["accuracy/" + set_.kinds[k]] = accuracy_.value[k];
            metrics["hit/" + set_.kinds[k]] = hit_.value[k];
            metrics["own-hit/" + set_.kinds[k]] = ownHit_.value[k];
        }
    }

    LvrModel& model_;
    const LvrCheckpoint& checkpoint_;
    const EncodedSet& set_;
    const SftOptions& options_;
    const SftHooks& hooks_;
    SftSampler sampler_;
    AdamW optimizer_;
    Running hit_, ownHit_, accuracy_;
    std::size_t rampKind_;
    std::mt19937_64 random_;
    int held_ = 0, cooled_ = 0;  // steps done at the full rate, and while it falls
    int resumedAt_ = 0;
    int samples_ = 0;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace

namespace {

// With a limit on all steps, the last fifth at most cools down.
SftOptions withinLimit(SftOptions options) {
    if (options.maxSteps == 0) return options;
    options.coolDownSteps = std::min(options.coolDownSteps, options.maxSteps / 5);
    options.steps = std::min(options.steps, options.maxSteps - options.coolDownSteps);
    return options;
}

}  // namespace

SftResult trainSft(LvrCheckpoint& checkpoint, const EncodedSet& set, const SftOptions& options,
                   const SftHooks& hooks) {
    if (set.records.empty()) throw Error("the data has no usable record; check it with lvr data");
    const auto limited = withinLimit(options);
    return SftTraining(checkpoint, set, limited, hooks).run();
}

}  // namespace lvr
