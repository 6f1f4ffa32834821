#include "core/train/sft_batch.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>

#include "core/model/positions.h"

namespace lvr {

// One row: the question, then the response's thoughts and texts.
struct SftRow {
    struct Slot {
        std::size_t at = 0;  // where the latent is fed
        int target = 0;
        float weight = 1;
    };
    struct Stop {
        std::size_t at = 0;
        float target = 0;
    };
    struct Label {
        std::size_t at = 0;  // of the supervised id
        bool isAnswer = false;
    };
    int kind = 0;
    std::vector<std::int64_t> ids;
    std::vector<Slot> slots;
    std::vector<Stop> stops;
    std::vector<Label> labels;
    std::size_t gapFrom = 0;  // positions jump by `gap` here
    int gap = 0;

    // <|lvr_start|>, a slot a target, <|lvr_end|>. Of the targets the first `natural` are needed:
    // the thought is over there, and on slots beyond it the end is not asked for.
    void addThought(const std::vector<int>& targets, std::size_t natural, float weight,
                    const LvrTokens& tokens) {
        const auto start = ids.size();
        labels.push_back({start, false});
        ids.push_back(tokens.start);
        for (std::size_t k = 0; k < targets.size(); ++k)
            slots.push_back({start + 1 + k, targets[k], weight});
        for (std::size_t k = 0; k <= natural; ++k)
            stops.push_back({start + k, k == natural ? 1.0F : 0.0F});
        ids.insert(ids.end(), targets.size(), tokens.latent);
        labels.push_back({ids.size(), false});
        ids.push_back(tokens.end);
    }
    void addText(const ResponsePiece& piece) {
        for (std::size_t i = 0; i < piece.text.size(); ++i)
            labels.push_back({ids.size() + i, i >= piece.answerBegin && i < piece.answerEnd});
        ids.insert(ids.end(), piece.text.begin(), piece.text.end());
    }
};

namespace {

constexpr float kPlainSlotWeight = 2;  // of a slot of a thought that is not the longest kind

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
            position[t] = next + static_cast<std::int64_t>(t) + (t >= row.gapFrom ? row.gap : 0);
        batch.rowKind.push_back(row.kind);
    }
    batch.positions = positions.unsqueeze(0).expand({3, -1, -1});
}

void listSlots(const std::vector<SftRow>& rows, SftBatch& batch) {
    std::vector<std::int64_t> slotRow, slotCol, slotTarget;
    std::vector<float> weight;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (const auto& slot : rows[r].slots) {
            slotRow.push_back(static_cast<std::int64_t>(r));
            slotCol.push_back(static_cast<std::int64_t>(slot.at));
            slotTarget.push_back(slot.target);
            weight.push_back(slot.weight);
            batch.slotKind.push_back(rows[r].kind);
        }
    }
    batch.slotRow = longs(slotRow);
    batch.slotCol = longs(slotCol);
    batch.slotTarget = longs(slotTarget);
    batch.slotWeight = torch::tensor(weight, torch::kFloat32);
}

void listStops(const std::vector<SftRow>& rows, SftBatch& batch) {
    std::vector<std::int64_t> stopRow, stopCol;
    std::vector<float> target;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (const auto& stop : rows[r].stops) {
            stopRow.push_back(static_cast<std::int64_t>(r));
            stopCol.push_back(static_cast<std::int64_t>(stop.at));
            target.push_back(stop.target);
        }
    }
    batch.stopRow = longs(stopRow);
    batch.stopCol = longs(stopCol);
    batch.stopTarget = torch::tensor(target, torch::kFloat32);
}

void listLabels(const std::vector<SftRow>& rows, SftBatch& batch) {
    std::vector<std::int64_t> labelRow, labelCol, label;
    std::vector<std::uint8_t> isAnswer;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (const auto& supervised : rows[r].labels) {
            labelRow.push_back(static_cast<std::int64_t>(r));
            labelCol.push_back(static_cast<std::int64_t>(supervised.at) - 1);
            label.push_back(rows[r].ids[supervised.at]);
            isAnswer.push_back(supervised.isAnswer);
        }
    }
    batch.labelRow = longs(labelRow);
    batch.labelCol = longs(labelCol);
    batch.label = longs(label);
    batch.isAnswer = torch::tensor(isAnswer, torch::kUInt8).to(torch::kBool);
}

std::size_t countThoughts(const EncodedRecord& record) {
    return std::count_if(record.response.begin(), record.response.end(),
                         [](const ResponsePiece& piece) { return !piece.targets.empty(); });
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
        if (!set.pictures[i].records.empty()) order_.push_back(static_cast<std::int64_t>(i));
    drawn_ = std::ssize(order_);
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
        if (drawn_ >= std::ssize(order_)) {
            for (auto i = std::ssize(order_) - 1; i > 0; --i)
                std::swap(order_[i], order_[below(static_cast<int>(i) + 1)]);
            drawn_ = 0;
        }
        const int picture = static_cast<int>(order_[drawn_++]);
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
    SftRow row{.kind = record.kind, .ids = record.question};
    const auto thoughts = options_.twin == Twin::Plain ? 0 : countThoughts(record);
    for (const auto& piece : record.response) {
        if (thoughts > 0 && !piece.targets.empty()) {
            const auto natural = piece.targets.size();
            const bool single = natural <= 2 || record.fill == FillSlots::Cycle;
            const auto targets =
                thoughts == 1 ? withExtraSlots(piece.targets, record.fill) : piece.targets;
            if (row.slots.empty()) {
                row.gapFrom = row.ids.size() + 1;
                row.gap = below(options_.positionGap + 1);
            }
            row.addThought(targets, natural, single ? kPlainSlotWeight : 1,
                           checkpoint_.rules.tokens);
        }
        row.addText(piece);
    }
    return row;
}

void SftSampler::save(TrainState& state) const {
    state.tensors["sampler/order"] = longs(order_);
    state.tensors["sampler/drawn"] = longs({drawn_});
    state.tensors["sampler/generator"] = random_.get_state();
}

void SftSampler::load(const TrainState& state) {
    const auto& order = state.tensor("sampler/order");
    order_.assign(order.data_ptr<std::int64_t>(), order.data_ptr<std::int64_t>() + order.numel());
    drawn_ = state.tensor("sampler/drawn").item<std::int64_t>();
    random_.set_state(state.tensor("sampler/generator"));
}

std::vector<int> SftSampler::withExtraSlots(std::vector<int> targets, FillSlots fill) {
    if (uniform() >= options_.extraSlots) return targets;
    const auto natural = targets.size();
    const int extra = natural == 2 && fill == FillSlots::Cycle ? 2 : 1 + below(3);
    for (int i = 0; i < extra; ++i)
        targets.push_back(fill == FillSlots::Cycle ? targets[i % natural] : targets[natural - 1]);
    return targets;
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
