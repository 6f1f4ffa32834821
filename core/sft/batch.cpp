#include "core/sft/batch.h"

#include <algorithm>

#include "core/model/positions.h"
#include "core/torch.h"

namespace lvr {
namespace {

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

void moveTo(torch::Device device, SftBatch& batch) {
    for (auto* tensor : {&batch.rowPicture, &batch.ids, &batch.positions, &batch.slotRow,
                         &batch.slotCol, &batch.slotWeight, &batch.latentEndRow,
                         &batch.latentEndCol, &batch.stopRow, &batch.stopCol, &batch.stopTarget,
                         &batch.labelRow, &batch.labelCol, &batch.label, &batch.prefixPositions})
        *tensor = tensor->to(device);
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
