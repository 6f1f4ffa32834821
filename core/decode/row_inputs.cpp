#include "core/decode/row_inputs.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

#include "core/error.h"
#include "core/torch.h"

namespace lvr {
namespace {

bool isGiven(const RowState& row) { return row.thinking && row.given.defined(); }

torch::Tensor withGiven(const std::vector<RowState>& rows, torch::Tensor latents) {
    if (std::ranges::none_of(rows, isGiven)) return latents;
    latents = latents.clone();
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (isGiven(rows[i]))
            latents[static_cast<std::int64_t>(i)] = rows[i].given[rows[i].thought.index];
    return latents;
}

// Vectors of the rows in the batch at their places among all; zeros where the others were.
torch::Tensor amongAll(const torch::Tensor& some, const std::vector<std::int64_t>& live,
                       std::size_t rows) {
    if (live.size() == rows) return some;
    auto all = torch::zeros({static_cast<std::int64_t>(rows), some.size(1)}, some.options());
    return all.index_copy_(0, torch::tensor(live).to(some.device()), some);
}

torch::Tensor ofLive(const torch::Tensor& all, const std::vector<std::int64_t>& live) {
    if (std::ssize(live) == all.size(0)) return all;
    return all.index_select(0, torch::tensor(live).to(all.device()));
}

}  // namespace

RowInputs::RowInputs(const LvrModel& model, const std::vector<Prompt>& prompts,
                     const RowSetting& setting, const LatentFilter& filter)
    : model_(model),
      prompts_(prompts),
      setting_(setting),
      filter_(filter),
      latentEnd_(model.latentEnd().defined()
                     ? model.latentEnd().to(torch::kCPU, torch::kFloat32).contiguous()
                     : torch::Tensor()),
      noise_(at::detail::createCPUGenerator(setting.options.sampling.seed)),
      patches_(prompts.size()) {}

torch::Tensor RowInputs::next(std::vector<RowState>& rows, const std::vector<std::int64_t>& live,
                              const torch::Tensor& latents) {
    std::vector<std::int64_t> ids, thinking;
    for (const auto at : live) {
        ids.push_back(rows[at].finished ? setting_.rules.padId : rows[at].newest);
        thinking.push_back(rows[at].thinking);
    }
    const auto count = std::ranges::count(thinking, 1);
    if (count == 0) return model_.embed(torch::tensor(ids));
    // Draws and filters are for all rows, whoever is still there: each is fed what it would be
    // then.
    auto all = fed(rows, amongAll(latents, live, rows.size()));
    if (filter_) all = filtered(rows, std::move(all));
    all = withGiven(rows, std::move(all));
    const auto onCpu = all.to(torch::kCPU, torch::kFloat32);
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows[i].thinking)
            remember(rows[i], onCpu[static_cast<std::int64_t>(i)].contiguous(), latentEnd_);
    const auto vectors = ofLive(all, live);
    if (count == std::ssize(live)) return vectors;
    const auto which = torch::tensor(thinking, vectors.device()).to(torch::kBool).unsqueeze(1);
    return torch::where(which, vectors, model_.embed(torch::tensor(ids)));
}

torch::Tensor RowInputs::filtered(const std::vector<RowState>& rows, torch::Tensor latents) const {
    std::vector<LatentPlace> places;
    for (const auto& row : rows)
        places.push_back(row.thinking ? LatentPlace{row.thought.number, row.thought.index}
                                      : LatentPlace{});
    return filter_(latents, places);
}

// What the options feed for the model's own latents. [rows, D]
torch::Tensor RowInputs::fed(const std::vector<RowState>& rows, torch::Tensor own) {
    switch (setting_.options.latentFeed) {
        case LatentFeed::Own:
        case LatentFeed::None:
            return own;
        case LatentFeed::Snap:
            return snapped(rows, std::move(own));
        case LatentFeed::Filler:
            return model_.embed(torch::tensor({setting_.rules.tokens.latent})).expand_as(own);
        case LatentFeed::Zero:
            return torch::zeros_like(own);
        case LatentFeed::Noise:
            return noise(own);
        case LatentFeed::Swap:
            return borrowed(rows, std::move(own));
    }
    return own;
}

// Gaussian, with each latent's own RMS.
torch::Tensor RowInputs::noise(const torch::Tensor& own) {
    const auto rms = own.square().mean(-1, /*keepdim=*/true).sqrt();
    return torch::randn(own.sizes(), noise_).to(own.options()) * rms;
}

torch::Tensor RowInputs::borrowed(const std::vector<RowState>& rows, torch::Tensor latents) const {
    const auto& given = setting_.options.borrowed;
    const auto width = latents.size(1);
    if (!given.values || given.values->empty())
        throw Error(
            "whose latents are to be fed is not said; name another answer's trace "
            "(lvr ask --latents swap:F.lvrtrace)");
    if (given.width != width)
        throw Error("the latents of " + given.from + " have " + std::to_string(given.width) +
                    " numbers each and this model's have " + std::to_string(width) +
                    "; take those of an answer of the same model");
    const auto count = std::ssize(*given.values) / width;
    const auto all =
        torch::from_blob(const_cast<float*>(given.values->data()), {count, width}, torch::kFloat32)
            .to(latents.options());
    latents = latents.clone();
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows[i].thinking)
            latents[static_cast<std::int64_t>(i)] =
                all[std::min<std::int64_t>(rows[i].thought.index, count - 1)];
    return latents;
}

torch::Tensor RowInputs::snapped(const std::vector<RowState>& rows, torch::Tensor latents) {
    latents = latents.clone();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& tokens = prompts_[rows[i].prompt].images.tokens;
        if (!rows[i].thinking || !tokens.defined()) continue;
        const auto at = static_cast<std::int64_t>(i);
        const auto nearest = patchesOf(rows[i].prompt).nearest(latents[at].unsqueeze(0));
        latents[at] = tokens[nearest.item<std::int64_t>()];
    }
    return latents;
}

const Patches& RowInputs::patchesOf(std::int64_t prompt) {
    auto& patches = patches_[prompt];
    if (patches.empty()) patches = Patches(prompts_[prompt].images.tokens);
    return patches;
}

}  // namespace lvr
