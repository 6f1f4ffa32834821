#include "core/decode/latent_probe.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/files/json_file.h"

namespace lvr {
namespace {

constexpr const char* kKind = "latent probe";

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// What makes every feature's mean 0 and spread 1.
struct Scale {
    std::vector<double> mean, spread;
};

Scale scaleOf(const std::vector<std::vector<float>>& rows) {
    const auto width = rows.front().size();
    Scale scale{std::vector<double>(width), std::vector<double>(width)};
    for (const auto& row : rows)
        for (std::size_t j = 0; j < width; ++j) scale.mean[j] += row[j] / rows.size();
    for (const auto& row : rows)
        for (std::size_t j = 0; j < width; ++j)
            scale.spread[j] += std::pow(row[j] - scale.mean[j], 2) / rows.size();
    for (auto& spread : scale.spread) spread = spread > 0 ? std::sqrt(spread) : 1;
    return scale;
}

}  // namespace

double LatentProbe::probability(std::span<const float> latent) const {
    double sum = bias;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * latent[i];
    return sigmoid(sum);
}

LatentProbe readLatentProbe(const std::filesystem::path& file, std::size_t width) {
    const auto fields = JsonFields::read(file);
    if (fields.get<std::string>("kind", "") != kKind)
        throw Error(file.string() + " is no latent probe; lvr study exits writes some");
    LatentProbe probe{fields.get<std::vector<double>>("weights"), fields.get<double>("bias"),
                      fields.get<std::string>("made_with", "")};
    if (probe.weights.size() != width)
        throw Error(file.string() + " is for latents of " + std::to_string(probe.weights.size()) +
                    " numbers and this model's have " + std::to_string(width) +
                    "; take one that was trained on this model");
    return probe;
}

void writeLatentProbe(const LatentProbe& probe, const std::filesystem::path& file) {
    writeJson({{"kind", kKind},
               {"weights", probe.weights},
               {"bias", probe.bias},
               {"made_with", probe.madeWith}},
              file);
}

LatentProbe trainedProbe(const std::vector<std::vector<float>>& latents,
                         const std::vector<bool>& right) {
    constexpr int kSteps = 400;
    constexpr double kRate = 0.5, kRidge = 1;
    if (latents.empty()) throw Error("there are no latents to train a probe on");
    const auto width = latents.front().size();
    const double n = latents.size();
    const auto scale = scaleOf(latents);
    std::vector<double> weights(width);
    double bias = 0;
    for (int step = 0; step < kSteps; ++step) {
        std::vector<double> gradient(width);
        double biasGradient = 0;
        for (std::size_t i = 0; i < latents.size(); ++i) {
            double sum = bias;
            for (std::size_t j = 0; j < width; ++j)
                sum += weights[j] * (latents[i][j] - scale.mean[j]) / scale.spread[j];
            const double off = sigmoid(sum) - right[i];
            biasGradient += off / n;
            for (std::size_t j = 0; j < width; ++j)
                gradient[j] += off * (latents[i][j] - scale.mean[j]) / scale.spread[j] / n;
        }
        bias -= kRate * biasGradient;
        for (std::size_t j = 0; j < width; ++j)
            weights[j] -= kRate * (gradient[j] + kRidge / n * weights[j]);
    }
    LatentProbe probe{std::vector<double>(width), bias, {}};
    for (std::size_t j = 0; j < width; ++j) {
        probe.weights[j] = weights[j] / scale.spread[j];
        probe.bias -= probe.weights[j] * scale.mean[j];
    }
    return probe;
}

}  // namespace lvr
