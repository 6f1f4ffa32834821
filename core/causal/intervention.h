#pragma once

#include <string>
#include <vector>

#include "core/decode/decode_rows.h"

namespace lvr {

// What is fed in the slots instead of the model's own latents. Do they matter at all?
enum class Intervention {
    Own,   // nothing is changed
    Swap,  // the latents that a question on another picture produced, never its own
    Zero,
    Noise,       // Gaussian, with each latent's own RMS
    Oracle,      // the visual tokens of the true regions
    Snap,        // the picture's visual token nearest to each latent
    Transplant,  // from another question on the same picture: the first latent of a chain, else all
};
// "own", "swap", ... Throws Error naming the nearest valid word.
Intervention parseIntervention(const std::string& text);

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
