#include "core/sft/validate.h"

#include <utility>

#include "core/error.h"
#include "core/sft/pass.h"
#include "core/torch.h"

namespace lvr {
namespace {

SftPicture read(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                const std::vector<int>& records, const SftOptions& options, SftValidation& out) {
    SftPicture picture;
    for (const int record : records) {
        try {
            if (picture.images.grids.empty())
                picture.images = visualTokensOf(checkpoint, set.records[record].images);
            picture.rows.push_back(
                planRow(checkpoint, set, record, picture.images.grids, options, 0));
        } catch (const Error& error) {
            if (out.unread++ == 0) out.reason = error.what();
        }
    }
    return picture;
}

// Sums over pictures.
enum Sum { Nats, Labels, Latent, Slots, Unread, kSums };

void add(const LvrCheckpoint& checkpoint, const std::vector<SftPicture>& pictures,
         const SftOptions& options, const std::vector<double>& gate, double* sums) {
    SftTotals totals;
    for (const auto& picture : pictures)
        for (const auto& row : picture.rows) totals.add(row);
    const auto batch = layOut(checkpoint, pictures);
    const PackReading reading(checkpoint.model, batch.pack);
    const bool feeds = feedsLatents(options.twin) && batch.slotAt.numel() > 0;
    const auto pass =
        sftPass(checkpoint, batch, reading, {feeds ? batch.slotTarget : torch::Tensor(), {}}, gate,
                options, totals);
    sums[Nats] += pass.nats;
    sums[Labels] += totals.answers + totals.markers;
    sums[Latent] += pass.latent * totals.slotWeight;
    sums[Slots] += totals.slotWeight;
}

// Pictures until there are enough positions for one pass.
class Gathered {
public:
    explicit Gathered(std::int64_t most) : most_(most) {}
    bool hasRoomFor(const SftPicture& picture) const {
        return pictures_.empty() || positions_ + positionsOf(picture) <= most_;
    }
    void add(SftPicture picture) {
        positions_ += positionsOf(picture);
        pictures_.push_back(std::move(picture));
    }
    std::vector<SftPicture> take() {
        positions_ = 0;
        return std::exchange(pictures_, {});
    }

private:
    std::int64_t most_, positions_ = 0;
    std::vector<SftPicture> pictures_;
};

}  // namespace

SftValidation validateSft(const LvrCheckpoint& checkpoint, const TrainingSet& set,
                          SftOptions options, const Ranks& ranks, const std::stop_token& stop) {
    const torch::NoGradGuard off;
    options.extraSlots = 0;
    options.positionGap = 0;
    const std::vector<double> open(set.kinds.size(), 1.0);
    const auto all = torch::zeros({kSums}, torch::kFloat64);
    auto* sums = all.data_ptr<double>();
    SftValidation out;
    ranks.eachDoes([&] {
        Gathered gathered(options.microTokens);
        const auto look = [&] {
            const auto pictures = gathered.take();
            if (!pictures.empty()) add(checkpoint, pictures, options, open, sums);
        };
        for (std::size_t i = ranks.rank(); i < set.pictures.size(); i += ranks.count()) {
            if (stop.stop_requested()) throw Cancelled();
            auto picture = read(checkpoint, set, set.pictures[i], options, out);
            if (picture.rows.empty()) continue;
            if (!gathered.hasRoomFor(picture)) look();
            gathered.add(std::move(picture));
        }
        look();
    });
    sums[Unread] = out.unread;
    ranks.sum(all);
    out.unread = static_cast<int>(sums[Unread]);
    for (const auto& reason : ranks.gather(std::exchange(out.reason, {})))
        if (out.reason.empty()) out.reason = reason;
    if (sums[Labels] > 0) out.losses["ce"] = sums[Nats] / sums[Labels];
    if (sums[Slots] > 0) out.losses["latent"] = sums[Latent] / sums[Slots];
    return out;
}

}  // namespace lvr
