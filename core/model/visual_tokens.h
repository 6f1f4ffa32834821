#pragma once

#include <torch/types.h>

#include <vector>

#include "core/values/image.h"

namespace lvr {

// Images as the language model reads them, one after another.
struct VisualTokens {
    std::vector<PatchGrid> grids;  // one per image
    torch::Tensor tokens;          // [N, D] of all of them; undefined without images
};

}  // namespace lvr
