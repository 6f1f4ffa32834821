#pragma once

#include <torch/types.h>

#include <vector>

#include "core/checkpoint/model_config.h"
#include "core/values/image.h"

namespace lvr {

struct PromptPositions {
    torch::Tensor ids;      // [3, T] int64: t, h, w
    std::int64_t next = 0;  // of the first generated token, on all three axes
};

// Multimodal RoPE positions of a prompt (transformers' get_rope_index): text counts on, an image
// spans its grid, the next text starts one past the largest position so far. `grids` are the
// images' merged grids in order; each image is a run of grid.count() image_token_ids.
PromptPositions ropeIndex(const std::vector<std::int64_t>& promptIds,
                          const std::vector<PatchGrid>& grids, const ModelConfig& config);

}  // namespace lvr
