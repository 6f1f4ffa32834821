#include "core/train/sft_batch.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>

#include "core/model/positions.h"

namespace lvr {

// One row: question, <|lvr_start|>, the slots, <|lvr_end|>, response.
struct SftSampler::RowPlan {
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

struct Lists {
    std::vector<std::int64_t> slotRow, slotCol, slotTarget, stopRow, stopCol, labelRow, labelCol,
        label;
    std::vector<float> slotWeight, stopTarget;
    std::vector<std::uint8_t> isAnswer;
};

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

SftSampler::RowPlan SftSampler::plan(const EncodedRecord& record) {
    RowPlan row{&record, record.targets, record.targets.size(), record.question, 0};
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
    std::vector<RowPlan> rows;
    std::vector<std::int64_t> rowPicture;
    std::vector<torch::Tensor> features, prefixes;
    const auto grid = set_.pictures[pictures.front()].grid;
    const auto prefix = promptPrefix(checkpoint_, grid);
    for (std::size_t p = 0; p < pictures.size(); ++p) {
        const auto& picture = set_.pictures[pictures[p]];
        features.push_back(picture.tokens);
        prefixes.push_back(checkpoint_.model.embedPrompt(prefix, picture.tokens)[0]);
        for (const int record : drawRecords(picture, focus)) {
            rows.push_back(plan(set_.records[record]));
            rowPicture.push_back(static_cast<std::int64_t>(p));
        }
    }
    const auto prefixPositions = ropeIndex(prefix, {grid}, checkpoint_.model.config());
    std::size_t longest = 0;
    for (const auto& row : rows) longest = std::max(longest, row.ids.size());

    SftBatch batch;
    Lists lists;
    batch.prefixEmbeddings = torch::stack(prefixes);
    batch.prefixPositions = prefixPositions.ids.unsqueeze(1).expand({3, std::ssize(pictures), -1});
    batch.rowPicture = longs(rowPicture);
    batch.features = torch::stack(features);
    batch.ids = torch::full({std::ssize(rows), static_cast<std::int64_t>(longest)},
                            checkpoint_.rules.padId, torch::kInt64);
    auto positions =
        torch::empty({std::ssize(rows), static_cast<std::int64_t>(longest)}, torch::kInt64);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& row = rows[r];
        const auto R = static_cast<std::int64_t>(r);
        batch.rowKind.push_back(row.record->kind);
        batch.ids[R].narrow(0, 0, std::ssize(row.ids)).copy_(longs(row.ids));
        auto* position = positions[R].data_ptr<std::int64_t>();
        for (std::size_t t = 0; t < longest; ++t)
            position[t] = prefixPositions.next + static_cast<std::int64_t>(t) +
                          (t > row.start() ? row.gap : 0);
        const bool single = row.natural <= 2 || row.record->fill == FillSlots::Cycle;
        for (std::size_t k = 0; k < row.targets.size(); ++k) {
            const auto col = static_cast<std::int64_t>(row.start() + 1 + k);
            lists.slotRow.push_back(R);
            lists.slotCol.push_back(col);
            lists.slotTarget.push_back(row.targets[k]);
            lists.slotWeight.push_back(single ? kPlainSlotWeight : 1);
            batch.slotKind.push_back(row.record->kind);
        }
        for (std::size_t k = 0; k <= row.natural && !row.targets.empty(); ++k) {
            lists.stopRow.push_back(R);
            lists.stopCol.push_back(static_cast<std::int64_t>(row.start() + k));
            lists.stopTarget.push_back(k == row.natural ? 1 : 0);
        }
        const auto supervise = [&](std::size_t at, bool answer) {
            lists.labelRow.push_back(R);
            lists.labelCol.push_back(static_cast<std::int64_t>(at) - 1);
            lists.label.push_back(row.ids[at]);
            lists.isAnswer.push_back(answer);
        };
        if (!row.targets.empty()) {
            supervise(row.start(), false);
            supervise(row.response() - 1, false);
        }
        for (std::size_t i = 0; i < row.record->response.size(); ++i)
            supervise(row.response() + i,
                      i >= row.record->answerBegin && i < row.record->answerEnd);
    }
    batch.positions = positions.unsqueeze(0).expand({3, -1, -1});
    batch.slotRow = longs(lists.slotRow);
    batch.slotCol = longs(lists.slotCol);
    batch.slotTarget = longs(lists.slotTarget);
    batch.slotWeight = torch::tensor(lists.slotWeight, torch::kFloat32);
    batch.stopRow = longs(lists.stopRow);
    batch.stopCol = longs(lists.stopCol);
    batch.stopTarget = torch::tensor(lists.stopTarget, torch::kFloat32);
    batch.labelRow = longs(lists.labelRow);
    batch.labelCol = longs(lists.labelCol);
    batch.label = longs(lists.label);
    batch.isAnswer = torch::tensor(lists.isAnswer, torch::kUInt8).to(torch::kBool);
    return batch;
}

}  // namespace lvr
