#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace lvr {

// A linear probe on one latent: the probability that a question is answered right if the thought
// ends there.
struct LatentProbe {
    std::vector<double> weights;  // [D]
    double bias = 0;
    std::string madeWith;  // command, for whoever finds the file

    // latent: [D]
    double probability(std::span<const float> latent) const;
};

// A small JSON file. Throws Error that names it: absent, not a probe, or for latents of another
// size than `width`.
LatentProbe readLatentProbe(const std::filesystem::path& file, std::size_t width);
void writeLatentProbe(const LatentProbe& probe, const std::filesystem::path& file);

// Logistic regression on [n][D] latents; right: [n]. Standardised, with a ridge of 1, by gradient
// steps; the same everywhere. Where all are alike it says their share.
LatentProbe trainedProbe(const std::vector<std::vector<float>>& latents,
                         const std::vector<bool>& right);

}  // namespace lvr
