#pragma once

#include <string>
#include <vector>

#include "core/decode/decode_rows.h"

namespace lvr {

// What is fed in the slots instead of the model's own latents. Do they matter at all?
enum class Intervention {
    Own,   // nothing is changed
    Swap,  // the latents that another picture's question produced
    Zero,
    Noise,       // Gaussian, with each latent's own RMS
    Oracle,      // the visual tokens of the true regions
    Snap,        // the picture's visual token nearest to each latent
    Transplant,  // from another question on the same picture: the first latent of a chain, else all
};
// "own", "swap", ... Throws Error naming the nearest valid word.
Intervention parseIntervention(const std::string& text);

// Vectors to feed in place of the model's own: row b's i-th latent becomes the i-th of `given[b]`
// ([n, D]); past its end the last one, unless `onlyFirst`: then the model goes on by itself.
LatentFilter feedInstead(std::vector<torch::Tensor> given, bool onlyFirst);
LatentFilter feedZeros();
LatentFilter feedNoise(std::uint64_t seed);

}  // namespace lvr
