#pragma once

#include <vector>

#include "core/decode/decode_rows.h"
#include "core/values/intervention.h"

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

// What one row is fed.
struct RowFeed {
    Intervention what;
    torch::Tensor given;         // [n, D], of kinds that have vectors; past the last one, that
    torch::Tensor mean, spread;  // [D], of Mean and Noise; undefined: each latent's own over its
                                 // numbers
    torch::Tensor patches;       // [N, D], of Snap
    Replace which = Replace::All;
};

// Row i gets what feeds[i] says, at the steps and in the strength of its intervention. Rows draw
// noise by their own seeds, so that a row is fed the same whichever stand beside it.
LatentFilter feedRows(std::vector<RowFeed> feeds);

}  // namespace lvr
