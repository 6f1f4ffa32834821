#include "core/decode/answer_scores.h"

#include <algorithm>
#include <map>

#include "core/torch.h"

namespace lvr {
namespace {

// Which read positions tell what a branch is asked for.
struct BranchPlaces {
    std::int64_t line = 0;                         // of the pass' batch
    std::int64_t firstWord = 0;                    // position in that line
    std::vector<std::vector<std::int64_t>> later;  // per candidate, of its ids from the second on
};

// All branches of one row, laid side by side.
struct BranchLine {
    std::int64_t row = 0;
    Ids ids, positions;
    std::vector<torch::Tensor> sees;                // per position: [S]
    std::vector<std::vector<std::int64_t>> beside;  // per position: which of the line it sees
};

class BranchLayout {
public:
    BranchLayout(const std::vector<AnswerBranch>& branches, const std::vector<Ids>& candidates) {
        for (const auto& branch : branches) places_.push_back(place(branch, candidates));
    }
    const std::vector<BranchLine>& lines() const { return lines_; }
    const std::vector<BranchPlaces>& places() const { return places_; }

    std::int64_t width() const {
        std::size_t widest = 0;
        for (const auto& line : lines_) widest = std::max(widest, line.ids.size());
        return static_cast<std::int64_t>(widest);
    }

private:
    BranchPlaces place(const AnswerBranch& branch, const std::vector<Ids>& candidates) {
        TORCH_CHECK(!branch.before.empty(), "a branch needs a word before the answer");
        BranchPlaces places{.line = lineOf(branch.row)};
        auto& line = lines_[places.line];
        std::vector<std::int64_t> seen;
        for (const auto id : branch.before) seen = append(line, branch, id, std::move(seen));
        places.firstWord = seen.back();
        for (const auto& candidate : candidates) {
            auto& later = places.later.emplace_back();
            auto said = seen;
            for (std::size_t i = 0; i + 1 < candidate.size(); ++i) {
                said = append(line, branch, candidate[i], std::move(said));
                later.push_back(said.back());
            }
        }
        return places;
    }

    // seen: those of the branch before it -> with itself
    static std::vector<std::int64_t> append(BranchLine& line, const AnswerBranch& branch,
                                            std::int64_t id, std::vector<std::int64_t> seen) {
        line.positions.push_back(branch.position + std::ssize(seen));
        seen.push_back(std::ssize(line.ids));
        line.ids.push_back(id);
        line.sees.push_back(branch.sees);
        line.beside.push_back(seen);
        return seen;
    }

    std::int64_t lineOf(std::int64_t row) {
        const auto [at, isNew] = of_.emplace(row, std::ssize(lines_));
        if (isNew) lines_.emplace_back().row = row;
        return at->second;
    }

    std::map<std::int64_t, std::int64_t> of_;
    std::vector<BranchLine> lines_;
    std::vector<BranchPlaces> places_;
};

torch::Tensor branchIds(const std::vector<BranchLine>& lines, std::int64_t width) {
    auto ids = torch::zeros({std::ssize(lines), width}, torch::kInt64);
    for (std::size_t l = 0; l < lines.size(); ++l)
        ids[l].narrow(0, 0, std::ssize(lines[l].ids)).copy_(torch::tensor(lines[l].ids));
    return ids;
}

torch::Tensor branchPositions(const std::vector<BranchLine>& lines, std::int64_t width) {
    auto positions = torch::zeros({std::ssize(lines), width}, torch::kInt64);
    for (std::size_t l = 0; l < lines.size(); ++l)
        positions[l]
            .narrow(0, 0, std::ssize(lines[l].positions))
            .copy_(torch::tensor(lines[l].positions));
    return positions.unsqueeze(0).expand({3, -1, -1});
}

// [L, 1, T, S + T]; a position that fills up a line sees itself.
torch::Tensor branchMask(const std::vector<BranchLine>& lines, std::int64_t width,
                         std::int64_t cached) {
    auto mask = torch::zeros({std::ssize(lines), width, cached + width}, torch::kBool);
    auto flat = mask.accessor<bool, 3>();
    for (std::int64_t l = 0; l < std::ssize(lines); ++l) {
        const auto& line = lines[l];
        for (std::int64_t t = 0; t < std::ssize(line.ids); ++t) {
            mask[l][t].narrow(0, 0, cached).copy_(line.sees[t]);
            for (const auto other : line.beside[t]) flat[l][t][cached + other] = true;
        }
        for (auto t = std::ssize(line.ids); t < width; ++t) flat[l][t][cached + t] = true;
    }
    return mask.unsqueeze(1);
}

// The rows that have branches; what is read of them afterwards does not reach the original.
KvCache branchRows(const KvCache& cache, const std::vector<BranchLine>& lines, std::int64_t width,
                   torch::Device device) {
    std::vector<std::int64_t> rows;
    for (const auto& line : lines) rows.push_back(line.row);
    return cache.ahead(torch::tensor(rows).to(device), width);
}

// Hidden states at the wanted (line, position) pairs, in log probabilities. -> [n, V] float32, CPU
torch::Tensor logProbabilitiesAt(const LvrModel& model, const torch::Tensor& hidden,
                                 const std::vector<std::int64_t>& flatPlaces) {
    const auto at = torch::tensor(flatPlaces).to(hidden.device());
    const auto wanted = hidden.flatten(0, 1).index_select(0, at);
    return model.logits(wanted).to(torch::kFloat32).log_softmax(-1).to(torch::kCPU);
}

AnswerScores scoresOf(const torch::Tensor& logProbabilities, const std::vector<Ids>& candidates,
                      std::int64_t first) {
    AnswerScores scores{.firstWord = logProbabilities[first]};
    auto next = first + 1;
    for (const auto& candidate : candidates) {
        double sum = scores.firstWord[candidate.front()].item<double>();
        for (std::size_t i = 1; i < candidate.size(); ++i)
            sum += logProbabilities[next++][candidate[i]].item<double>();
        scores.candidates.push_back(sum);
    }
    return scores;
}

}  // namespace

std::int64_t positionsOf(const AnswerBranch& branch, const std::vector<Ids>& candidates) {
    auto count = std::ssize(branch.before);
    for (const auto& candidate : candidates) count += std::ssize(candidate) - 1;
    return count;
}

std::vector<AnswerScores> scoreAnswers(const LvrModel& model, const KvCache& cache,
                                       const std::vector<AnswerBranch>& branches,
                                       const std::vector<Ids>& candidates, const PassWatch& watch,
                                       BranchReading* record) {
    if (branches.empty()) return {};
    const c10::InferenceMode inference;
    const BranchLayout layout(branches, candidates);
    const auto& lines = layout.lines();
    const auto width = layout.width();
    auto ahead = branchRows(cache, lines, width, model.device());
    std::vector<torch::Tensor> attention;
    const Context context{.cache = &ahead,
                          .mask = branchMask(lines, width, cache.length()).to(model.device()),
                          .watch = &watch,
                          .attention = record && record->wantsAttention ? &attention : nullptr};
    const auto hidden = model.hidden(
        {model.embed(branchIds(lines, width)), branchPositions(lines, width)}, context);
    if (watch.stop.stop_requested()) return {};
    std::vector<std::int64_t> wanted, firsts;
    for (const auto& place : layout.places()) {
        firsts.push_back(std::ssize(wanted));
        wanted.push_back(place.line * width + place.firstWord);
        for (const auto& later : place.later)
            for (const auto at : later) wanted.push_back(place.line * width + at);
    }
    const auto logProbabilities = logProbabilitiesAt(model, hidden, wanted);
    std::vector<AnswerScores> all;
    for (std::size_t b = 0; b < branches.size(); ++b) {
        const auto& place = layout.places()[b];
        all.push_back(scoresOf(logProbabilities, candidates, firsts[b]));
        all.back().state = hidden[place.line][place.firstWord].to(torch::kCPU, torch::kFloat32);
    }
    if (record) {
        record->positions += std::ssize(lines) * width;
        record->attention = std::move(attention);
        record->firstWordAt.clear();
        for (const auto& place : layout.places()) record->firstWordAt.push_back(place.firstWord);
    }
    return all;
}

}  // namespace lvr
