#pragma once

#include <torch/types.h>

#include <vector>

#include "core/values/image.h"
#include "core/values/options.h"
#include "core/values/roi_tokens.h"

namespace lvr {

// The vectors that regions are fed as: training's targets for a thought of these boxes. grids: one
// an image; imageTokens: [N, D] of all images -> [n, D]. Throws Error: a box is on no image.
torch::Tensor boxLatents(const std::vector<Box>& boxes, const std::vector<PatchGrid>& grids,
                         const RoiTokens& rule, const torch::Tensor& imageTokens);

// How many of them a thought of these boxes has. Throws as thoughtLatents does.
std::int64_t thoughtLength(const GivenThought& thought, const std::vector<PatchGrid>& grids,
                           const RoiTokens& asTrained);

// The same for a thought that somebody gives. Throws Error naming the box that is wrong, and when
// there is no picture.
torch::Tensor thoughtLatents(const GivenThought& thought, const std::vector<PatchGrid>& grids,
                             const RoiTokens& asTrained, const torch::Tensor& imageTokens);

}  // namespace lvr
