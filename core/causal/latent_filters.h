#pragma once

#include <vector>

#include "core/decode/decode_rows.h"

namespace lvr {

// Which latents of a row are replaced.
enum class Replace { All, First };

// Vectors to feed in place of the model's own. given: for each row its thoughts, [n, D] each. A
// row's t-th thought begins with the vectors of given thought t and goes on through those of the
// thoughts after it; past the last vector, that one. So a row that thinks twice is given the second
// region's vectors in its second thought. Replace::First: only the row's very first latent, then
// the model goes on by itself. A row that is given nothing keeps its own latents.
LatentFilter feedInstead(const std::vector<std::vector<torch::Tensor>>& given, Replace which);
LatentFilter feedZeros();
LatentFilter feedNoise(std::uint64_t seed);

}  // namespace lvr
