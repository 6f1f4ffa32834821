#include "core/sft/pass.h"

#include <algorithm>

#include "core/torch.h"
#include "core/train/losses.h"

namespace lvr {
namespace {

// [M] the visual token of its own picture that each output is nearest to, by cosine.
std::vector<std::int64_t> nearestTokens(const SftBatch& batch, const torch::Tensor& outputs) {
    const torch::NoGradGuard off;
    std::vector<std::int64_t> nearest;
    const auto count = batch.slotPicture.size();
    for (std::size_t from = 0; from < count;) {  // slots are ordered by picture
        const auto picture = batch.slotPicture[from];
        auto to = from + 1;
        while (to < count && batch.slotPicture[to] == picture) ++to;
        const auto seen = batch.features[picture].detach().to(torch::kFloat32);
        const auto features = seen / seen.norm(2, -1, /*keepdim=*/true).clamp_min(1e-12);
        const auto best =
            outputs.detach()
                .narrow(0, static_cast<std::int64_t>(from), static_cast<std::int64_t>(to - from))
                .matmul(features.t())
                .argmax(-1)
                .cpu();
        nearest.insert(nearest.end(), best.data_ptr<std::int64_t>(),
                       best.data_ptr<std::int64_t>() + best.numel());
        from = to;
    }
    return nearest;
}

std::vector<bool> hitsOf(const SftBatch& batch, const torch::Tensor& outputs) {
    std::vector<bool> hits;
    const auto nearest = nearestTokens(batch, outputs);
    for (std::size_t m = 0; m < nearest.size(); ++m) {
        const auto& wanted = batch.slotTokens[m];
        hits.push_back(std::find(wanted.begin(), wanted.end(), nearest[m]) != wanted.end());
    }
    return hits;
}

std::vector<PackedVectors> vectorsOf(const LvrModel& model, const SftBatch& batch,
                                     const SftInputs& inputs) {
    std::vector<PackedVectors> vectors;
    if (inputs.latents.defined()) vectors.push_back({batch.slotAt, inputs.latents});
    if (batch.latentEndAt.numel() > 0)
        vectors.push_back({batch.latentEndAt, inputs.latentEnds.defined()
                                                  ? inputs.latentEnds
                                                  : model.latentEnd().unsqueeze(0)});
    return vectors;
}

// What the step's loss weighs each supervised token's log-probability by. [L]
torch::Tensor labelWeights(const SftBatch& batch, const std::vector<double>& gate,
                           const SftOptions& options, const SftTotals& totals) {
    std::vector<float> weights;
    const bool apart = options.ceReduction == CeReduction::Parts;
    const double answers = apart ? totals.answers : totals.answers + totals.markers;
    const double markers = apart ? totals.markers : answers;
    for (std::size_t l = 0; l < batch.isAnswer.size(); ++l) {
        const int kind = batch.rowKind[batch.labelOfRow[l]];
        weights.push_back(static_cast<float>(batch.isAnswer[l] ? -gate[kind] / answers
                                                               : -options.markerWeight / markers));
    }
    return torch::tensor(weights);
}

}  // namespace

void SftTotals::add(const SftRow& row) {
    for (const auto& label : row.labels) (label.isAnswer ? answers : markers) += 1;
    for (const auto& slot : row.slots) slotWeight += slot.weight;
    stops += static_cast<double>(row.stops.size());
    latentEnds += static_cast<double>(row.latentEnds.size());
}

void SftTotals::sumOver(const Ranks& ranks) {
    auto all = torch::tensor({answers, markers, slotWeight, stops, latentEnds}, torch::kFloat64);
    ranks.sum(all);
    const auto* sum = all.data_ptr<double>();
    *this = {sum[0], sum[1], sum[2], sum[3], sum[4]};
}

SftPass sftPass(const LvrCheckpoint& checkpoint, const SftBatch& batch, const PackReading& read,
                const SftInputs& inputs, const std::vector<double>& gate, const SftOptions& options,
                const SftTotals& totals) {
    const auto& model = checkpoint.model;
    const auto hidden = read.hidden(vectorsOf(model, batch, inputs));  // [T, D]
    const auto said =
        tokenLogProbabilities(hidden.index_select(0, batch.labelAt), model.lmHead(), batch.label,
                              {.weights = labelWeights(batch, gate, options, totals)});
    return lossesOf(checkpoint, batch, hidden, said, gate, options, totals);
}

SftPass lossesOf(const LvrCheckpoint& checkpoint, const SftBatch& batch,
                 const torch::Tensor& hidden, const TokenLogProbabilities& said,
                 const std::vector<double>& gate, const SftOptions& options,
                 const SftTotals& totals) {
    const auto& model = checkpoint.model;
    const auto before = [&](const torch::Tensor& at) { return hidden.index_select(0, at - 1); };
    SftPass out;
    const auto weighted =
        said.value * labelWeights(batch, gate, options, totals).to(said.value.device());
    out.loss = weighted.sum();
    out.nats = -said.value.detach().sum().item<double>();
    const auto right = said.isLikeliest.cpu();
    const auto parts = weighted.detach().cpu();
    out.rowRight.assign(batch.rowKind.size(), true);
    for (std::size_t l = 0; l < batch.isAnswer.size(); ++l) {
        const auto at = static_cast<std::int64_t>(l);
        (batch.isAnswer[l] ? out.answer : out.marker) += parts[at].item<double>();
        if (!batch.isAnswer[l]) continue;
        if (!right[at].item<bool>()) out.rowRight[batch.labelOfRow[l]] = false;
    }

    if (batch.slotAt.numel() > 0) {
        out.outputs = model.latent(before(batch.slotAt)).to(torch::kFloat32);
        out.hits = hitsOf(batch, out.outputs);
        const auto share = batch.slotWeight.sum().item<double>() / totals.slotWeight;
        const auto latent =
            share * reconstructionLoss(out.outputs, batch.slotTarget, batch.slotWeight,
                                       options.latentLoss, options.mseReduction);
        out.latent = latent.item<double>();
        out.loss = out.loss + options.latentWeight * latent;
    }
    if (batch.stopAt.numel() > 0) {
        const auto end = model.lmHead().select(0, checkpoint.rules.tokens.end);  // [D]
        const auto logits = hidden.index_select(0, batch.stopAt).matmul(end).to(torch::kFloat32);
        const auto share = static_cast<double>(batch.stopAt.numel()) / totals.stops;
        const auto stop = share * stopLoss(logits, batch.stopTarget);
        out.stop = stop.item<double>();
        out.loss = out.loss + options.stopWeight * stop;
    }
    if (batch.latentEndAt.numel() > 0) {
        out.latentEnds = model.latent(before(batch.latentEndAt)).to(torch::kFloat32);
        const auto& ends = out.latentEnds;
        const auto share = static_cast<double>(ends.size(0)) / totals.latentEnds;
        const auto vector = model.latentEnd().to(torch::kFloat32).unsqueeze(0).expand_as(ends);
        const auto distance =
            share * reconstructionLoss(ends, vector, torch::ones({ends.size(0)}, ends.options()),
                                       options.latentLoss, options.mseReduction);
        out.latentEnd = distance.item<double>();
        out.loss = out.loss + options.latentEndWeight * distance;
    }
    return out;
}

}  // namespace lvr
