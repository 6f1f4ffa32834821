#pragma once

#include <vector>

#include "core/values/image.h"

namespace lvr {

enum class EmptyBox { NoTokens, OneToken };

// Indices (row-major) of the visual tokens a box touches, as lvr-spec 2.6. OneToken: a degenerate
// box gives the token under its centre instead of none (`box_min_one_token`).
std::vector<int> boxTokens(const Box& box, PatchGrid grid, EmptyBox empty = EmptyBox::OneToken);
// The region a visual token covers.
Box tokenBox(int token, PatchGrid grid);

}  // namespace lvr
