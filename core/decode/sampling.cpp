#include "core/decode/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

void penalise(torch::Tensor& scores, const std::vector<std::int64_t>& seen, double penalty) {
    const auto ids = torch::tensor(seen);
    const auto old = scores.index_select(0, ids);
    scores.index_copy_(0, ids, torch::where(old < 0, old * penalty, old / penalty));
}

// Of ids and their scores, what top-k and top-p leave.
struct Candidates {
    torch::Tensor scores;  // [n]
    torch::Tensor ids;     // [n]; undefined: 0 to n - 1
};

// Ties with the k-th stay.
Candidates keepTopK(const torch::Tensor& scores, std::int64_t k) {
    const auto kept = std::min(k, scores.size(0));
    const auto smallest = std::get<0>(scores.topk(kept))[kept - 1];
    const auto ids = (scores >= smallest).nonzero().flatten();
    return {scores.index_select(0, ids), ids};
}

// Drops the least likely ids whose probabilities together stay within 1 - p; one id always remains.
void keepTopP(torch::Tensor& scores, double p) {
    const auto [sorted, order] = scores.sort(/*dim=*/0, /*descending=*/false);
    auto drop = sorted.softmax(0).cumsum(0) <= 1.0 - p;
    drop[-1] = false;
    scores.index_fill_(0, order.masked_select(drop), kNever);
}

// One draw from softmax(scores), by where a uniform number falls. torch::multinomial draws as many
// numbers as there are ids, which takes longer than a pass of a small model.
std::int64_t draw(const torch::Tensor& scores, at::Generator& random) {
    const auto upTo = scores.softmax(0).cumsum(0, torch::kFloat64);
    const auto uniform = torch::rand({1}, random, torch::kFloat64) * upTo[-1];
    const auto found = torch::searchsorted(upTo, uniform, /*out_int32=*/false, /*right=*/true);
    return std::min(found.item<std::int64_t>(), scores.size(0) - 1);
}

}  // namespace

std::int64_t sampleToken(const torch::Tensor& logits, const std::vector<std::int64_t>& seen,
                         const SamplingOptions& options, at::Generator& random) {
    TORCH_CHECK(logits.dim() == 1, "logits ", logits.sizes());
    if (!std::isfinite(logits.max().item<float>())) {
        throw Error(
            "the model's logits are not finite numbers; its weights may be damaged, or it "
            "was trained until it diverged");
    }
    const bool greedy = options.temperature == 0;
    if (greedy && options.repetitionPenalty == 1) return logits.argmax().item<std::int64_t>();
    auto scores = logits.clone();
    if (options.repetitionPenalty != 1) penalise(scores, seen, options.repetitionPenalty);
    if (greedy) return scores.argmax().item<std::int64_t>();
    scores /= options.temperature;
    Candidates left{scores, {}};
    if (options.topK > 0) left = keepTopK(scores, options.topK);
    if (options.topP < 1) keepTopP(left.scores, options.topP);
    const auto drawn = draw(left.scores, random);
    return left.ids.defined() ? left.ids[drawn].item<std::int64_t>() : drawn;
}

}  // namespace lvr
