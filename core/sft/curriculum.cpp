#include "core/sft/curriculum.h"

#include <algorithm>

#include "core/torch.h"

namespace lvr {
namespace {

constexpr double kMemory = 0.95;  // per step

constexpr int kEnoughSeen = 20;  // steps until a running mean says something
constexpr double kRampFrom = 0.6,
                 kRampTo = 0.95;  // hit rate at which the own-latent pass starts, is certain

double ramp(double value, double from, double to) {
    return std::clamp((value - from) / (to - from), 0.0, 1.0);
}

}  // namespace

StepTally::StepTally(std::size_t kinds)
    : counts_(torch::zeros({kCounts, static_cast<std::int64_t>(kinds)}, torch::kFloat64)),
      sums_(torch::zeros({kSums}, torch::kFloat64)) {}

void StepTally::countPass(const SftBatch& batch, const SftPass& pass, Count hits, Count slots) {
    for (std::size_t m = 0; m < pass.hits.size(); ++m) {
        count(hits, batch.slotKind[m], pass.hits[m]);
        count(slots, batch.slotKind[m], 1);
    }
    for (std::size_t r = 0; r < pass.rowRight.size(); ++r) {
        count(Right, batch.rowKind[r], pass.rowRight[r]);
        count(Rows, batch.rowKind[r], 1);
        count(Targets, batch.rowKind[r], batch.rowTargets[r]);
    }
}

void StepTally::addLosses(const SftPass& pass, double share) {
    add(Answer, share * pass.answer);
    add(Marker, share * pass.marker);
    add(Stop, share * pass.stop);
    add(LatentEndDistance, share * pass.latentEnd);
}

void StepTally::countTokens(const SftBatch& batch, const SftPass& last) {
    add(Nats, last.nats);
    add(Labels, static_cast<double>(batch.isAnswer.size()));
    add(Tokens, static_cast<double>(batch.pack.prefixPositions() + batch.pack.rowPositions()));
}

void StepTally::sumOver(const Ranks& ranks) const {
    ranks.sum(counts_);
    ranks.sum(sums_);
}

std::map<std::string, double> StepTally::losses(bool own, const SftOptions& options) const {
    std::map<std::string, double> metrics{{"loss/total", sum(Total)},
                                          {"loss/ce", sum(Nats) / std::max(1.0, sum(Labels))},
                                          {"loss/answer", sum(Answer)},
                                          {"loss/marker", sum(Marker)},
                                          {"own", own},
                                          {"tokens/step", sum(Tokens)}};
    const bool hasSlots = count(Slots).sum().item<double>() > 0;
    if (hasSlots) metrics["loss/latent"] = sum(Latent);
    if (own && hasSlots) metrics["loss/own-latent"] = sum(OwnLatent);
    if (options.stopWeight > 0 && hasSlots) metrics["loss/mode_switch"] = sum(Stop);
    if (options.latentEnd == LatentEnd::Vector) metrics["loss/latent_end"] = sum(LatentEndDistance);
    return metrics;
}

void RunningMeans::update(const torch::Tensor& sum, const torch::Tensor& count) {
    const auto* sums = sum.data_ptr<double>();
    const auto* counts = count.data_ptr<double>();
    for (std::size_t k = 0; k < value_.size(); ++k) {
        if (counts[k] == 0) continue;
        const double mean = sums[k] / counts[k];
        value_[k] = seen_[k] ? kMemory * value_[k] + (1 - kMemory) * mean : mean;
        ++seen_[k];
    }
}

void RunningMeans::save(const std::string& name, TrainState& state) const {
    state.tensors[name + "/value"] = torch::tensor(value_, torch::kFloat64);
    state.tensors[name + "/seen"] = torch::tensor(seen_, torch::kInt64);
}

void RunningMeans::load(const std::string& name, const TrainState& state) {
    const auto &value = state.tensor(name + "/value"), &seen = state.tensor(name + "/seen");
    value_.assign(value.data_ptr<double>(), value.data_ptr<double>() + value.numel());
    seen_.assign(seen.data_ptr<std::int64_t>(), seen.data_ptr<std::int64_t>() + seen.numel());
}

Curriculum::Curriculum(const std::vector<std::string>& kinds, const SftOptions& options)
    : kinds_(kinds),
      options_(options),
      hit_(kinds.size()),
      ownHit_(kinds.size()),
      accuracy_(kinds.size()),
      targets_(kinds.size()) {}

bool Curriculum::feedsOwnLatents() const {
    return feedsLatents(options_.twin) && options_.ownLatents != OwnLatents::Off;
}

std::vector<double> Curriculum::focus() const {
    std::vector<double> weights(kinds_.size(), 1.0);
    if (options_.sampling != Sampling::Lagging) return weights;
    for (std::size_t k = 0; k < weights.size(); ++k)
        weights[k] = 0.5 + 3 * (1 - accuracy_.value(k));
    return weights;
}

// Answers are learnt per kind once its latents hit; what was never measured starts at `least`.
std::vector<double> Curriculum::gates(const RunningMeans& hit, double least) const {
    std::vector<double> gate(kinds_.size(), 1.0);
    if (options_.answerGate == Switch::Off || !feedsOwnLatents()) return gate;
    for (std::size_t k = 0; k < gate.size(); ++k)
        if (targets_.value(k) > 0 || targets_.seen(k) == 0)
            gate[k] = std::max(least, ramp(hit.value(k), 0.5, 0.9));
    return gate;
}

bool Curriculum::triesOwnLatents(double drawn) const {
    if (!feedsOwnLatents()) return false;
    return drawn < ramp(std::max(hit_.value(longestKind()), hitRate()), kRampFrom, kRampTo);
}

// The kind with the most targets a question: the one whose thoughts feedback has to carry.
std::size_t Curriculum::longestKind() const {
    std::size_t longest = 0;
    for (std::size_t k = 1; k < kinds_.size(); ++k)
        if (targets_.value(k) > targets_.value(longest)) longest = k;
    return longest;
}

// Of all targets: should the longest kind be one that is never learnt, the others go on.
double Curriculum::hitRate() const {
    double hits = 0, targets = 0;
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
        hits += targets_.value(k) * hit_.value(k);
        targets += targets_.value(k);
    }
    return targets > 0 ? hits / targets : 0;
}

bool Curriculum::reachedGoal() const {
    if (options_.schedule != Schedule::Goal) return false;
    for (std::size_t k = 0; k < kinds_.size(); ++k)
        if (accuracy_.seen(k) < kEnoughSeen || accuracy_.value(k) < options_.goal) return false;
    return true;
}

std::map<std::string, double> Curriculum::accuracy() const {
    std::map<std::string, double> all;
    const bool hasGoal = options_.schedule == Schedule::Goal;
    for (std::size_t k = 0; k < kinds_.size(); ++k)
        if (hasGoal || accuracy_.seen(k) > 0) all[kinds_[k]] = accuracy_.value(k);
    return all;
}

std::map<std::string, double> Curriculum::metrics() const {
    std::map<std::string, double> all;
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
        const auto add = [&](const char* name, const RunningMeans& means) {
            if (means.seen(k) > 0) all[name + kinds_[k]] = means.value(k);
        };
        add("accuracy/", accuracy_);
        add("hit/", hit_);
        add("own-hit/", ownHit_);
    }
    return all;
}

void Curriculum::remember(const StepTally& step) {
    hit_.update(step.count(StepTally::Hits), step.count(StepTally::Slots));
    ownHit_.update(step.count(StepTally::OwnHits), step.count(StepTally::OwnSlots));
    accuracy_.update(step.count(StepTally::Right), step.count(StepTally::Rows));
    targets_.update(step.count(StepTally::Targets), step.count(StepTally::Rows));
}

void Curriculum::save(TrainState& state) const {
    hit_.save("hit", state);
    ownHit_.save("own-hit", state);
    accuracy_.save("accuracy", state);
    targets_.save("targets", state);
}

void Curriculum::load(const TrainState& state) {
    hit_.load("hit", state);
    ownHit_.load("own-hit", state);
    accuracy_.load("accuracy", state);
    targets_.load("targets", state);
}

}  // namespace lvr
