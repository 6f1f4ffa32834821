#include "core/sft/validate.h"

#include "core/error.h"
#include "core/sft/pass.h"
#include "core/torch.h"

namespace lvr {
namespace {

SftPicture read(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                const std::vector<int>& records, const SftOptions& options) {
    SftPicture picture;
    for (const int record : records) {
        try {
            if (picture.images.grids.empty())
                picture.images = visualTokensOf(checkpoint, set.records[record].images);
            picture.rows.push_back(
                planRow(checkpoint, set, record, picture.images.grids, options, 0));
        } catch (const Error&) {
            continue;
        }
    }
    return picture;
}

}  // namespace

std::map<std::string, double> validateSft(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                                          SftOptions options) {
    const torch::NoGradGuard off;
    options.extraSlots = 0;
    options.positionGap = 0;
    const std::vector<double> open(set.kinds.size(), 1.0);
    double nats = 0, labels = 0, latent = 0, slots = 0;
    for (const auto& records : set.pictures) {
        const auto picture = read(checkpoint, set, records, options);
        if (picture.rows.empty()) continue;
        SftTotals totals;
        for (const auto& row : picture.rows) totals.add(row);
        const auto batch = layOut(checkpoint, {picture});
        KvCache prefix;
        checkpoint.model.hidden(batch.prefixEmbeddings, batch.prefixPositions, {.cache = &prefix});
        const bool feeds = options.twin == Twin::Lvr && batch.slotRow.numel() > 0;
        const auto pass =
            sftPass(checkpoint, batch, prefix, {feeds ? batch.slotTarget : torch::Tensor(), {}},
                    open, options, totals);
        nats += pass.nats;
        labels += totals.answers + totals.markers;
        latent += pass.latent * totals.slotWeight;
        slots += totals.slotWeight;
    }
    std::map<std::string, double> losses;
    if (labels > 0) losses["ce"] = nats / labels;
    if (slots > 0) losses["latent"] = latent / slots;
    return losses;
}

}  // namespace lvr
