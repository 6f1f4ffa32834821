#pragma once

#include <torch/types.h>

#include <vector>

#include "core/values/image.h"
#include "core/values/options.h"
#include "core/values/roi_tokens.h"

namespace lvr {

// The vectors that regions of one picture are fed as: training's targets for a thought of these
// boxes. imageTokens: [N, D], the picture's -> [n, D]
torch::Tensor boxLatents(const std::vector<Box>& boxes, PatchGrid grid, const RoiTokens& rule,
                         const torch::Tensor& imageTokens);

// The same for a thought that somebody gives. imageTokens: of all images, grids: one an image.
// Throws Error naming the box that is wrong, and when there is no picture.
torch::Tensor thoughtLatents(const GivenThought& thought, const std::vector<PatchGrid>& grids,
                             const RoiTokens& asTrained, const torch::Tensor& imageTokens);

}  // namespace lvr
