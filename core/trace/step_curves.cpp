#include "core/trace/step_curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/trace/heat.h"

namespace lvr {
namespace {

constexpr float kNoValue = std::numeric_limits<float>::quiet_NaN();

float entropy(std::span<const float> cosine, float temperature) {
    if (cosine.empty()) return kNoValue;
    const float top = *std::max_element(cosine.begin(), cosine.end());
    // H = log(sum) - sum(w * x) / sum for weights w = exp(x), in nats.
    double sum = 0, weighted = 0;
    for (const float value : cosine) {
        const float x = (value - top) / temperature, w = std::exp(x);
        sum += w;
        weighted += static_cast<double>(w) * x;
    }
    return static_cast<float>((std::log(sum) - weighted / sum) / std::log(2.0));
}

float cosineBetween(const float* a, const float* b, int size) {
    const auto dot = [&](const float* x, const float* y) {
        return std::inner_product(x, x + size, y, 0.0);
    };
    const double lengths = std::sqrt(dot(a, a) * dot(b, b));
    return lengths > 0 ? static_cast<float>(dot(a, b) / lengths) : kNoValue;
}

// Cosine of each vector with the one before it; the first of a thought has none before it.
std::vector<float> successive(const Trace& trace, const std::vector<const DecodeStep*>& latents) {
    const auto width = static_cast<std::size_t>(std::max(trace.hiddenSize, 0));
    std::vector<float> values(latents.size(), kNoValue);
    if (width == 0 || trace.latents.size() < latents.size() * width) return values;
    for (std::size_t i = 1; i < latents.size(); ++i)
        if (latentOf(*latents[i]).index > 0)
            values[i] = cosineBetween(trace.latents.data() + (i - 1) * width,
                                      trace.latents.data() + i * width, trace.hiddenSize);
    return values;
}

bool hasAny(const StepCurve& curve) {
    return std::any_of(curve.values.begin(), curve.values.end(),
                       [](float value) { return !std::isnan(value); });
}

}  // namespace

std::vector<StepCurve> stepCurves(const Trace& trace, float temperature) {
    const auto latents = latentSteps(trace);
    const auto each = [&](auto&& valueOf) {
        std::vector<float> values;
        for (const DecodeStep* step : latents) values.push_back(valueOf(latentOf(*step)));
        return values;
    };
    const auto* byProbability = std::get_if<EndProbability>(&trace.options.exit);
    const auto* byDistance = std::get_if<NearLatentEnd>(&trace.options.exit);
    const auto threshold = [](const auto* rule) {
        return rule ? std::optional(static_cast<float>(rule->threshold)) : std::nullopt;
    };
    std::vector<StepCurve> curves = {
        {"P(end)", "Probability of the end token after the vector was read.",
         each([](const LatentStep& s) { return s.endProbability; }), threshold(byProbability), 3},
        {"to end", "Distance of the vector to the learned end vector.",
         each([](const LatentStep& s) { return s.endDistance.value_or(kNoValue); }),
         threshold(byDistance), 3},
        {"norm", "Length (L2) of the vector that was fed.",
         each([](const LatentStep& s) { return s.norm; }), std::nullopt, 2},
        {"entropy", "Bits of softmax(cosine / T) over the patches: 0 looks at one patch alone.",
         each([&](const LatentStep& s) { return entropy(cosineOn(trace, s, 0), temperature); }),
         std::nullopt, 2},
        {"to previous", "Cosine with the vector of the step before; 1: nothing moved.",
         successive(trace, latents), std::nullopt, 2},
    };
    std::erase_if(curves, [](const StepCurve& curve) { return !hasAny(curve); });
    return curves;
}

}  // namespace lvr
