#pragma once

#include <vector>

#include "core/values/trace.h"

namespace lvr {

struct NearPatch {  // a visual token near a step
    int image = 0, row = 0, col = 0;
    float cosine = 0, l2 = 0;  // l2 of latents only
};
// At most `count` of highest cosine over all images, best first.
std::vector<NearPatch> nearestOnAllImages(const Trace& trace, const LatentStep& step, int count);
std::vector<NearPatch> nearestOnAllImages(const Trace& trace, const TextStep& step, int count);

}  // namespace lvr
