#include "core/grpo/replay.h"

#include <algorithm>

#include "core/torch.h"
#include "core/train/token_log_probabilities.h"

namespace lvr {
namespace {

// Completions side by side, padded on the right.
struct Completions {
    torch::Tensor ids;                   // [G, C] int64
    torch::Tensor latentRow, latentCol;  // [M] where a latent was fed
    torch::Tensor latents;               // [M, D]
    torch::Tensor isLatent;              // [G, C] bool
    std::int64_t longest = 0;
};

torch::Tensor longs(const std::vector<std::int64_t>& values, torch::Device device) {
    return torch::tensor(values, torch::kInt64).to(device);
}

std::int64_t longestOf(std::span<const RowResult> rows) {
    std::int64_t longest = 0;
    for (const auto& row : rows) longest = std::max<std::int64_t>(longest, std::ssize(row.ids));
    return longest;
}

Completions layOut(const LvrModel& model, std::span<const RowResult> rows) {
    const auto device = model.device();
    const auto count = static_cast<std::int64_t>(rows.size()), longest = longestOf(rows);
    auto ids = torch::zeros({count, longest}, torch::kInt64);
    auto isLatent = torch::zeros({count, longest}, torch::kBool);
    std::vector<std::int64_t> latentRow, latentCol;
    std::vector<torch::Tensor> latents;
    for (std::int64_t r = 0; r < count; ++r) {
        const auto& row = rows[r];
        for (std::int64_t c = 0; c < std::ssize(row.ids); ++c) {
            ids[r][c] = row.ids[c];
            if (!row.isLatent[c]) continue;
            isLatent[r][c] = true;
            latentRow.push_back(r);
            latentCol.push_back(c);
        }
        // A completion cut off inside its thought may have one more position than latents fed.
        const auto fed = std::count(row.isLatent.begin(), row.isLatent.end(), true);
        TORCH_CHECK(fed == row.latents.size(0), fed, " latent positions, ", row.latents.size(0),
                    " latents");
        if (fed > 0) latents.push_back(row.latents);
    }
    Completions out{ids.to(device),           longs(latentRow, device),
                    longs(latentCol, device), {},
                    isLatent.to(device),      longest};
    if (!latents.empty()) out.latents = torch::cat(latents).to(device, model.activations());
    return out;
}

// What each completion's tokens are predicted from: [G, C, D].
class Reader {
public:
    Reader(const LvrModel& model, const Prompt& prompt, std::int64_t rows)
        : model_(model), next_(prompt.positions.next), rows_(rows) {
        KvCache cache;
        const auto hidden = model.hidden(model.embedPrompt(prompt.ids, prompt.imageTokens),
                                         prompt.positions.ids.unsqueeze(1), {.cache = &cache});
        last_ = hidden.select(1, -1).expand({rows, -1});
        cache_ =
            cache.select(torch::zeros({rows}, torch::dtype(torch::kInt64).device(model.device())));
    }

    torch::Tensor atOnce(const Completions& completions) {
        auto inputs = model_.embed(completions.ids);
        if (completions.latents.defined())
            inputs = inputs.index_put({completions.latentRow, completions.latentCol},
                                      completions.latents);
        if (completions.longest == 1) return last_.unsqueeze(1);
        const auto hidden = read(inputs.narrow(1, 0, completions.longest - 1), 0);
        return torch::cat({last_.unsqueeze(1), hidden}, 1);
    }

    torch::Tensor oneByOne(const Completions& completions) {
        std::vector<torch::Tensor> hidden{last_};
        for (std::int64_t c = 0; c + 1 < completions.longest; ++c) {
            const auto tokens = model_.embed(completions.ids.select(1, c));
            const auto inputs = torch::where(completions.isLatent.select(1, c).unsqueeze(1),
                                             model_.latent(hidden.back()), tokens);
            hidden.push_back(read(inputs.unsqueeze(1), c).select(1, 0));
        }
        return torch::stack(hidden, 1);
    }

private:
    // inputs: [G, T, D] of the completions' positions from `first` on
    torch::Tensor read(const torch::Tensor& inputs, std::int64_t first) {
        const auto length = inputs.size(1);
        const auto positions =
            torch::arange(next_ + first, next_ + first + length).expand({3, rows_, length});
        return model_.hidden(inputs, positions, {.cache = &cache_});
    }

    const LvrModel& model_;
    std::int64_t next_, rows_;
    torch::Tensor last_;  // [G, D] hidden state of the prompt's last position
    KvCache cache_;
};

}  // namespace

torch::Tensor textMask(std::span<const RowResult> rows) {
    auto mask = torch::zeros({static_cast<std::int64_t>(rows.size()), longestOf(rows)});
    for (std::size_t r = 0; r < rows.size(); ++r)
        for (std::size_t c = 0; c < rows[r].ids.size(); ++c)
            if (!rows[r].isLatent[c])
                mask[static_cast<std::int64_t>(r)][static_cast<std::int64_t>(c)] = 1;
    return mask;
}

Replayed replay(const LvrModel& model, const Prompt& prompt, std::span<const RowResult> rows,
                double temperature, ReplayLatents latents) {
    const auto completions = layOut(model, rows);
    Reader reader(model, prompt, static_cast<std::int64_t>(rows.size()));
    const auto hidden = latents == ReplayLatents::Recorded ? reader.atOnce(completions)
                                                           : reader.oneByOne(completions);
    const auto at = textMask(rows).to(torch::kBool).nonzero().to(hidden.device());  // [L, 2]
    const auto row = at.select(1, 0), col = at.select(1, 1);
    const auto tokens = tokenLogProbabilities(hidden.index({row, col}), model.lmHead(),
                                              completions.ids.index({row, col}), temperature);
    const auto dense = [&](const torch::Tensor& values) {
        return torch::zeros({std::ssize(rows), completions.longest}, values.options())
            .index_put({row, col}, values);
    };
    return {dense(tokens.value), dense(tokens.entropy)};
}

}  // namespace lvr
