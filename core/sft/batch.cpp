#include "core/sft/batch.h"

#include <algorithm>
#include <random>

#include "core/error.h"
#include "core/model/positions.h"
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
        if (start > 0 && row_.slots.empty() && natural > 0) {
            row_.gapFrom = start + 1;
            row_.gap = below(options_.positionGap + 1);
        }
        supervise(tokens_.start);
        for (std::size_t k = 0; k < targets.size(); ++k)
            row_.slots.push_back({start + 1 + k, targets[k], weight});
        for (std::size_t k = 0; natural > 0 && k <= natural; ++k)
            row_.stops.push_back({start + k, k == natural ? 1.0F : 0.0F});
        row_.ids.insert(row_.ids.end(), targets.size(), tokens_.latent);
        if (options_.twin == Twin::Masked)
            row_.masked.push_back({start + 1, start + 1 + targets.size()});
        addLatentEnd();
        supervise(tokens_.end);
    }

    void addLatentEnd() {
        if (options_.latentEnd == LatentEnd::Off || options_.twin == Twin::Markers) return;
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
    const TrainingRecord& record_;
    const SftOptions& options_;
    RoiTokens rule_;
    std::mt19937_64 random_;
    SftRow& row_;
};

torch::Tensor longs(const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64);
}

// Where something is, in rows laid out together.
struct Places {
    std::vector<std::int64_t> row, col;
    void add(std::size_t r, std::size_t c) {
        row.push_back(static_cast<std::int64_t>(r));
        col.push_back(static_cast<std::int64_t>(c));
    }
};

std::size_t longest(const std::vector<const SftRow*>& rows) {
    std::size_t most = 0;
    for (const auto* row : rows) most = std::max(most, row->ids.size());
    return most;
}

// A row's ids and positions, padded on the right to the longest. next: the position after the
// prefix.
void layOutRows(const std::vector<const SftRow*>& rows, std::int64_t padId, std::int64_t next,
                SftBatch& batch) {
    const auto width = longest(rows);
    batch.ids =
        torch::full({std::ssize(rows), static_cast<std::int64_t>(width)}, padId, torch::kInt64);
    auto positions = torch::empty_like(batch.ids);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& row = *rows[r];
        const auto at = static_cast<std::int64_t>(r);
        batch.ids[at].narrow(0, 0, std::ssize(row.ids)).copy_(longs(row.ids));
        auto* position = positions[at].data_ptr<std::int64_t>();
        for (std::size_t t = 0; t < width; ++t)
            position[t] = next + static_cast<std::int64_t>(t) + (t >= row.gapFrom ? row.gap : 0);
        batch.rowKind.push_back(row.kind);
        batch.rowTargets.push_back(row.targets);
    }
    batch.positions = positions.unsqueeze(0).expand({3, -1, -1});
}

// Means of the slots' visual tokens. [M, D]
torch::Tensor slotTargets(const std::vector<std::vector<int>>& tokens,
                          const std::vector<std::int64_t>& picture, const torch::Tensor& features) {
    std::vector<std::int64_t> slot, from, token;
    std::vector<float> share;
    for (std::size_t m = 0; m < tokens.size(); ++m) {
        for (const int t : tokens[m]) {
            slot.push_back(static_cast<std::int64_t>(m));
            from.push_back(picture[m]);
            token.push_back(t);
            share.push_back(1.0F / static_cast<float>(tokens[m].size()));
        }
    }
    const auto device = features.device();
    const auto parts = features.index({longs(from).to(device), longs(token).to(device)}) *
                       torch::tensor(share).to(device, features.scalar_type()).unsqueeze(1);
    return torch::zeros({std::ssize(tokens), features.size(2)}, features.options())
        .index_add(0, longs(slot).to(device), parts);
}

void listSlots(const std::vector<const SftRow*>& rows, const std::vector<std::int64_t>& rowPicture,
               SftBatch& batch) {
    Places slots, latentEnds;
    std::vector<std::int64_t> picture;
    std::vector<float> weight;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (const auto& slot : rows[r]->slots) {
            slots.add(r, slot.at);
            picture.push_back(rowPicture[r]);
            weight.push_back(slot.weight);
            batch.slotTokens.push_back(slot.tokens);
            batch.slotKind.push_back(rows[r]->kind);
        }
        for (const auto at : rows[r]->latentEnds) latentEnds.add(r, at);
    }
    batch.slotRow = longs(slots.row);
    batch.slotCol = longs(slots.col);
    batch.slotTarget = slotTargets(batch.slotTokens, picture, batch.features);
    batch.slotWeight = torch::tensor(weight, torch::kFloat32);
    batch.latentEndRow = longs(latentEnds.row);
    batch.latentEndCol = longs(latentEnds.col);
}

void listStops(const std::vector<const SftRow*>& rows, SftBatch& batch) {
    Places stops;
    std::vector<float> target;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (const auto& stop : rows[r]->stops) {
            stops.add(r, stop.at);
            target.push_back(stop.target);
        }
    }
    batch.stopRow = longs(stops.row);
    batch.stopCol = longs(stops.col);
    batch.stopTarget = torch::tensor(target, torch::kFloat32);
}

void listLabels(const std::vector<const SftRow*>& rows, SftBatch& batch) {
    Places labels;
    std::vector<std::int64_t> label;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (const auto& supervised : rows[r]->labels) {
            labels.add(r, supervised.at - 1);
            label.push_back(rows[r]->ids[supervised.at]);
            batch.isAnswer.push_back(supervised.isAnswer);
            batch.labelOfRow.push_back(static_cast<int>(r));
        }
    }
    batch.labelRow = longs(labels.row);
    batch.labelCol = longs(labels.col);
    batch.label = longs(label);
}

// A masked span is seen from within only.
torch::Tensor attention(const std::vector<const SftRow*>& rows, std::int64_t width) {
    const auto isMasked = [](const SftRow* row) { return !row->masked.empty(); };
    if (std::none_of(rows.begin(), rows.end(), isMasked)) return {};
    auto attends = torch::ones({std::ssize(rows), width, width}, torch::kBool).tril();
    for (std::size_t r = 0; r < rows.size(); ++r)
        for (const auto& span : rows[r]->masked) {
            const auto begin = static_cast<std::int64_t>(span.begin),
                       end = static_cast<std::int64_t>(span.end);
            attends[static_cast<std::int64_t>(r)]
                .narrow(0, end, width - end)
                .narrow(1, begin, end - begin)
                .fill_(false);
        }
    return attends;
}

void moveTo(torch::Device device, SftBatch& batch) {
    for (auto* tensor : {&batch.rowPicture, &batch.ids, &batch.positions, &batch.slotRow,
                         &batch.slotCol, &batch.slotWeight, &batch.latentEndRow,
                         &batch.latentEndCol, &batch.stopRow, &batch.stopCol, &batch.stopTarget,
                         &batch.labelRow, &batch.labelCol, &batch.label, &batch.prefixPositions})
        *tensor = tensor->to(device);
    if (batch.attends.defined()) batch.attends = batch.attends.to(device);
}

// Positions that are in memory together: the prefixes, and each row after its copy of one.
std::int64_t positionsOf(const SftPicture& picture) {
    std::int64_t prefix = 0, rows = 0;
    for (const auto& grid : picture.images.grids) prefix += grid.count();
    for (const auto& row : picture.rows) rows += prefix + std::ssize(row.ids);
    return prefix + rows;
}

bool goTogether(const SftPicture& a, const SftPicture& b) {
    return a.images.grids == b.images.grids && a.rows.front().prefix == b.rows.front().prefix;
}

}  // namespace

SftRow planRow(const LvrCheckpoint& checkpoint, const TrainingSet& set, int index,
               const std::vector<PatchGrid>& grids, const SftOptions& options, std::uint64_t seed) {
    const auto& record = set.records[index];
    const auto prompt = chatPrompt(checkpoint.tokenizer, grids, record.question);
    const auto images = prompt.begin() + imageEnd(prompt, checkpoint.model.config().imageTokenId);
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
    const auto& grids = pictures.front().images.grids;
    const auto& prefix = pictures.front().rows.front().prefix;
    std::vector<const SftRow*> rows;
    std::vector<std::int64_t> rowPicture;
    std::vector<torch::Tensor> features, prefixes;
    for (std::size_t p = 0; p < pictures.size(); ++p) {
        const auto& images = pictures[p].images;
        TORCH_CHECK(images.grids == grids, "pictures of one batch must have the same grids");
        features.push_back(images.tokens);
        prefixes.push_back(checkpoint.model.embedPrompt(prefix, images.tokens)[0]);
        for (const auto& row : pictures[p].rows) {
            TORCH_CHECK(row.prefix == prefix, "rows of one batch must have the same prefix");
            rows.push_back(&row);
            rowPicture.push_back(static_cast<std::int64_t>(p));
        }
    }
    const auto positions = ropeIndex(prefix, grids, checkpoint.model.config());

    SftBatch batch;
    batch.prefixEmbeddings = torch::stack(prefixes);
    batch.prefixPositions = positions.ids.unsqueeze(1).expand({3, std::ssize(pictures), -1});
    batch.rowPicture = longs(rowPicture);
    batch.features = torch::stack(features);
    layOutRows(rows, checkpoint.rules.padId, positions.next, batch);
    listSlots(rows, rowPicture, batch);
    listStops(rows, batch);
    listLabels(rows, batch);
    batch.attends = attention(rows, batch.ids.size(1));
    moveTo(checkpoint.model.device(), batch);
    return batch;
}

std::vector<std::vector<SftPicture>> split(std::vector<SftPicture> pictures, int most) {
    std::vector<std::vector<SftPicture>> parts;
    std::vector<std::int64_t> sizes;
    for (auto& picture : pictures) {
        const auto size = positionsOf(picture);
        std::size_t at = 0;
        while (at < parts.size() &&
               (!goTogether(parts[at].front(), picture) || sizes[at] + size > most))
            ++at;
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
