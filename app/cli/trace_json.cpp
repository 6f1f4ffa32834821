#include "app/cli/trace_json.h"

#include <cstdio>

#include "core/decode/patch_projection.h"

namespace lvr {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kNearest = 5;

struct Patch {
    std::size_t image = 0;
    int row = 0, col = 0;
};

Patch patchAt(int token, const std::vector<PatchGrid>& grids) {
    for (std::size_t i = 0; i < grids.size(); ++i) {
        if (token < grids[i].count()) return {i, token / grids[i].cols, token % grids[i].cols};
        token -= grids[i].count();
    }
    return {};
}

Json nearestJson(const LatentStep& step, const std::vector<PatchGrid>& grids) {
    Json nearest = Json::array();
    for (const int token : nearestPatches(step.cosine, kNearest)) {
        const auto patch = patchAt(token, grids);
        Json entry{{"row", patch.row},
                   {"col", patch.col},
                   {"cosine", step.cosine[token]},
                   {"l2", step.l2[token]}};
        if (grids.size() > 1) entry["image"] = patch.image;
        nearest.push_back(entry);
    }
    return nearest;
}

Json latentJson(const DecodeStep& step, const LatentStep& latent,
                const std::vector<PatchGrid>& grids) {
    return {{"index", latent.index},
            {"position", step.position},
            {"norm", latent.norm},
            {"nearest", nearestJson(latent, grids)},
            {"end_probability", latent.endProbability},
            {"end_distance", latent.endDistance ? Json(*latent.endDistance) : Json()},
            {"shadow_token", step.token}};
}

std::string format(const char* pattern, auto... values) {
    char buffer[256];
    std::snprintf(buffer, sizeof buffer, pattern, values...);
    return buffer;
}

std::string latentRow(const LatentStep& latent, const std::vector<PatchGrid>& grids) {
    std::string row =
        format("  %4d  %7.3f  %6.3f", latent.index + 1, latent.norm, latent.endProbability);
    for (const int token : nearestPatches(latent.cosine, 3)) {
        const auto patch = patchAt(token, grids);
        row += format("   r%d c%d (%.3f)", patch.row, patch.col, latent.cosine[token]);
    }
    return row + "\n";
}

}  // namespace

Json toJson(const Trace& trace) {
    Json ids = Json::array(), latents = Json::array(), grids = Json::array();
    for (const auto& step : trace.steps) {
        ids.push_back(step.token);
        if (const auto* latent = std::get_if<LatentStep>(&step.what))
            latents.push_back(latentJson(step, *latent, trace.grids));
    }
    for (const auto& grid : trace.grids)
        grids.push_back({{"rows", grid.rows}, {"cols", grid.cols}});
    return {{"answer", trace.answer},
            {"text", trace.text},
            {"token_ids", ids},
            {"latent_steps", latents},
            {"grid", grids.size() == 1 ? grids[0] : grids},
            {"stopped", toText(trace.stopped)},
            {"timings",
             {{"preprocess_ms", trace.timings.preprocess},
              {"encode_images_ms", trace.timings.encodeImages},
              {"prefill_ms", trace.timings.prefill},
              {"decode_ms", trace.timings.decode}}},
            {"model", trace.model},
            {"question", trace.question.text},
            {"exit", toText(trace.options.exit)}};
}

std::string toReadableText(const Trace& trace) {
    std::string text = "answer: " + trace.answer + "\n";
    std::string rows;
    for (const auto& step : trace.steps)
        if (const auto* latent = std::get_if<LatentStep>(&step.what))
            rows += latentRow(*latent, trace.grids);
    text += rows.empty() ? "no latent steps: the model did not think in pictures\n"
                         : "  step     norm  P(end)   nearest patches (cosine)\n" + rows;
    return text + "stopped: " + toText(trace.stopped) + ", exit rule " +
           toText(trace.options.exit) +
           format(", %.0f ms to the first token, %.0f ms in all\n",
                  trace.timings.preprocess + trace.timings.encodeImages + trace.timings.prefill,
                  trace.timings.preprocess + trace.timings.encodeImages + trace.timings.prefill +
                      trace.timings.decode);
}

}  // namespace lvr
