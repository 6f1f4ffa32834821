#include "core/sft/batch.h"

#include <algorithm>
#include <random>

#include "core/error.h"
#include "core/text/chat_template.h"
#include "core/text/response.h"
#include "core/torch.h"
#include "core/vision/patch_grid.h"

namespace lvr {
namespace {

// Where the prompt's last image ends: past its <|vision_end|>.
std::ptrdiff_t imageEnd(const std::vector<std::int64_t>& ids, std::int64_t imageTokenId) {
    const auto last = std::find(ids.rbegin(), ids.rend(), imageTokenId);
    return ids.rend() - last + 1;
}

class RowPlan {
public:
    RowPlan(const LvrCheckpoint& checkpoint, const TrainingRecord& record,
            const SftOptions& options, std::uint64_t seed, SftRow& row)
        : tokens_(checkpoint.rules.tokens),
          isInPlace_(checkpoint.rules.dialect.first == Dialect::First::InPlaceOfStart),
          record_(record),
          options_(options),
          rule_(parseRoiTokens(options.roiTokens)),
          random_(seed),
          row_(row) {}

    void addResponse(const std::vector<ResponsePiece>& pieces) {
        const bool thinks = options_.twin != Twin::Plain && options_.twin != Twin::Aux;
        if (options_.twin == Twin::Aux) addAuxTarget(pieces);
        const auto thoughts = std::count_if(pieces.begin(), pieces.end(),
                                            [](const auto& p) { return !p.targets.empty(); });
        for (const auto& piece : pieces) {
            if (thinks && !piece.targets.empty()) addThought(piece.targets, thoughts == 1);
            addText(piece);
        }
    }

private:
    using Targets = std::vector<std::vector<int>>;

    // <|lvr_start|>, a slot a target, perhaps <|lvr_latent_end|>, <|lvr_end|>. Of the slots the
    // natural ones are needed: the thought is over there, and beyond it the end is not asked for.
    // Where a dialect has its first latent in place of start, that is a slot and is said too.
    void addThought(const std::vector<int>& tokens, bool only) {
        auto targets = roiTargets(tokens, rule_);
        if (options_.twin == Twin::Markers) targets.clear();
        const auto natural = targets.size();
        const bool isLong = natural > 2 && record_.fill != FillSlots::Cycle;
        const float weight = isLong ? 1 : static_cast<float>(options_.shortThoughtWeight);
        // The latent end says that the thought is over; more slots would say that it is not.
        const bool mayGoOn = rule_ == RoiTokens{} && options_.latentEnd != LatentEnd::Vector;
        if (only && mayGoOn && natural > 0) addExtraSlots(targets);
        row_.targets += static_cast<int>(natural);

        const auto start = row_.ids.size();
        const bool inPlace = isInPlace_ && !targets.empty();
        const auto first = start + (inPlace ? 0 : 1);  // where latent 1 is fed
        if (start > 0 && row_.slots.empty() && natural > 0) {
            row_.gapFrom = first;
            row_.gap = below(options_.positionGap + 1);
        }
        supervise(tokens_.start);
        // Fillers stand at every latent's place, as they are fed in decoding.
        if (inPlace && options_.twin == Twin::Filler) {
            row_.labels.back().said = tokens_.start;
            row_.ids.back() = tokens_.latent;
        }
        for (std::size_t k = 0; k < targets.size(); ++k)
            row_.slots.push_back({first + k, targets[k], weight});
        for (std::size_t k = inPlace; natural > 0 && k <= natural; ++k)
            row_.stops.push_back({first + k - 1, k == natural ? 1.0F : 0.0F});
        row_.ids.insert(row_.ids.end(), targets.size() - inPlace, tokens_.latent);
        if (options_.twin == Twin::Masked) row_.masked.push_back(spanFrom(first, targets.size()));
        addLatentEnd();
        supervise(tokens_.end);
    }

    static PositionSpan spanFrom(std::size_t begin, std::size_t count) {
        return {static_cast<std::int64_t>(begin), static_cast<std::int64_t>(begin + count)};
    }

    void addLatentEnd() {
        if (options_.latentEnd == LatentEnd::Off || options_.twin == Twin::Markers) return;
        if (!tokens_.latentEnd) return;  // a dialect without one
        if (options_.latentEnd == LatentEnd::Token) return supervise(*tokens_.latentEnd);
        row_.latentEnds.push_back(row_.ids.size());
        row_.ids.push_back(*tokens_.latentEnd);
    }

    void addExtraSlots(Targets& targets) {
        if (uniform() >= options_.extraSlots) return;
        const bool cycles = record_.fill == FillSlots::Cycle;
        const auto natural = targets.size();
        const int extra = natural == 2 && cycles ? 2 : 1 + below(3);
        for (int i = 0; i < extra; ++i)
            targets.push_back(cycles ? targets[i % natural] : targets[natural - 1]);
    }

    // The state before the response is to be the region's mean; nothing is fed for it.
    void addAuxTarget(const std::vector<ResponsePiece>& pieces) {
        std::vector<int> all;
        for (const auto& piece : pieces)
            all.insert(all.end(), piece.targets.begin(), piece.targets.end());
        if (!all.empty()) row_.slots.push_back({row_.ids.size(), all, 1});
    }

    void addText(const ResponsePiece& piece) {
        for (std::size_t i = 0; i < piece.text.size(); ++i)
            row_.labels.push_back(
                {row_.ids.size() + i, i >= piece.answerBegin && i < piece.answerEnd});
        row_.ids.insert(row_.ids.end(), piece.text.begin(), piece.text.end());
    }

    void supervise(std::int64_t id) {
        row_.labels.push_back({row_.ids.size(), false});
        row_.ids.push_back(id);
    }

    double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
    int below(int count) { return std::min(count - 1, static_cast<int>(uniform() * count)); }

    LvrTokens tokens_;
    bool isInPlace_;
    const TrainingRecord& record_;
    const SftOptions& options_;
    RoiTokens rule_;
    std::mt19937_64 random_;
    SftRow& row_;
};

torch::Tensor longs(const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64);
}

// Means of the slots' visual tokens. [M, D]
torch::Tensor slotTargets(const SftBatch& batch) {
    std::vector<std::int64_t> first{0};  // of each picture, among the tokens of all
    for (const auto& features : batch.features) first.push_back(first.back() + features.size(0));
    std::vector<std::int64_t> slot, token;
    std::vector<float> share;
    for (std::size_t m = 0; m < batch.slotTokens.size(); ++m)
        for (const int t : batch.slotTokens[m]) {
            slot.push_back(static_cast<std::int64_t>(m));
            token.push_back(first[batch.slotPicture[m]] + t);
            share.push_back(1.0F / static_cast<float>(batch.slotTokens[m].size()));
        }
    const auto all = torch::cat(batch.features);
    const auto parts = all.index_select(0, longs(token).to(all.device())) *
                       torch::tensor(share).to(all.device(), all.scalar_type()).unsqueeze(1);
    return torch::zeros({std::ssize(batch.slotTokens), all.size(1)}, all.options())
        .index_add(0, longs(slot).to(all.device()), parts);
}

// What is supervised where, gathered row by row.
class BatchLists {
public:
    explicit BatchLists(SftBatch& batch) : batch_(batch) {}

    // first: place of the row's first id
    void add(const SftRow& row, std::size_t picture, std::int64_t first) {
        const auto at = [&](std::size_t index) { return first + static_cast<std::int64_t>(index); };
        for (const auto& slot : row.slots) {
            slots_.push_back(at(slot.at));
            weights_.push_back(slot.weight);
            batch_.slotTokens.push_back(slot.tokens);
            batch_.slotPicture.push_back(picture);
            batch_.slotKind.push_back(row.kind);
        }
        for (const auto end : row.latentEnds) latentEnds_.push_back(at(end));
        for (const auto& stop : row.stops) {
            stops_.push_back(at(stop.at));
            stopTargets_.push_back(stop.target);
        }
        for (const auto& label : row.labels) {
            labelAt_.push_back(at(label.at) - 1);
            labels_.push_back(label.said >= 0 ? label.said : row.ids[label.at]);
            batch_.isAnswer.push_back(label.isAnswer);
            batch_.labelOfRow.push_back(static_cast<int>(batch_.rowKind.size()));
        }
        batch_.rowKind.push_back(row.kind);
        batch_.rowTargets.push_back(row.targets);
    }

    void finish(torch::Device device) {
        batch_.slotAt = longs(slots_).to(device);
        batch_.slotTarget = slotTargets(batch_);
        batch_.slotWeight = torch::tensor(weights_, torch::kFloat32).to(device);
        batch_.latentEndAt = longs(latentEnds_).to(device);
        batch_.stopAt = longs(stops_).to(device);
        batch_.stopTarget = torch::tensor(stopTargets_, torch::kFloat32).to(device);
        batch_.labelAt = longs(labelAt_).to(device);
        batch_.label = longs(labels_).to(device);
    }

private:
    SftBatch& batch_;
    std::vector<std::int64_t> slots_, latentEnds_, stops_, labelAt_, labels_;
    std::vector<float> weights_, stopTargets_;
};

}  // namespace

SftRow planRow(const LvrCheckpoint& checkpoint, const TrainingSet& set, int index,
               const std::vector<PatchGrid>& grids, const SftOptions& options, std::uint64_t seed) {
    const auto& record = set.records[index];
    const auto prompt = checkpoint.prompt(grids, record.question);
    const auto images = prompt.begin() + imageEnd(prompt, checkpoint.model.config().imageTokenId);
    if (options.twin != Twin::Plain && options.twin != Twin::Aux) checkpoint.checkThinks();
    SftRow row{.record = index,
               .kind = set.kindOf[index],
               .prefix = {prompt.begin(), images},
               .ids = {images, prompt.end()}};
    const auto thin = options.thinBox == ThinBox::One ? EmptyBox::OneToken : EmptyBox::NoTokens;
    const auto boxes = tokensOfBoxes(record.boxes, grids, record.name, thin);
    RowPlan(checkpoint, record, options, seed, row)
        .addResponse(encodeResponse(checkpoint.tokenizer, record.response, boxes, record.name));
    return row;
}

SftBatch layOut(const LvrCheckpoint& checkpoint, const std::vector<SftPicture>& pictures) {
    SftBatch batch;
    BatchLists lists(batch);
    for (const auto& picture : pictures) {
        const auto& prefix = picture.rows.front().prefix;
        batch.features.push_back(picture.images.tokens);
        const auto number = batch.pack.add(
            PackedPrefix{prefix, picture.images,
                         ropeIndex(prefix, picture.images.grids, checkpoint.model.config())});
        for (const auto& row : picture.rows) {
            TORCH_CHECK(row.prefix == prefix, "rows of one picture must have the same prefix");
            const auto first =
                batch.pack.add(PackedRow{number, row.ids, row.gapFrom, row.gap, row.masked});
            lists.add(row, number, first);
        }
    }
    lists.finish(checkpoint.model.device());
    return batch;
}

std::int64_t positionsOf(const SftPicture& picture) {
    auto positions = std::ssize(picture.rows.front().prefix);
    for (const auto& row : picture.rows) positions += std::ssize(row.ids);
    return positions;
}

std::vector<std::vector<SftPicture>> split(std::vector<SftPicture> pictures, int most) {
    std::vector<std::vector<SftPicture>> parts;
    std::vector<std::int64_t> sizes;
    for (auto& picture : pictures) {
        const auto size = positionsOf(picture);
        std::size_t at = 0;
        while (at < parts.size() && sizes[at] + size > most) ++at;
        if (at == parts.size()) {
            parts.emplace_back();
            sizes.push_back(0);
        }
        sizes[at] += size;
        parts[at].push_back(std::move(picture));
    }
    return parts;
}

}  // namespace lvr
