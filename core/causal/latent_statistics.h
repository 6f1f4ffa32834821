#pragma once

#include <torch/types.h>

#include <vector>

namespace lvr {

// Do thoughts still differ, or have they collapsed to one vector?
struct LatentStatistics {
    int count = 0;
    double norm = 0;           // mean L2 norm
    double cosine = 0;         // mean between successive latents of a thought; 0 without any
    double effectiveRank = 0;  // exp(entropy of the singular values' shares) of all of them
};

// thoughts: [n, D] each, float32. Of all rows together at most 512 enter the rank.
LatentStatistics latentStatistics(const std::vector<torch::Tensor>& thoughts);

}  // namespace lvr
