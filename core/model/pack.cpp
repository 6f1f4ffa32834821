#include "core/model/pack.h"

#include "core/torch.h"

namespace lvr {
namespace {

std::vector<PositionSpan> spansOf(const std::vector<PackedPrefix>& prefixes) {
    std::vector<PositionSpan> spans;
    std::int64_t at = 0;
    for (const auto& prefix : prefixes) {
        spans.push_back({at, at + std::ssize(prefix.ids)});
        at = spans.back().end;
    }
    return spans;
}

Segments segmentsOf(const std::vector<PackedPrefix>& prefixes, torch::Device device) {
    std::vector<Segment> all;
    for (const auto& prefix : prefixes) all.push_back({std::ssize(prefix.ids)});
    return {all, device};
}

Segments segmentsOf(const Pack& pack, torch::Device device) {
    const auto prefixes = spansOf(pack.prefixes());
    std::vector<Segment> all;
    for (const auto& row : pack.rows())
        all.push_back({std::ssize(row.ids), prefixes[row.prefix], row.masked});
    return {all, device};
}

template <class Text>
std::vector<std::int64_t> packedIds(const std::vector<Text>& texts) {
    std::vector<std::int64_t> all;
    for (const auto& text : texts) all.insert(all.end(), text.ids.begin(), text.ids.end());
    return all;
}

// Back to back in one row.
Sequence sequenceOf(const LvrModel& model, const std::vector<PackedPrefix>& prefixes) {
    std::vector<VisualTokens> images;
    std::vector<torch::Tensor> positions;
    for (const auto& prefix : prefixes) {
        images.push_back(prefix.images);
        positions.push_back(prefix.positions.ids);
    }
    return model.sequence(packedIds(prefixes), joined(images), torch::cat(positions, 1));
}

torch::Tensor positionsOf(const PackedRow& row, std::int64_t next) {
    auto positions = torch::arange(next, next + std::ssize(row.ids), torch::kInt64);
    const auto from = static_cast<std::int64_t>(row.gapFrom);
    if (row.gap > 0 && from < positions.size(0))
        positions.narrow(0, from, positions.size(0) - from).add_(row.gap);
    return positions;
}

}  // namespace

std::size_t Pack::add(PackedPrefix prefix) {
    TORCH_CHECK(!prefix.ids.empty() && prefix.positions.ids.size(1) == std::ssize(prefix.ids),
                "a prefix of ", prefix.ids.size(), " ids, positions ",
                prefix.positions.ids.sizes());
    prefixPositions_ += std::ssize(prefix.ids);
    prefixes_.push_back(std::move(prefix));
    return prefixes_.size() - 1;
}

std::int64_t Pack::add(PackedRow row) {
    TORCH_CHECK(row.prefix < prefixes_.size(), "a row of prefix ", row.prefix, " of ",
                prefixes_.size());
    const auto first = rowPositions_;
    rowPositions_ += std::ssize(row.ids);
    rows_.push_back(std::move(row));
    return first;
}

PackReading::PackReading(const LvrModel& model, const Pack& pack)
    : model_(model),
      ids_(torch::tensor(packedIds(pack.rows()), torch::kInt64).to(model.device())),
      rows_(segmentsOf(pack, model.device())) {
    std::vector<torch::Tensor> ofRows;
    for (const auto& row : pack.rows())
        ofRows.push_back(positionsOf(row, pack.prefixes()[row.prefix].positions.next));
    positions_ = torch::cat(ofRows).expand({3, -1}).to(model.device());
    const auto segments = segmentsOf(pack.prefixes(), model.device());
    model.hidden(sequenceOf(model, pack.prefixes()),
                 {.cache = &prefixes_, .segments = &segments, .onlyCache = true});
}

torch::Tensor PackReading::hidden(const std::vector<PackedVectors>& vectors) const {
    auto embeddings = model_.embed(ids_);
    for (const auto& [at, given] : vectors)
        if (at.numel() > 0)
            embeddings = embeddings.index_copy(
                0, at, given.to(embeddings.scalar_type()).expand({at.size(0), -1}));
    return model_.hidden({embeddings.unsqueeze(0), positions_.unsqueeze(1)},
                         {.past = &prefixes_, .segments = &rows_})[0];
}

}  // namespace lvr
