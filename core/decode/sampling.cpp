#include "core/decode/sampling.h"

#include <algorithm>
#include <limits>

#include "core/torch.h"

namespace lvr {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

void penalise(torch::Tensor& scores, const std::vector<std::int64_t>& seen, double penalty) {
    const auto ids = torch::tensor(seen);
    const auto old = scores.index_select(0, ids);
    scores.index_copy_(0, ids, torch::where(old < 0, old * penalty, old / penalty));
}

void keepTopK(torch::Tensor& scores, std::int64_t k) {
    const auto kept = std::min(k, scores.size(0));
    const auto smallest = std::get<0>(scores.topk(kept))[kept - 1];
    scores.masked_fill_(scores < smallest, kNever);
}

// Drops the least likely ids whose probabilities together stay within 1 - p; one id always remains.
void keepTopP(torch::Tensor& scores, double p) {
    const auto [sorted, order] = scores.sort(/*dim=*/0, /*descending=*/false);
    auto drop = sorted.softmax(0).cumsum(0) <= 1.0 - p;
    drop[-1] = false;
    scores.index_fill_(0, order.masked_select(drop), kNever);
}

}  // namespace

std::int64_t sampleToken(const torch::Tensor& logits, const std::vector<std::int64_t>& seen,
                         const SamplingOptions& options, at::Generator& random) {
    TORCH_CHECK(logits.dim() == 1, "logits ", logits.sizes());
    const bool greedy = options.temperature == 0;
    if (greedy && options.repetitionPenalty == 1) return logits.argmax().item<std::int64_t>();
    auto scores = logits.clone();
    if (options.repetitionPenalty != 1) penalise(scores, seen, options.repetitionPenalty);
    if (greedy) return scores.argmax().item<std::int64_t>();
    scores /= options.temperature;
    if (options.topK > 0) keepTopK(scores, options.topK);
    if (options.topP < 1) keepTopP(scores, options.topP);
    return torch::multinomial(scores.softmax(0), 1, /*replacement=*/false, random)
        .item<std::int64_t>();
}

}  // namespace lvr
