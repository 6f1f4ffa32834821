#include "core/decode/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/error.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// scores: [V], changed in place.
void penalise(torch::Tensor scores, const std::vector<std::int64_t>& seen, double penalty) {
    const auto ids = torch::tensor(seen).to(scores.device());
    const auto old = scores.index_select(0, ids);
    scores.index_copy_(0, ids, torch::where(old < 0, old * penalty, old / penalty));
}

// Of ids and their scores, what top-k, top-p and min-p leave.
struct Candidates {
    torch::Tensor scores;  // [B, n]
    torch::Tensor ids;     // [B, n]; undefined: 0 to n - 1 in every row
};

// Ties with the k-th stay; they are looked for only when there is one beyond it.
Candidates keepTopK(const torch::Tensor& scores, std::int64_t k) {
    const auto all = scores.size(1), kept = std::min(k, all);
    auto [best, ids] = scores.topk(std::min(kept + 1, all), 1);
    const auto smallest = best.narrow(1, kept - 1, 1).clone();  // [B, 1]
    if ((best >= smallest).all(1).any().item<bool>()) {
        const auto most = (scores >= smallest).sum(1).max().item<std::int64_t>();
        std::tie(best, ids) = scores.topk(most, 1);
    }
    return {best.masked_fill(best < smallest, kNever), ids};
}

// Drops the least likely ids whose probabilities together stay within 1 - p; one id always remains.
void keepTopP(torch::Tensor& scores, double p) {
    const auto [sorted, order] = scores.sort(/*dim=*/1, /*descending=*/false);
    auto drop = sorted.softmax(1).cumsum(1) <= 1.0 - p;
    drop.select(1, -1).fill_(false);
    scores.masked_fill_(torch::zeros_like(drop).scatter_(1, order, drop), kNever);
}

// Drops the ids that are less than p times as likely as the likeliest.
void keepMinP(torch::Tensor& scores, double p) {
    scores.masked_fill_(scores < scores.amax(1, /*keepdim=*/true) + std::log(p), kNever);
}

torch::Tensor uniformOf(const SamplingRow& row) {
    return torch::rand({1}, row.random, torch::kFloat64);
}

// One draw a row from softmax(scores), by where a uniform number falls. torch::multinomial draws as
// many numbers as there are ids, which takes longer than a pass of a small model. -> [B, 1]
torch::Tensor draw(const torch::Tensor& scores, const std::vector<SamplingRow>& rows) {
    std::vector<torch::Tensor> uniform;
    for (const auto& row : rows) uniform.push_back(uniformOf(row));
    const auto upTo = scores.softmax(1).cumsum(1, torch::kFloat64);
    const auto at = torch::stack(uniform).to(scores.device()) * upTo.narrow(1, -1, 1);
    return torch::searchsorted(upTo, at, /*out_int32=*/false, /*right=*/true)
        .clamp_max(scores.size(1) - 1);
}

// -> [B] int64
torch::Tensor drawIds(const torch::Tensor& logits, const std::vector<SamplingRow>& rows,
                      const SamplingOptions& options) {
    auto scores = logits;
    if (options.repetitionPenalty != 1) {
        scores = scores.clone();
        for (std::size_t b = 0; b < rows.size(); ++b)
            penalise(scores[static_cast<std::int64_t>(b)], rows[b].seen, options.repetitionPenalty);
    }
    if (options.temperature == 0) return scores.argmax(1);
    // Dividing keeps the order, so top-k may come first and spare the others.
    Candidates left{scores, {}};
    if (options.topK > 0) left = keepTopK(scores, options.topK);
    left.scores = left.scores / options.temperature;
    if (options.topP < 1) keepTopP(left.scores, options.topP);
    if (options.minP > 0) keepMinP(left.scores, options.minP);
    const auto drawn = draw(left.scores, rows);
    return (left.ids.defined() ? left.ids.gather(1, drawn) : drawn).flatten();
}

double scoringTemperature(const SamplingOptions& options) {
    return options.temperature > 0 ? options.temperature : 1;
}

// Of one id a row. logits: [B, V]; ids: [B] -> [B] float64
torch::Tensor logProbabilitiesOf(const torch::Tensor& logits, const torch::Tensor& ids,
                                 double temperature) {
    const auto scores = temperature == 1 ? logits : logits / temperature;
    const auto chosen = scores.gather(1, ids.unsqueeze(1)).squeeze(1);
    return (chosen - scores.logsumexp(1)).to(torch::kFloat64);
}

// Columns: id, whether the highest logit is finite, then what is wished. -> [B, n] float64
torch::Tensor figuresOf(const torch::Tensor& logits, const std::vector<SamplingRow>& rows,
                        const SamplingOptions& options, const SamplingWish& wish) {
    const auto ids = drawIds(logits, rows, options);
    std::vector<torch::Tensor> columns{ids.to(torch::kFloat64),
                                       logits.amax(1).isfinite().to(torch::kFloat64)};
    if (wish.end >= 0)
        columns.push_back(torch::sigmoid(logits.select(1, wish.end)).to(torch::kFloat64));
    if (wish.scores) {
        columns.push_back(logProbabilitiesOf(logits, ids, scoringTemperature(options)));
        columns.push_back(scoringTemperature(options) == 1 ? columns.back()
                                                           : logProbabilitiesOf(logits, ids, 1));
    }
    return torch::stack(columns, 1);
}

// A row that stays in a CPU's cache is drawn from twice as fast; top-k leaves only few ids.
torch::Tensor figuresRowByRow(const torch::Tensor& logits, const std::vector<SamplingRow>& rows,
                              const SamplingOptions& options, const SamplingWish& wish) {
    std::vector<torch::Tensor> all;
    for (std::int64_t b = 0; b < logits.size(0); ++b)
        all.push_back(figuresOf(logits.narrow(0, b, 1), {rows[b]}, options, wish));
    return torch::cat(all);
}

}  // namespace

std::vector<SampledRow> sampleRows(const torch::Tensor& logits,
                                   const std::vector<SamplingRow>& rows,
                                   const SamplingOptions& options, const SamplingWish& wish) {
    TORCH_CHECK(logits.dim() == 2 && logits.size(0) == std::ssize(rows), "logits ", logits.sizes());
    const bool atOnce = !logits.is_cpu() || options.topK > 0;
    const auto figures =
        (atOnce ? figuresOf : figuresRowByRow)(logits, rows, options, wish).to(torch::kCPU);
    const auto of = figures.accessor<double, 2>();
    std::vector<SampledRow> sampled(rows.size());
    for (std::int64_t b = 0; b < figures.size(0); ++b) {
        if (of[b][1] == 0)
            throw Error(
                "the model's logits are not finite numbers; its weights may be damaged, or it "
                "was trained until it diverged");
        auto& row = sampled[b];
        std::int64_t column = 2;
        row.id = static_cast<std::int64_t>(of[b][0]);
        if (wish.end >= 0) row.endProbability = of[b][column++];
        if (!wish.scores) continue;
        row.logProbability = of[b][column++];
        row.rawLogProbability = of[b][column];
    }
    return sampled;
}

void passOver(const SamplingRow& row, const SamplingOptions& options) {
    if (options.temperature > 0) uniformOf(row);
}

void scoreInstead(SampledRow& row, std::int64_t id, const torch::Tensor& logits,
                  const SamplingOptions& options) {
    const auto ids = torch::full({1}, id, torch::dtype(torch::kInt64).device(logits.device()));
    const auto score = [&](double temperature) {
        return logProbabilitiesOf(logits.unsqueeze(0), ids, temperature).item<double>();
    };
    row.id = id;
    row.logProbability = score(scoringTemperature(options));
    row.rawLogProbability = score(1);
}

}  // namespace lvr
