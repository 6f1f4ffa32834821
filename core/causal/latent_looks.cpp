#include "core/causal/latent_looks.h"

#include <algorithm>
#include <cmath>

#include "core/causal/latent_filters.h"
#include "core/decode/patch_projection.h"
#include "core/error.h"
#include "core/statistics/measures.h"
#include "core/torch.h"
#include "core/vision/patch_grid.h"

namespace lvr {
namespace {

constexpr int kNearest = 5;

std::int64_t firstPictureTokens(const Untouched& untouched) {
    const auto& grids = untouched.encoded.pictures.grids;
    return grids.empty() ? 0 : grids.front().count();
}

// Prompt positions of the first picture's visual tokens. [N]
torch::Tensor picturePlaces(const LvrCheckpoint& checkpoint, const Untouched& untouched) {
    const auto image = checkpoint.model.config().imageTokenId;
    const auto count = firstPictureTokens(untouched);
    std::vector<std::int64_t> places;
    const auto& ids = untouched.encoded.prompt.ids;
    for (std::size_t i = 0; i < ids.size() && std::ssize(places) < count; ++i)
        if (ids[i] == image) places.push_back(static_cast<std::int64_t>(i));
    return torch::tensor(places, torch::kInt64);
}

// layers: [1, T, S] each -> [T, visual tokens]
torch::Tensor overPicture(const std::vector<torch::Tensor>& layers, const torch::Tensor& places) {
    const auto mean = torch::stack(layers).mean(0)[0].to(torch::kCPU);
    return mean.index_select(1, places);
}

// Words that the latent would be read as, by the vocabulary matrix.
void addWords(const LvrCheckpoint& checkpoint, const torch::Tensor& latents,
              std::vector<LatentNeighbours>& steps) {
    const auto typed = latents.to(checkpoint.model.device(), checkpoint.model.activations());
    const auto shares =
        checkpoint.model.logits(typed).to(torch::kFloat32).softmax(-1).to(torch::kCPU);  // [n, V]
    const auto [values, ids] = shares.topk(std::min<std::int64_t>(kNearest, shares.size(1)));
    for (std::int64_t i = 0; i < latents.size(0); ++i)
        for (std::int64_t k = 0; k < ids.size(1); ++k) {
            steps[i].words.push_back(checkpoint.tokenizer.decode({ids[i][k].item<std::int64_t>()}));
            steps[i].probabilities.push_back(values[i][k].item<double>());
        }
}

void addPatches(const CausalQuestion& question, const Untouched& untouched,
                std::vector<LatentNeighbours>& steps) {
    const auto& tokens = untouched.encoded.prompt.images.tokens;
    if (!tokens.defined()) return;
    const auto cosine = Patches(tokens).cosine(untouched.latents());
    const auto targets =
        tokensOfBoxes(question.targets, untouched.encoded.pictures.grids, "the question");
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto row = floatsOf(cosine[static_cast<std::int64_t>(i)]);
        steps[i].patches = nearestPatches(row, kNearest);
        if (i >= targets.size()) continue;
        steps[i].targetRank = rankOfBest(row, targets[i]);
        steps[i].targetTokens = static_cast<int>(targets[i].size());
    }
}

torch::Tensor cosineMatrix(const torch::Tensor& vectors) {
    const auto unit = vectors / vectors.norm(2, {-1}, true).clamp_min(1e-12);
    return torch::matmul(unit, unit.t());
}

// The two directions in which latents and visual tokens together vary most. Signs are fixed by the
// largest entry, so that the same numbers give the same picture.
torch::Tensor mainDirections(const torch::Tensor& vectors) {
    constexpr std::int64_t kMost = 512;
    const auto step = (vectors.size(0) + kMost - 1) / kMost;
    const auto sample = vectors.slice(0, 0, {}, step);
    const auto right = std::get<2>(torch::linalg_svd(sample - sample.mean(0), false));  // [k, D]
    auto directions = right.narrow(0, 0, std::min<std::int64_t>(2, right.size(0))).clone();
    for (std::int64_t i = 0; i < directions.size(0); ++i) {
        const auto largest = directions[i][directions[i].abs().argmax()].item<double>();
        if (largest < 0) directions[i].neg_();
    }
    return directions;
}

void project(const Untouched& untouched, CausalPanel& panel) {
    auto all = untouched.latents();
    const auto count = all.size(0);
    const auto& tokens = untouched.encoded.prompt.images.tokens;
    if (tokens.defined())
        all = torch::cat(
            {all,
             tokens.narrow(0, 0, firstPictureTokens(untouched)).to(torch::kCPU, torch::kFloat32)});
    if (all.size(0) < 3) return;
    const auto flat = torch::matmul(all - all.mean(0), mainDirections(all).t());  // [n + N, 2]
    panel.projection = floatsOf(flat.narrow(0, 0, count));
    panel.tokenProjection = floatsOf(flat.slice(0, count));
}

}  // namespace

std::vector<float> floatsOf(const torch::Tensor& tensor) {
    const auto flat = tensor.to(torch::kCPU, torch::kFloat32).contiguous();
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

int rankOfBest(const std::vector<float>& similarity, const std::vector<int>& target) {
    TORCH_CHECK(!target.empty(), "a region without visual tokens");
    float best = similarity[target.front()];
    for (const int token : target) best = std::max(best, similarity[token]);
    const auto isTarget = [&](int token) {
        return std::ranges::find(target, token) != target.end();
    };
    int nearer = 0, tied = 0;
    for (int i = 0; i < std::ssize(similarity); ++i) {
        if (isTarget(i)) continue;
        nearer += similarity[i] > best;
        tied += similarity[i] == best;
    }
    return 1 + nearer + (tied + 1) / 2;
}

std::vector<int> targetRanks(const torch::Tensor& vectors, const std::vector<Box>& targets,
                             const Untouched& untouched) {
    const auto& tokens = untouched.encoded.prompt.images.tokens;
    if (!tokens.defined() || targets.empty() || vectors.size(0) == 0) return {};
    const auto cosine = Patches(tokens).cosine(vectors);
    const auto regions = tokensOfBoxes(targets, untouched.encoded.pictures.grids, "the question");
    std::vector<int> ranks;
    for (std::int64_t i = 0; i < cosine.size(0) && i < std::ssize(regions); ++i)
        ranks.push_back(rankOfBest(floatsOf(cosine[i]), regions[i]));
    return ranks;
}

std::vector<float> answerAttention(const LvrCheckpoint& checkpoint, const Untouched& untouched) {
    const auto places = picturePlaces(checkpoint, untouched);
    if (places.numel() == 0 || untouched.record.attention.empty()) return {};
    const auto rows = overPicture(untouched.record.attention, places);  // [T, N]
    return floatsOf(rows[untouched.record.firstWordAt.front()]);
}

std::vector<std::vector<float>> latentAttention(const LvrCheckpoint& checkpoint,
                                                const Untouched& untouched) {
    const c10::InferenceMode inference;
    const auto& model = checkpoint.model;
    const auto places = picturePlaces(checkpoint, untouched);
    if (places.numel() == 0) return {};
    // Each latent is read once more: it sees what stood before it, and itself.
    const auto at = untouched.latentPlaces();
    const auto n = std::ssize(at), cached = untouched.end.cache.length();
    auto mask = torch::zeros({1, 1, n, cached + n}, torch::kBool);
    auto positions = torch::empty({3, 1, n}, torch::kInt64);
    for (std::int64_t i = 0; i < n; ++i) {
        mask[0][0][i].narrow(0, 0, untouched.prompt() + at[i]).fill_(true);
        mask[0][0][i][cached + i] = true;
        positions.select(2, i).fill_(untouched.end.next.front() + at[i]);
    }
    auto ahead = untouched.end.cache.ahead(torch::zeros({1}, torch::kInt64).to(model.device()), n);
    std::vector<torch::Tensor> layers;
    const Context context{.cache = &ahead, .mask = mask.to(model.device()), .attention = &layers};
    model.hidden(
        {untouched.latents().unsqueeze(0).to(model.device(), model.activations()), positions},
        context);
    const auto rows = overPicture(layers, places);
    std::vector<std::vector<float>> all;
    for (std::int64_t i = 0; i < n; ++i) all.push_back(floatsOf(rows[i]));
    return all;
}

std::vector<EarlyAnswer> earlyAnswers(const LvrCheckpoint& checkpoint, const Untouched& untouched,
                                      std::stop_token stop) {
    std::vector<AnswerBranch> branches;
    for (std::int64_t k = 0; k <= untouched.latents().size(0); ++k)
        branches.push_back(branchAfter(untouched, k));
    const auto scores = scoreAnswers(checkpoint.model, untouched.end.cache, branches,
                                     untouched.candidateIds, {{}, stop});
    if (stop.stop_requested()) throw Cancelled();
    std::vector<EarlyAnswer> early;
    for (const auto& score : scores) {
        EarlyAnswer answer{.latents = static_cast<int>(early.size()),
                           .probabilities = sharesOf(score.candidates)};
        const auto best = std::ranges::max_element(answer.probabilities);
        answer.answer = untouched.candidates[best - answer.probabilities.begin()];
        answer.entropy = entropyOf(answer.probabilities);
        early.push_back(std::move(answer));
    }
    return early;
}

std::vector<double> influenceOfSteps(const LvrCheckpoint& checkpoint, const Untouched& untouched,
                                     std::stop_token stop) {
    const auto own = untouched.latents();
    const auto n = own.size(0);
    std::vector<double> influence(static_cast<std::size_t>(n * n));
    if (n < 2) return influence;
    auto prompt = untouched.encoded.prompt;
    prompt.copies = static_cast<int>(n - 1);
    auto options = untouched.options;
    options.maxNewTokens = static_cast<int>(untouched.latentPlaces().back()) + 2;
    RowHooks hooks{.stop = stop,
                   .plans = std::vector<RowPlan>(n - 1, {.latents = n}),
                   .shadows = RowHooks::Shadows::Unread};
    std::vector<RowFeed> feeds;
    for (int i = 0; i + 1 < n; ++i)
        feeds.push_back({.what = {.kind = InterventionKind::Noise,
                                  .strength = 0.1,
                                  .first = i,
                                  .last = i,
                                  .seed = static_cast<std::uint64_t>(i)}});
    hooks.filter = feedRows(std::move(feeds));
    const auto rows = decodeRows(checkpoint.model, {prompt}, checkpoint.rules, options, hooks);
    if (stop.stop_requested()) throw Cancelled();
    const auto change = [&](const RowResult& row, std::int64_t step) {
        return ((row.latents[step] - own[step]).norm() / own[step].norm().clamp_min(1e-12))
            .item<double>();
    };
    for (std::int64_t i = 0; i + 1 < n; ++i)
        for (auto j = i + 1; j < n && j < rows[i].latents.size(0); ++j)
            influence[i * n + j] = change(rows[i], j) / std::max(change(rows[i], i), 1e-12);
    return influence;
}

void lookAtLatents(const LvrCheckpoint& checkpoint, const CausalQuestion& question,
                   const Untouched& untouched, std::stop_token stop, CausalPanel& panel) {
    panel.early = earlyAnswers(checkpoint, untouched, stop);
    panel.steps.resize(untouched.latents().size(0));
    addWords(checkpoint, untouched.latents(), panel.steps);
    addPatches(question, untouched, panel.steps);
    const auto attention = latentAttention(checkpoint, untouched);
    for (std::size_t i = 0; i < attention.size(); ++i) panel.steps[i].attention = attention[i];
    panel.influence = influenceOfSteps(checkpoint, untouched, stop);
    const auto cosine = floatsOf(cosineMatrix(untouched.latents()));
    panel.cosine.assign(cosine.begin(), cosine.end());
    project(untouched, panel);
}

}  // namespace lvr
