#pragma once

#include "core/values/trace.h"

namespace lvr {

// A 2x3 grid; latent i is nearest to patch i.
inline DecodeStep latentStep(int index) {
    LatentStep latent{
        .index = index, .norm = 5.0f + static_cast<float>(index), .endProbability = 0.25f};
    for (int patch = 0; patch < 6; ++patch) {
        latent.cosine.push_back(patch == index ? 0.9f : 0.1f * static_cast<float>(patch) - 0.2f);
        latent.l2.push_back(static_cast<float>(patch));
    }
    return {.position = index + 1, .text = "<|lvr|>", .what = latent};
}

inline Trace threeLooks() {
    Trace trace;
    trace.question.images = {
        {.width = 84, .height = 56, .rgb = std::vector<std::uint8_t>(84 * 56 * 3)}};
    trace.grids = {{.rows = 2, .cols = 3}};
    trace.steps = {{.position = 0,
                    .text = "<|lvr_start|>",
                    .what = TextStep{.probability = 1, .cosine = {0, .1f, .2f, .3f, .4f, .5f}}}};
    for (int i = 0; i < 3; ++i) trace.steps.push_back(latentStep(i));
    trace.steps.push_back(
        {.position = 4,
         .text = "moon",
         .what = TextStep{.probability = 0.25f, .cosine = {.9f, 0, .6f, 0, 0, 0}}});
    trace.rois = {{.x0 = 0, .y0 = 0, .x1 = 0.33, .y1 = 0.5}};
    return trace;
}

}  // namespace lvr
