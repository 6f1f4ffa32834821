#include "core/model/positions.h"

#include <algorithm>

#include "core/torch.h"

namespace lvr {

PromptPositions ropeIndex(const std::vector<std::int64_t>& promptIds,
                          const std::vector<PatchGrid>& grids, const ModelConfig& config) {
    const auto length = static_cast<std::int64_t>(promptIds.size());
    PromptPositions positions{torch::empty({3, length}, torch::kInt64), 0};
    auto out = positions.ids.accessor<std::int64_t, 2>();
    std::size_t image = 0;
    for (std::int64_t i = 0; i < length;) {
        if (promptIds[i] != config.imageTokenId) {
            for (int axis = 0; axis < 3; ++axis) out[axis][i] = positions.next;
            ++positions.next;
            ++i;
            continue;
        }
        TORCH_CHECK(image < grids.size() && i + grids[image].count() <= length,
                    "the prompt has image tokens for more images than were given");
        const auto& grid = grids[image++];
        for (int cell = 0; cell < grid.count(); ++cell, ++i) {
            TORCH_CHECK(promptIds[i] == config.imageTokenId, "image tokens cut short at ", i);
            out[0][i] = positions.next;
            out[1][i] = positions.next + cell / grid.cols;
            out[2][i] = positions.next + cell % grid.cols;
        }
        positions.next += std::max(grid.rows, grid.cols);
    }
    TORCH_CHECK(image == grids.size(), "the prompt has image tokens for ", image, " of ",
                grids.size(), " images");
    return positions;
}

}  // namespace lvr
