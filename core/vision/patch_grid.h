#pragma once

#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

enum class EmptyBox { NoTokens, OneToken };

// Indices (row-major) of the visual tokens a box touches, as lvr-spec 2.6. OneToken: a degenerate
// box gives the token under its centre instead of none (`box_min_one_token`). Coordinates outside
// 0..1 are clamped, NaN counts as 0; a grid without cells has no tokens.
std::vector<int> boxTokens(const Box& box, PatchGrid grid, EmptyBox empty = EmptyBox::OneToken);
// Those of each box on its own image, counted over all images one after another. Throws Error that
// begins with `name`: a box is on an image that has no grid.
std::vector<std::vector<int>> tokensOfBoxes(const std::vector<Box>& boxes,
                                            const std::vector<PatchGrid>& grids,
                                            const std::string& name,
                                            EmptyBox empty = EmptyBox::OneToken);
// The region a visual token covers; `token` is one of the grid's.
Box tokenBox(int token, PatchGrid grid);

}  // namespace lvr
