#include "core/sft/step_tally.h"

#include <algorithm>

#include "core/torch.h"

namespace lvr {

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
    add(Tokens, static_cast<double>(batch.prefixPositions[0].numel()));
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

}  // namespace lvr
