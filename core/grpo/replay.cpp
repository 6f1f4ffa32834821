#include "core/grpo/replay.h"

#include <algorithm>

#include "core/torch.h"

namespace lvr {
namespace {

torch::Tensor longs(const std::vector<std::int64_t>& values, torch::Device device) {
    return torch::tensor(values, torch::kInt64).to(device);
}

std::int64_t longestOf(std::span<const RowResult> rows) {
    std::int64_t longest = 0;
    for (const auto& row : rows) longest = std::max<std::int64_t>(longest, std::ssize(row.ids));
    return longest;
}

// What a completion is read as: the prompt's last token, which predicts the first of it, and all of
// it but what nothing comes after.
std::vector<std::int64_t> readIds(const Prompt& prompt, const RowResult& row) {
    std::vector<std::int64_t> ids{prompt.ids.back()};
    if (!row.ids.empty()) ids.insert(ids.end(), row.ids.begin(), row.ids.end() - 1);
    return ids;
}

PackedPrefix prefixOf(const Prompt& prompt) {
    TORCH_CHECK(prompt.ids.size() > 1, "a prompt of ", prompt.ids.size(), " tokens");
    const auto length = std::ssize(prompt.ids) - 1;
    return {{prompt.ids.begin(), prompt.ids.end() - 1},
            prompt.images,
            {prompt.sequence.positions.select(1, 0).narrow(1, 0, length),
             prompt.sequence.positions[0][0][length].item<std::int64_t>()}};
}

}  // namespace

std::int64_t ReplayGroup::positions() const {
    auto all = std::ssize(prompt->ids) - 1;
    for (const auto& row : rows) all += std::max<std::int64_t>(1, std::ssize(row.ids));
    return all;
}

torch::Tensor textMask(std::span<const RowResult> rows) {
    auto mask = torch::zeros({static_cast<std::int64_t>(rows.size()), longestOf(rows)});
    auto of = mask.accessor<float, 2>();
    for (std::size_t r = 0; r < rows.size(); ++r)
        for (std::size_t c = 0; c < rows[r].ids.size(); ++c)
            if (rows[r].isSaid.empty() ? !rows[r].isLatent[c] : rows[r].isSaid[c])
                of[static_cast<std::int64_t>(r)][static_cast<std::int64_t>(c)] = 1;
    return mask;
}

Replay::Replay(std::vector<ReplayGroup> groups) : groups_(std::move(groups)) {
    std::vector<std::int64_t> latentAt, row, col, at, label;
    std::vector<torch::Tensor> latents;
    for (const auto& group : groups_) {
        const auto prefix = pack_.add(prefixOf(*group.prompt));
        longest_ = std::max(longest_, longestOf(group.rows));
        for (const auto& one : group.rows) {
            const auto number = std::ssize(first_);
            first_.push_back(pack_.add(PackedRow{prefix, readIds(*group.prompt, one)}));
            std::int64_t fed = 0;
            for (std::int64_t c = 0; c < std::ssize(one.ids); ++c) {
                const bool isRead = c + 1 < std::ssize(one.ids);
                if (one.isLatent[c] && isRead) latentAt.push_back(first_.back() + c + 1);
                fed += one.isLatent[c] && isRead;
                const bool isSaid = !one.isSaid.empty() && one.isSaid[c];
                if (one.isLatent[c] && !isSaid) continue;
                row.push_back(number), col.push_back(c);
                at.push_back(first_.back() + c), label.push_back(one.ids[c]);
            }
            const auto all = std::count(one.isLatent.begin(), one.isLatent.end(), true);
            TORCH_CHECK(all == one.latents.size(0), all, " latent positions, ", one.latents.size(0),
                        " latents");
            if (fed > 0) latents.push_back(one.latents.narrow(0, 0, fed));
        }
    }
    latentAt_ = longs(latentAt, torch::kCPU);
    if (!latents.empty()) latents_ = torch::cat(latents);
    row_ = longs(row, torch::kCPU), col_ = longs(col, torch::kCPU);
    at_ = longs(at, torch::kCPU), label_ = longs(label, torch::kCPU);
}

Replayed Replay::by(const LvrModel& model, const ReplayOptions& options) const {
    const auto hidden =
        options.latents == ReplayLatents::Recorded ? atOnce(model) : oneByOne(model);
    const auto device = hidden.device();
    const auto said =
        tokenLogProbabilities(hidden.index_select(0, at_.to(device)), model.lmHead(), label_,
                              {.temperature = options.temperature, .entropy = options.entropy});
    const auto dense = [&](const torch::Tensor& values) {
        if (!values.defined()) return values;
        return torch::zeros({std::ssize(first_), longest_}, values.options())
            .index_put({row_.to(device), col_.to(device)}, values);
    };
    return {dense(said.value), dense(said.entropy)};
}

torch::Tensor Replay::atOnce(const LvrModel& model) const {
    const PackReading reading(model, pack_);
    if (!latents_.defined()) return reading.hidden({});
    return reading.hidden(
        {{latentAt_.to(model.device()), latents_.to(model.device(), model.activations())}});
}

torch::Tensor Replay::oneByOne(const LvrModel& model) const {
    TORCH_CHECK(groups_.size() == 1, "latents of several groups are not recomputed together");
    const PackReading reading(model, pack_);
    const auto rows = std::ssize(first_);
    const auto device = model.device();
    auto cache = reading.prefixes().select(torch::zeros({rows}, torch::kInt64).to(device));
    const auto next = reading.positions()[0][0].item<std::int64_t>();
    auto ids = torch::zeros({rows, longest_}, torch::kInt64);
    auto isLatent = torch::zeros({rows, longest_}, torch::kBool);
    for (std::int64_t r = 0; r < rows; ++r) {
        const auto& row = groups_.front().rows[static_cast<std::size_t>(r)];
        for (std::int64_t c = 0; c < std::ssize(row.ids); ++c) {
            ids[r][c] = row.ids[c];
            isLatent[r][c] = static_cast<bool>(row.isLatent[c]);
        }
    }
    const auto last = groups_.front().prompt->ids.back();
    auto inputs = model.embed(torch::full({rows}, last, torch::kInt64));
    std::vector<torch::Tensor> hidden;
    for (std::int64_t c = 0; c < longest_; ++c) {
        if (c > 0)
            inputs = torch::where(isLatent.select(1, c - 1).unsqueeze(1).to(device),
                                  model.latent(hidden.back()), model.embed(ids.select(1, c - 1)));
        const auto positions = torch::full({3, rows, 1}, next + c, torch::kInt64);
        hidden.push_back(
            model.hidden({inputs.unsqueeze(1), positions}, {.cache = &cache}).select(1, 0));
    }
    std::vector<torch::Tensor> byRow;
    const auto all = torch::stack(hidden, 1);  // [B, C, D]
    for (std::int64_t r = 0; r < rows; ++r) {
        const auto& row = pack_.rows()[static_cast<std::size_t>(r)];
        byRow.push_back(all[r].narrow(0, 0, std::ssize(row.ids)));
    }
    return torch::cat(byRow);
}

}  // namespace lvr
