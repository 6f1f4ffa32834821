#include "core/trace/heat_modes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lvr {
namespace {

using Values = std::vector<float>;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

Values copied(std::span<const float> values) { return {values.begin(), values.end()}; }

Values softmax(std::span<const float> values, float temperature) {
    Values shares(values.size());
    float top = -std::numeric_limits<float>::infinity(), sum = 0;
    for (const float value : values)
        if (value > top) top = value;
    for (std::size_t i = 0; i < values.size(); ++i) {
        shares[i] = std::isnan(values[i]) ? 0 : std::exp((values[i] - top) / temperature);
        sum += shares[i];
    }
    for (float& share : shares) share = sum > 0 ? share / sum : 0;
    return shares;
}

Values topOnly(const Trace& trace, const LatentStep& step, int image, int count) {
    Values kept(cosineOn(trace, step, image).size(), kNone);
    for (const Patch& patch : nearestPatches(trace, step, image, count))
        kept[static_cast<std::size_t>(patch.row) * trace.grids[image].cols + patch.col] =
            patch.cosine;
    return kept;
}

// L2 norm of each visual token of the image; empty when the trace does not hold them.
Values tokenNorms(const Trace& trace, int image) {
    if (image < 0 || image >= static_cast<int>(trace.grids.size()) || trace.hiddenSize <= 0)
        return {};
    const auto width = static_cast<std::size_t>(trace.hiddenSize);
    std::size_t first = 0;
    for (int i = 0; i < image; ++i) first += trace.grids[i].count();
    const std::size_t count = trace.grids[image].count();
    if ((first + count) * width > trace.imageTokens.size()) return {};
    Values norms(count);
    for (std::size_t i = 0; i < count; ++i) {
        const float* token = trace.imageTokens.data() + (first + i) * width;
        norms[i] = std::sqrt(std::inner_product(token, token + width, token, 0.0f));
    }
    return norms;
}

Values dots(const Trace& trace, const LatentStep& step, int image, const Values& norms) {
    Values dot = copied(cosineOn(trace, step, image));
    if (dot.size() != norms.size()) return {};
    for (std::size_t i = 0; i < dot.size(); ++i) dot[i] *= norms[i] * step.norm;
    return dot;
}

Values meanCosine(const Trace& trace, int image) {
    Values sum;
    int count = 0;
    for (const DecodeStep* step : latentSteps(trace)) {
        const auto cosine = cosineOn(trace, latentOf(*step), image);
        if (cosine.empty()) continue;
        sum.resize(cosine.size());
        for (std::size_t i = 0; i < cosine.size(); ++i) sum[i] += cosine[i];
        ++count;
    }
    for (float& value : sum) value /= static_cast<float>(count);
    return sum;
}

Values minus(std::span<const float> values, const Values& mean) {
    Values difference = copied(values);
    for (std::size_t i = 0; i < std::min(difference.size(), mean.size()); ++i)
        difference[i] -= mean[i];
    return difference;
}

void fillSteps(HeatMaps& maps, const Trace& trace, int image, const HeatSettings& settings) {
    const bool needsMean = settings.mode == HeatMode::Relative || settings.mode == HeatMode::Mean;
    const Values mean = needsMean ? meanCosine(trace, image) : Values{};
    const Values norms = settings.mode == HeatMode::Dot ? tokenNorms(trace, image) : Values{};
    for (const DecodeStep* at : latentSteps(trace)) {
        const LatentStep& step = latentOf(*at);
        const auto cosine = cosineOn(trace, step, image);
        switch (settings.mode) {
            case HeatMode::Cosine:
                maps.steps.push_back(copied(cosine));
                break;
            case HeatMode::Distance:
                maps.steps.push_back(copied(l2On(trace, step, image)));
                break;
            case HeatMode::Dot:
                maps.steps.push_back(dots(trace, step, image, norms));
                break;
            case HeatMode::Softmax:
                maps.steps.push_back(softmax(cosine, settings.temperature));
                break;
            case HeatMode::TopK:
                maps.steps.push_back(topOnly(trace, step, image, settings.topK));
                break;
            case HeatMode::Relative:
                maps.steps.push_back(minus(cosine, mean));
                break;
            case HeatMode::Mean:
                maps.steps.push_back(cosine.empty() ? Values{} : mean);
                break;
        }
    }
}

HeatScale scaleOf(const std::vector<Values>& steps, HeatMode mode) {
    float low = std::numeric_limits<float>::infinity(), high = -low;
    for (const Values& step : steps)
        for (const float value : step) {
            if (value < low) low = value;
            if (value > high) high = value;
        }
    if (low > high) return {};  // nothing was measured
    HeatScale scale{.cold = low, .hot = high, .isSigned = mode == HeatMode::Relative};
    if (mode == HeatMode::Softmax) scale.cold = 0;
    if (mode == HeatMode::Distance) std::swap(scale.cold, scale.hot);
    if (scale.isSigned) {
        scale.hot = std::max(std::abs(low), std::abs(high));
        scale.cold = -scale.hot;
    }
    const float largest = std::max(std::abs(scale.cold), std::abs(scale.hot));
    scale.decimals = largest >= 100 ? 0 : largest >= 10 ? 1 : largest >= 0.1f ? 2 : 4;
    return scale;
}

template <class Near>
void addNear(std::vector<Near>& near, int step, std::span<const float> cosine, int patch) {
    if (patch >= 0 && patch < static_cast<int>(cosine.size()) && !std::isnan(cosine[patch]))
        near.push_back({step, cosine[patch]});
}

template <class Near>
void nearestFirst(std::vector<Near>& near) {
    std::stable_sort(near.begin(), near.end(),
                     [](const auto& a, const auto& b) { return a.cosine > b.cosine; });
}

}  // namespace

std::string_view nameOf(HeatMode mode) {
    switch (mode) {
        case HeatMode::Cosine:
            return "cosine";
        case HeatMode::Distance:
            return "L2 distance";
        case HeatMode::Dot:
            return "dot product";
        case HeatMode::Softmax:
            return "softmax";
        case HeatMode::TopK:
            return "top patches";
        case HeatMode::Relative:
            return "vs. mean";
        case HeatMode::Mean:
            return "mean of steps";
    }
    return "";
}

std::string_view explainOf(HeatMode mode) {
    switch (mode) {
        case HeatMode::Cosine:
            return "Cosine between the vector that was fed and each visual token.";
        case HeatMode::Distance:
            return "L2 distance of the vector that was fed to each visual token; near is hot.";
        case HeatMode::Dot:
            return "Dot product of the vector that was fed with each visual token.";
        case HeatMode::Softmax:
            return "Share of each patch in softmax(cosine / T): low T shows the winner alone.";
        case HeatMode::TopK:
            return "Cosine of the nearest patches alone.";
        case HeatMode::Relative:
            return "Cosine minus the patch's mean over all steps: what this step adds.";
        case HeatMode::Mean:
            return "Mean cosine over all steps, whichever is selected.";
    }
    return "";
}

std::vector<HeatMode> modesFor(const Trace& trace, int image) {
    const auto latents = latentSteps(trace);
    using ValuesOn = std::span<const float>(const Trace&, const LatentStep&, int);
    const auto any = [&](ValuesOn* valuesOn) {
        return std::any_of(latents.begin(), latents.end(), [&](const DecodeStep* step) {
            return !valuesOn(trace, latentOf(*step), image).empty();
        });
    };
    std::vector<HeatMode> modes = {HeatMode::Cosine};
    if (any(l2On)) modes.push_back(HeatMode::Distance);
    const bool measured = any(cosineOn);
    if (measured && !tokenNorms(trace, image).empty()) modes.push_back(HeatMode::Dot);
    if (measured) modes.insert(modes.end(), {HeatMode::Softmax, HeatMode::TopK});
    if (measured && latents.size() > 1)
        modes.insert(modes.end(), {HeatMode::Relative, HeatMode::Mean});
    return modes;
}

HeatMaps heatMaps(const Trace& trace, int image, const HeatSettings& settings) {
    HeatMaps maps;
    fillSteps(maps, trace, image, settings);
    maps.scale = scaleOf(maps.steps, settings.mode);
    return maps;
}

std::optional<HeatLimits> limitsOf(const HeatMaps& maps, int step) {
    if (step < 0 || step >= static_cast<int>(maps.steps.size())) return std::nullopt;
    const HeatScale own = scaleOf({maps.steps[step]}, HeatMode::Cosine);
    if (own == HeatScale{}) return std::nullopt;
    const float most = std::max(std::abs(own.cold), std::abs(own.hot));
    if (maps.scale.isSigned) return HeatLimits{-most, most};
    const bool isTurned = maps.scale.hot < maps.scale.cold;
    return isTurned ? HeatLimits{own.hot, own.cold} : HeatLimits{own.cold, own.hot};
}

std::vector<Patch> nearestPatches(const Trace& trace, const LatentStep& step, int image,
                                  const HeatSettings& settings, int count) {
    if (settings.mode != HeatMode::Mean) return nearestPatches(trace, step, image, count);
    LatentStep mean{.index = step.index, .cosine = meanCosine(trace, image)};
    if (mean.cosine.empty()) return {};
    return nearestPatches(Trace{.grids = {trace.grids[image]}}, mean, 0, count);
}

SmallHeat smallHeat(const HeatMaps& maps, int step, PatchGrid grid, int side) {
    SmallHeat small{{std::min(grid.rows, side), std::min(grid.cols, side)}, {}};
    if (step < 0 || step >= static_cast<int>(maps.steps.size()) ||
        static_cast<int>(maps.steps[step].size()) != grid.count())
        return {};
    small.values.assign(small.grid.count(), kNone);
    for (int i = 0; i < grid.count(); ++i) {
        const int row = i / grid.cols * small.grid.rows / grid.rows;
        const int col = i % grid.cols * small.grid.cols / grid.cols;
        float& hottest = small.values[static_cast<std::size_t>(row) * small.grid.cols + col];
        const float value = maps.steps[step][i];
        // Of signed values the one furthest from 0 is kept.
        const auto heat = [&](float v) {
            const float at = maps.scale.place(v);
            return maps.scale.isSigned ? std::abs(at - 0.5f) : at;
        };
        if (std::isnan(hottest) || heat(value) > heat(hottest)) hottest = value;
    }
    return small;
}

std::vector<StepAtPatch> stepsNear(const Trace& trace, int image, int patch) {
    std::vector<StepAtPatch> near;
    const auto latents = latentSteps(trace);
    for (std::size_t i = 0; i < latents.size(); ++i)
        addNear(near, static_cast<int>(i), cosineOn(trace, latentOf(*latents[i]), image), patch);
    nearestFirst(near);
    return near;
}

std::vector<TokenAtPatch> tokensNear(const Trace& trace, int image, int patch, int count) {
    std::vector<TokenAtPatch> near;
    for (std::size_t i = 0; i < trace.steps.size(); ++i)
        if (const auto* text = std::get_if<TextStep>(&trace.steps[i].what))
            addNear(near, static_cast<int>(i), cosineOn(trace, *text, image), patch);
    nearestFirst(near);
    near.resize(std::min<std::size_t>(near.size(), std::max(count, 0)));
    return near;
}

}  // namespace lvr
