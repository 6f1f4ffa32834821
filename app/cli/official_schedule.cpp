#include "app/cli/official_schedule.h"

#include <algorithm>

#include "core/decode/decoder.h"
#include "core/decode/prompt_batch.h"
#include "core/grpo/replay.h"
#include "core/model/positions.h"
#include "core/torch.h"

namespace lvr {
namespace {

// Texts in one pass as the published collator has them: padded on the right to the longest.
class PaddedRows {
public:
    // What is read after a prefix. embeddings: [T, D]; positions: [T]
    void add(const Sequence& prefix, const torch::Tensor& embeddings,
             const torch::Tensor& positions) {
        const auto& row = rows_.emplace_back(
            Sequence{torch::cat({prefix.embeddings[0], embeddings}),
                     torch::cat({prefix.positions.select(1, 0), positions.expand({3, -1})}, 1),
                     prefix.deepstack});
        longest_ = std::max(longest_, row.embeddings.size(0));
    }
    std::int64_t longest() const { return longest_; }
    // Of all positions, padding too. [B, T, D]
    torch::Tensor hidden(const LvrModel& model) const {
        std::vector<torch::Tensor> wide, places, at, features;
        for (const auto& row : rows_) {
            const auto missing = longest_ - row.embeddings.size(0);
            if (row.deepstack.values.defined()) {
                at.push_back(row.deepstack.at + std::ssize(wide) * longest_);
                features.push_back(row.deepstack.values);
            }
            wide.push_back(torch::constant_pad_nd(row.embeddings, {0, 0, 0, missing}));
            places.push_back(torch::constant_pad_nd(row.positions, {0, missing}));
        }
        Sequence all{torch::stack(wide), torch::stack(places, 1)};
        if (!at.empty()) all.deepstack = {torch::cat(at), torch::cat(features, 1)};
        return model.hidden(all);
    }

private:
    std::vector<Sequence> rows_;  // [T, D] and [3, T]
    std::int64_t longest_ = 0;
};

// Log-probabilities of all ids at all positions in float32, as a copy that is moved by one.
// [B * T, V]
torch::Tensor allLogProbabilities(const LvrModel& model, const torch::Tensor& hidden,
                                  double temperature) {
    const auto logits = model.logits(hidden).to(torch::kFloat32);
    return (logits.flatten(0, 1).clone() / temperature).log_softmax(-1);
}

// A question with an encoding of its picture of its own.
struct WholeRow {
    const SftRow* row = nullptr;
    VisualTokens images;
    std::int64_t length() const { return std::ssize(row->prefix) + std::ssize(row->ids); }
};

// row, among the positions of `batch`: its prefix is put before it again.
void addWhole(const LvrModel& model, const SftBatch& batch, std::size_t number, std::int64_t first,
              PaddedRows& to) {
    const auto& row = batch.pack.rows()[number];
    const auto& prefix = batch.pack.prefixes()[row.prefix];
    const auto count = std::ssize(row.ids);
    auto embeddings = model.embed(torch::tensor(row.ids));
    const auto isHere = (batch.slotAt >= first) & (batch.slotAt < first + count);
    const auto slots = isHere.nonzero().flatten();
    if (slots.numel() > 0)
        embeddings = embeddings.index_copy(0, batch.slotAt.index_select(0, slots) - first,
                                           batch.slotTarget.index_select(0, slots));
    auto positions = torch::arange(prefix.positions.next, prefix.positions.next + count);
    const auto from = static_cast<std::int64_t>(row.gapFrom);
    if (from < count) positions.narrow(0, from, count - from).add_(row.gap);
    to.add(model.sequence(prefix.ids, prefix.images, prefix.positions.ids), embeddings, positions);
}

double officialPass(const LvrCheckpoint& checkpoint, const std::vector<WholeRow>& rows,
                    const SftOptions& options, const SftTotals& totals) {
    std::vector<SftPicture> each;
    int kinds = 1;
    for (const auto& whole : rows) {
        each.push_back({whole.images, {*whole.row}});
        kinds = std::max(kinds, whole.row->kind + 1);
    }
    const auto batch = layOut(checkpoint, each);
    PaddedRows padded;
    std::int64_t first = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        addWhole(checkpoint.model, batch, r, first, padded);
        first += std::ssize(rows[r].row->ids);
    }
    std::vector<std::int64_t> places;  // of the rows' positions among all that are padded
    for (std::size_t r = 0; r < rows.size(); ++r)
        for (std::int64_t t = 0; t < std::ssize(rows[r].row->ids); ++t)
            places.push_back(static_cast<std::int64_t>(r) * padded.longest() +
                             std::ssize(rows[r].row->prefix) + t);
    const auto at = torch::tensor(places);
    const auto hidden = padded.hidden(checkpoint.model);
    const auto all = allLogProbabilities(checkpoint.model, hidden, 1);
    const auto said = all.index_select(0, at.index_select(0, batch.labelAt));
    const auto value = said.gather(1, batch.label.unsqueeze(1)).squeeze(1);
    const auto pass =
        lossesOf(checkpoint, batch, hidden.flatten(0, 1).index_select(0, at),
                 {value, said.argmax(-1) == batch.label, {}},
                 std::vector<double>(static_cast<std::size_t>(kinds), 1.0), options, totals);
    pass.loss.backward();
    return pass.loss.item<double>();
}

// Completions side by side, what was fed at their positions.
torch::Tensor fedAt(const LvrModel& model, const RowResult& row) {
    auto embeddings = model.embed(torch::tensor(row.ids)).clone();
    std::int64_t latent = 0;
    for (std::size_t c = 0; c < row.ids.size(); ++c)
        if (row.isLatent[c]) embeddings[static_cast<std::int64_t>(c)].copy_(row.latents[latent++]);
    return embeddings;
}

std::int64_t longestOf(const std::vector<RowResult>& rows) {
    std::int64_t longest = 0;
    for (const auto& row : rows) longest = std::max<std::int64_t>(longest, std::ssize(row.ids));
    return longest;
}

}  // namespace

double officialSftStep(const LvrCheckpoint& checkpoint, const std::vector<Pixels>& pixels,
                       const std::vector<SftPicture>& pictures, const SftOptions& options,
                       int most) {
    SftTotals totals;
    for (const auto& picture : pictures)
        for (const auto& row : picture.rows) totals.add(row);
    double loss = 0;
    std::vector<WholeRow> rows;
    std::int64_t longest = 0;
    const auto learn = [&] {
        if (!rows.empty()) loss += officialPass(checkpoint, rows, options, totals);
        rows.clear();
        longest = 0;
    };
    for (std::size_t p = 0; p < pictures.size(); ++p)
        for (const auto& row : pictures[p].rows) {
            const torch::NoGradGuard off;
            WholeRow whole{&row, checkpoint.model.visualTokens(pixels[p])};
            const auto width = std::max(longest, whole.length());
            if (width * (std::ssize(rows) + 1) > most) {
                const torch::AutoGradMode on(true);
                learn();
            }
            longest = std::max(longest, whole.length());
            rows.push_back(std::move(whole));
        }
    learn();
    return loss;
}

std::vector<Prompt> officialPrompts(const LvrCheckpoint& checkpoint, const Pixels& pixels,
                                    const std::string& question, int copies) {
    std::vector<Prompt> prompts;
    for (int i = 0; i < copies; ++i)
        prompts.push_back(buildPrompt(checkpoint, checkpoint.model.visualTokens(pixels), question,
                                      SpanStart::Sampled));
    return prompts;
}

torch::Tensor officialTokenByToken(const LvrModel& model, const std::vector<Prompt>& prompts,
                                   const std::vector<RowResult>& rows, double temperature) {
    const auto count = std::ssize(rows), longest = longestOf(rows);
    std::vector<torch::Tensor> fed;
    auto label = torch::zeros({count, longest}, torch::kInt64);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        fed.push_back(torch::constant_pad_nd(fedAt(model, rows[r]),
                                             {0, 0, 0, longest - std::ssize(rows[r].ids)}));
        label[static_cast<std::int64_t>(r)]
            .narrow(0, 0, std::ssize(rows[r].ids))
            .copy_(torch::tensor(rows[r].ids));
    }
    KvCache cache;
    const auto next = prompts.front().next;
    auto hidden = model.hidden(padLeft(prompts).sequence, {.cache = &cache}).select(1, -1);
    const auto inputs = torch::stack(fed);  // [G, C, D]
    std::vector<torch::Tensor> said;
    for (std::int64_t c = 0; c < longest; ++c) {
        const auto all = (model.logits(hidden).to(torch::kFloat32) / temperature).log_softmax(-1);
        said.push_back(all.gather(1, label.select(1, c).unsqueeze(1)).squeeze(1));
        hidden = model
                     .hidden({inputs.narrow(1, c, 1),
                              torch::full({3, count, 1}, next + c, torch::kInt64)},
                             {.cache = &cache})
                     .select(1, 0);
    }
    return torch::stack(said, 1) * textMask(rows);
}

torch::Tensor officialPadded(const LvrModel& model, const std::vector<Prompt>& prompts,
                             const std::vector<RowResult>& rows, double temperature) {
    PaddedRows padded;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& prompt = prompts[r];
        padded.add(prompt.sequence, fedAt(model, rows[r]),
                   torch::arange(prompt.next, prompt.next + std::ssize(rows[r].ids)));
    }
    const auto all = allLogProbabilities(model, padded.hidden(model), temperature)
                         .view({std::ssize(rows), padded.longest(), -1});
    auto said = torch::zeros({std::ssize(rows), longestOf(rows)});
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto row = static_cast<std::int64_t>(r), count = std::ssize(rows[r].ids);
        const auto ids = torch::tensor(rows[r].ids).unsqueeze(1);
        const auto values =
            all[row].narrow(0, std::ssize(prompts[r].ids) - 1, count).gather(1, ids).squeeze(1);
        said = said.index_put({torch::full({count}, row, torch::kInt64), torch::arange(count)},
                              values);
    }
    return said * textMask(rows);
}

}  // namespace lvr
