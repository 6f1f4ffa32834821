#pragma once

#include <torch/types.h>

#include <cstddef>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// Images as the language model reads them, one after another.
struct VisualTokens {
    std::vector<PatchGrid> grids;  // one per image
    torch::Tensor tokens;          // [N, D] of all of them; undefined without images
    // [K, N, D], features of earlier vision blocks, for the first K decoder layers (Qwen3-VL's
    // DeepStack); undefined where the backbone has none.
    torch::Tensor deepstack = {};

    std::size_t bytes() const;
    // The images from `first` on, `count` of them.
    VisualTokens narrow(std::size_t first, std::size_t count) const;
};

// All images of these, one after another.
VisualTokens joined(const std::vector<VisualTokens>& parts);

}  // namespace lvr
