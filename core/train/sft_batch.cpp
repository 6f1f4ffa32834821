#include "core/train/sft_batch.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>

#include "core/model/positions.h"

namespace lvr {

// One row: question, <|lvr_start|>, the slots, <|lvr_end|>, response.
struct SftRow {
    const EncodedRecord* record = nullptr;
    std::vector<int> targets;  // one per slot
    std::size_t natural = 0;   // how many of them the question needs
    std::vector<std::int64_t> ids;
    int gap = 0;  // in the positions before the first slot
    std::size_t start() const { return record->question.size(); }  // of <|lvr_start|>
    std::size_t response() const { return ids.size() - record->response.size(); }
};

namespace {

constexpr double kPlainSlotWeight = 2;  // of a slot of a thought that is not the longest kind

torch::Tensor longs(const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64);
}

// A row's ids and positions, padded on the right to the longest. next: the position after the
// prefix.
void layOutRows(const std::vector<SftRow>& rows, std::int64_t padId, std::int64_t next,
                SftBatch& batch) {
    std::size_t longest = 0;
    for (const auto& row : rows) longest = std::max(longest, row.ids.size());
    batch.ids =
        torch::full({std::ssize(rows), static_cast<std::int64_t>(longest)}, padId, torch::kInt64);
    auto positions = torch::empty_like(batch.ids);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& row = rows[r];
        const auto at = static_cast<std::int64_t>(r);
        batch.ids[at].narrow(0, 0, std::ssize(row.ids)).copy_(longs(row.ids));
        auto* position = positions[at].data_ptr<std::int64_t>();
        for (std::size_t t = 0; t < longest; ++t)
            position[t] = next + static_cast<std::int64_t>(t) + (t > row.start() ? row.gap : 0);
        batch.rowKind.push_back(row.record->kind);
    }
    batch.positions = positions.unsqueeze(0).expand({3, -1, -1});
}

void listSlots(const std::vector<SftRow>& rows, SftBatch& batch) {
    std::vector<std::int64_t> slotRow, slotCol, slotTarget;
    std::vector<float> weight;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& row = rows[r];
        const bool single = row.natural <= 2 || row.record->fill == FillSlots::Cycle;
        for (std::size_t k = 0; k < row.targets.size(); ++k) {
            slotRow.push_back(static_cast<std::int64_t>(r));
            slotCol.push_back(static_cast<std::int64_t>(row.start() + 1 + k));
            slotTarget.push_back(row.targets[k]);
            weight.push_back(single ? kPlainSlotWeight : 1);
            batch.slotKind.push_back(row.record->kind);
        }
    }
    batch.slotRow = longs(slotRow);
    batch.slotCol = longs(slotCol);
    batch.slotTarget = longs(slotTarget);
    batch.slotWeight = torch::tensor(weight, torch::kFloat32);
}

// The thought is over at its last natural slot; extra slots are not asked.
void listStops(const std::vector<SftRow>& rows, SftBatch& batch) {
    std::vector<std::int64_t> stopRow, stopCol;
    std::vector<float> target;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& row = rows[r];
        for (std::size_t k = 0; k <= row.natural && !row.targets.empty(); ++k) {
            stopRow.push_back(static_cast<std::int64_t>(r));
            stopCol.push_back(static_cast<std::int64_t>(row.start() + k));
            target.push_back(k == row.natural ? 1 : 0);
        }
    }
    batch.stopRow = longs(stopRow);
    batch.stopCol = longs(stopCol);
    batch.stopTarget = torch::tensor(target, torch::kFloat32);
}

// Supervised: the thought's two markers and the response.
void listLabels(const std::vector<SftRow>& rows, SftBatch& batch) {
    std::vector<std::int64_t> labelRow, labelCol, label;
    std::vector<std::uint8_t> isAnswer;
    const auto supervise = [&](std::size_t r, std::size_t at, bool answer) {
        labelRow.push_back(static_cast<std::int64_t>(r));
        labelCol.push_back(static_cast<std::int64_t>(at) - 1);
        label.push_back(rows[r].ids[at]);
        isAnswer.push_back(answer);
    };
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& row = rows[r];
        if (!row.targets.empty()) {
            supervise(r, row.start(), false);
            supervise(r, row.response() - 1, false);
        }
        for (std::size_t i = 0; i < row.record->response.size(); ++i)
            supervise(r, row.response() + i,
                      i >= row.record->answerBegin && i < row.record->answerEnd);
    }
    batch.labelRow = longs(labelRow);
    batch.labelCol = longs(labelCol);
    batch.label = longs(label);
    batch.isAnswer = torch::tensor(isAnswer, torch::kUInt8).to(torch::kBool);
}

}  // namespace

SftSampler::SftSampler(const LvrCheckpoint& checkpoint, const EncodedSet& set,
                       const SftOptions& options)
    : checkpoint_(checkpoint),
      set_(set),
      options_(options),
      random_(at::detail::createCPUGenerator(options.seed)) {
    for (const auto& kind : set.kinds) {
        const auto known = options.kindWeights.find(kind);
        weights_.push_back(known == options.kindWeights.end() ? 1.0 : known->second);
    }
    for (std::size_t i = 0; i < set.pictures.size(); ++i)
        if (!set.pictures[i].records.empty()) order_.push_back(static_cast<int>(i));
    drawn_ = order_.size();
}

double SftSampler::uniform() { return torch::rand({}, random_, torch::kFloat64).item<double>(); }
int SftSampler::below(int count) {
    return std::min(count - 1, static_cast<int>(uniform() * count));
}

// Pictures in random order, each once before any again; a batch holds one grid size.
std::vector<int> SftSampler::drawPictures() {
    std::vector<int> drawn;
    PatchGrid grid;
    for (std::size_t looked = 0;
         static_cast<int>(drawn.size()) < options_.picturesPerStep && looked < order_.size();
         ++looked) {
        if (drawn_ >= order_.size()) {
            for (auto i = std::ssize(order_) - 1; i > 0; --i)
                std::swap(order_[i], order_[below(static_cast<int>(i) + 1)]);
            drawn_ = 0;
        }
        const int picture = order_[drawn_++];
        if (drawn.empty()) grid = set_.pictures[picture].grid;
        if (set_.pictures[picture].grid == grid) drawn.push_back(picture);
    }
    return drawn;
}

std::vector<int> SftSampler::drawRecords(const EncodedPicture& picture,
                                         const std::vector<double>& focus) {
    auto left = picture.records;
    std::vector<int> drawn;
    while (static_cast<int>(drawn.size()) < options_.questionsPerPicture && !left.empty()) {
        std::vector<double> present(weights_.size(), 0.0);
        for (const int record : left) present[set_.records[record].kind] = 1;
        for (std::size_t k = 0; k < present.size(); ++k) present[k] *= weights_[k] * focus[k];
        double at = uniform() * std::accumulate(present.begin(), present.end(), 0.0);
        std::size_t kind = 0;
        while (kind + 1 < present.size() && (at -= present[kind]) >= 0) ++kind;
        std::vector<int> ofKind;
        for (const int record : left)
            if (set_.records[record].kind == static_cast<int>(kind)) ofKind.push_back(record);
        if (ofKind.empty()) ofKind = left;  // only by rounding at the end of the range
        drawn.push_back(ofKind[below(static_cast<int>(ofKind.size()))]);
        std::erase(left, drawn.back());
    }
    return drawn;
}

SftRow SftSampler::plan(const EncodedRecord& record) {
    SftRow row{&record, record.targets, record.targets.size(), record.question, 0};
    if (options_.twin == Twin::Plain) row.targets.clear();
    row.natural = row.targets.size();
    if (row.natural > 0 && uniform() < options_.extraSlots) {
        const int extra = row.natural == 2 && record.fill == FillSlots::Cycle ? 2 : 1 + below(3);
        for (int i = 0; i < extra; ++i)
            row.targets.push_back(record.fill == FillSlots::Cycle ? record.targets[i % row.natural]
                                                                  : record.targets.back());
    }
    if (!row.targets.empty()) {
        row.gap = below(options_.positionGap + 1);
        const auto& tokens = checkpoint_.rules.tokens;
        row.ids.push_back(tokens.start);
        row.ids.insert(row.ids.end(), row.targets.size(), tokens.latent);
        row.ids.push_back(tokens.end);
    }
    row.ids.insert(row.ids.end(), record.response.begin(), record.response.end());
    return row;
}

SftBatch SftSampler::next(const std::vector<double>& focus) {
    const auto pictures = drawPictures();
    const auto grid = set_.pictures[pictures.front()].grid;
    const auto prefix = promptPrefix(checkpoint_, grid);
    std::vector<SftRow> rows;
    std::vector<std::int64_t> rowPicture;
    std::vector<torch::Tensor> features, prefixes;
    for (std::size_t p = 0; p < pictures.size(); ++p) {
        const auto& picture = set_.pictures[pictures[p]];
        features.push_back(picture.tokens);
        prefixes.push_back(checkpoint_.model.embedPrompt(prefix, picture.tokens)[0]);
        for (const int record : drawRecords(picture, focus)) {
            rows.push_back(plan(set_.records[record]));
            rowPicture.push_back(static_cast<std::int64_t>(p));
        }
    }
    const auto positions = ropeIndex(prefix, {grid}, checkpoint_.model.config());

    SftBatch batch;
    batch.prefixEmbeddings = torch::stack(prefixes);
    batch.prefixPositions = positions.ids.unsqueeze(1).expand({3, std::ssize(pictures), -1});
    batch.rowPicture = longs(rowPicture);
    batch.features = torch::stack(features);
    layOutRows(rows, checkpoint_.rules.padId, positions.next, batch);
    listSlots(rows, batch);
    listStops(rows, batch);
    listLabels(rows, batch);
    return batch;
}

}  // namespace lvr
