#include "core/causal/probes.h"

#include <algorithm>
#include <set>

#include "core/causal/latent_statistics.h"
#include "core/statistics/resampling.h"
#include "core/statistics/spectrum.h"
#include "core/statistics/statistics.h"
#include "core/torch.h"

namespace lvr {
namespace {

constexpr double kRidge = 0.01;  // of the mean eigenvalue of what is inverted
constexpr std::size_t kLeastVectors = 20;
constexpr std::int64_t kMostRows = 256;  // in a spectrum

// Half of the clusters, drawn.
std::set<std::string> halfOf(const std::vector<std::string>& clusters, std::uint64_t seed) {
    const std::set<std::string> different(clusters.begin(), clusters.end());
    const std::vector<std::string> all(different.begin(), different.end());
    SplitMix64 random(seed);
    std::set<std::string> half;
    const auto order = permutation(all.size(), random);
    for (std::size_t i = 0; i < order.size() / 2; ++i) half.insert(all[order[i]]);
    return half;
}

// [n, D] with a column of ones.
torch::Tensor withOnes(const torch::Tensor& x) {
    return torch::cat({x, torch::ones({x.size(0), 1}, x.options())}, 1);
}

// The label each test vector is nearest to. x: [n, D], labels: [n]; tested: [m, D] -> [m]
torch::Tensor ridgePredictions(const torch::Tensor& x, const torch::Tensor& labels,
                               std::int64_t classes, const torch::Tensor& tested) {
    const auto mean = x.mean(0);
    const auto a = withOnes(x - mean).to(torch::kFloat64);
    const auto y = torch::one_hot(labels, classes).to(torch::kFloat64);
    // The dual form: as many unknowns as vectors, which are fewer than their numbers.
    const auto kernel = torch::matmul(a, a.t());
    const auto ridge = kRidge * kernel.diagonal().mean() * torch::eye(a.size(0), a.options());
    const auto solved = torch::linalg_solve(kernel + ridge, y, /*left=*/true);
    return torch::matmul(torch::matmul(withOnes(tested - mean).to(torch::kFloat64), a.t()), solved)
        .argmax(-1);
}

double commonest(const torch::Tensor& labels, std::int64_t classes) {
    return torch::bincount(labels, {}, classes).max().item<double>() /
           static_cast<double>(labels.size(0));
}

std::vector<double> doublesOf(const torch::Tensor& tensor) {
    const auto flat = tensor.to(torch::kFloat64).contiguous();
    return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

torch::Tensor atMostRows(const torch::Tensor& rows, std::int64_t most) {
    return rows.slice(0, 0, {}, (rows.size(0) + most - 1) / most);
}

// LAPACK's singular values: rows may be thousands of numbers wide.
double rankOf(const torch::Tensor& rows) {
    return effectiveRank(
        doublesOf(torch::linalg_svdvals(atMostRows(rows, kMostRows).to(torch::kFloat64))));
}

// Mean cosine between different rows.
double cosineBetween(const torch::Tensor& rows) {
    const auto n = rows.size(0);
    if (n < 2) return 0;
    const auto sum = (rows / rows.norm(2, {-1}, true).clamp_min(1e-12)).sum(0);
    return (sum.square().sum().item<double>() - static_cast<double>(n)) /
           static_cast<double>(n * (n - 1));
}

StepGeometry geometryOfStep(const std::vector<torch::Tensor>& thoughts, std::int64_t step) {
    std::vector<torch::Tensor> here, from, to;
    for (const auto& thought : thoughts) {
        if (step >= thought.size(0)) continue;
        here.push_back(thought[step]);
        if (step + 1 >= thought.size(0)) continue;
        from.push_back(thought[step]);
        to.push_back(thought[step + 1]);
    }
    const auto rows = torch::stack(here);
    StepGeometry geometry{.step = static_cast<int>(step),
                          .count = static_cast<int>(here.size()),
                          .norm = rows.norm(2, -1).mean().item<double>(),
                          .cosineBetween = cosineBetween(rows),
                          .effectiveRank = rankOf(rows)};
    if (!from.empty())
        geometry.cosineToNext = torch::cosine_similarity(torch::stack(from), torch::stack(to), -1)
                                    .mean()
                                    .item<double>();
    return geometry;
}

}  // namespace

std::optional<ProbeRow> probe(const std::string& of, const std::string& at, const ProbeData& data,
                              std::uint64_t seed) {
    const auto fittedClusters = halfOf(data.clusters, seed);
    std::map<std::string, std::int64_t> classes;
    std::vector<torch::Tensor> fitted, tested;
    std::vector<std::int64_t> fittedLabels, testedLabels;
    for (std::size_t i = 0; i < data.vectors.size(); ++i) {
        const auto label =
            classes.emplace(data.labels[i], static_cast<std::int64_t>(classes.size()))
                .first->second;
        const bool isFitted = fittedClusters.contains(data.clusters[i]);
        (isFitted ? fitted : tested).push_back(data.vectors[i]);
        (isFitted ? fittedLabels : testedLabels).push_back(label);
    }
    const auto different = [](const std::vector<std::int64_t>& labels) {
        return std::set<std::int64_t>(labels.begin(), labels.end()).size();
    };
    if (fitted.size() < kLeastVectors || tested.size() < kLeastVectors ||
        different(fittedLabels) < 2 || different(testedLabels) < 2)
        return std::nullopt;
    const auto count = static_cast<std::int64_t>(classes.size());
    const auto labels = torch::tensor(testedLabels);
    const auto predicted = ridgePredictions(torch::stack(fitted), torch::tensor(fittedLabels),
                                            count, torch::stack(tested));
    const auto right = predicted.eq(labels).sum().item<int>();
    const auto interval = wilson95(right, static_cast<int>(tested.size()));
    return ProbeRow{of,
                    at,
                    static_cast<int>(fitted.size()),
                    static_cast<int>(tested.size()),
                    static_cast<int>(count),
                    {static_cast<double>(right) / static_cast<double>(tested.size()), interval.low,
                     interval.high},
                    commonest(labels, count)};
}

CausalGeometry geometryOf(const std::vector<torch::Tensor>& thoughts, const torch::Tensor& visual,
                          const torch::Tensor& text) {
    CausalGeometry geometry;
    std::vector<torch::Tensor> all;
    std::int64_t longest = 0;
    for (const auto& thought : thoughts)
        if (thought.size(0) > 0) {
            all.push_back(thought);
            longest = std::max(longest, thought.size(0));
        }
    if (all.empty()) return geometry;
    for (std::int64_t step = 0; step < longest; ++step)
        geometry.steps.push_back(geometryOfStep(all, step));
    const auto latents = torch::cat(all);
    geometry.effectiveRank = rankOf(latents);
    geometry.latentNorm = latents.norm(2, -1).mean().item<double>();
    if (visual.defined())
        geometry.visualNorm = visual.to(torch::kFloat32).norm(2, -1).mean().item<double>();
    geometry.textNorm = text.to(torch::kFloat32).norm(2, -1).mean().item<double>();
    const auto few = atMostRows(latents, kMostRows).to(torch::kFloat64);
    const auto spread = torch::linalg_svdvals(few - few.mean(0)).square();
    constexpr std::int64_t kShown = 8;
    geometry.explained = doublesOf(
        (spread / spread.sum().clamp_min(1e-300)).slice(0, 0, std::min(kShown, spread.size(0))));
    return geometry;
}

}  // namespace lvr
