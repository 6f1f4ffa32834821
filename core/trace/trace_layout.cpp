#include "core/trace/trace_layout.h"

namespace lvr {

std::vector<LatentStep*> latentStepsOf(std::vector<DecodeStep>& steps) {
    std::vector<LatentStep*> found;
    for (auto& step : steps)
        if (auto* latent = std::get_if<LatentStep>(&step.what)) found.push_back(latent);
    return found;
}

std::vector<const LatentStep*> latentStepsOf(const std::vector<DecodeStep>& steps) {
    std::vector<const LatentStep*> found;
    for (const auto& step : steps)
        if (const auto* latent = std::get_if<LatentStep>(&step.what)) found.push_back(latent);
    return found;
}

TraceSizes sizesOf(const Trace& trace) {
    TraceSizes sizes;
    sizes.latents = static_cast<std::int64_t>(latentStepsOf(trace.steps).size());
    sizes.textSteps = static_cast<std::int64_t>(trace.steps.size()) - sizes.latents;
    if (trace.method.empty() || !trace.imageTokens.empty())
        sizes.visualTokens = visualTokensIn(trace.grids);
    sizes.width = trace.hiddenSize;
    return sizes;
}

std::int64_t visualTokensIn(const std::vector<PatchGrid>& grids) {
    std::int64_t count = 0;
    for (const auto& grid : grids) count += std::int64_t{grid.rows} * std::int64_t{grid.cols};
    return count;
}

std::string traceImageName(std::size_t index) { return "image_" + std::to_string(index); }

}  // namespace lvr
