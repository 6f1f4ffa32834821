#include "core/sft/validate.h"

#include <torch/torch.h>

#include "core/error.h"
#include "core/sft/pass.h"

namespace lvr {
namespace {

std::vector<SftPicture> readAll(const LvrCheckpoint& checkpoint, VisionFeatures& features,
                                const TrainingSet& set, const SftOptions& options) {
    std::vector<SftPicture> pictures;
    for (const auto& records : set.pictures) {
        SftPicture picture;
        for (const int record : records) {
            try {
                if (picture.images.grids.empty())
                    picture.images = features.of(set.records[record].images);
                picture.rows.push_back(
                    planRow(checkpoint, set, record, picture.images.grids, options, 0));
            } catch (const Error&) {
                continue;
            }
        }
        if (!picture.rows.empty()) pictures.push_back(std::move(picture));
    }
    return pictures;
}

}  // namespace

std::map<std::string, double> validateSft(const LvrCheckpoint& checkpoint, VisionFeatures& features,
                                          const TrainingSet& set, SftOptions options) {
    const torch::NoGradGuard off;
    options.extraSlots = 0;
    options.positionGap = 0;
    const auto parts = split(readAll(checkpoint, features, set, options), options.microTokens);
    SftTotals totals;
    for (const auto& part : parts)
        for (const auto& picture : part)
            for (const auto& row : picture.rows) totals.add(row);
    const std::vector<double> open(set.kinds.size(), 1.0);
    double nats = 0, latent = 0;
    for (const auto& part : parts) {
        const auto batch = layOut(checkpoint, part);
        KvCache prefix;
        checkpoint.model.hidden(batch.prefixEmbeddings, batch.prefixPositions, {.cache = &prefix});
        const bool feeds = options.twin == Twin::Lvr && batch.slotRow.numel() > 0;
        const auto pass =
            sftPass(checkpoint, batch, prefix, feeds ? batch.slotTarget : torch::Tensor(), open,
                    options, totals);
        nats += pass.nats;
        latent += pass.latent;
    }
    std::map<std::string, double> losses;
    if (const double labels = totals.answers + totals.markers; labels > 0)
        losses["ce"] = nats / labels;
    if (totals.slotWeight > 0) losses["latent"] = latent;
    return losses;
}

}  // namespace lvr
