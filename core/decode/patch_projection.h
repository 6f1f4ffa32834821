#pragma once

#include <torch/types.h>

#include <vector>

namespace lvr {

// How near vectors lie to an image's visual tokens: the heat that is drawn.
struct PatchSimilarity {
    torch::Tensor cosine;  // [n, N] float32, where the vectors are
    torch::Tensor l2;      // [n, N] likewise
};
// vectors: [n, D], visualTokens: [N, D], of any float type and on any device
PatchSimilarity projectOntoPatches(const torch::Tensor& vectors, const torch::Tensor& visualTokens);

// Indices of the `count` largest values, largest first; ties by lower index.
std::vector<int> nearestPatches(const std::vector<float>& cosine, int count);

// How much of a step's heat lies in a region of interest.
struct RoiScore {
    bool hit = false;   // the nearest patch is in the region
    double mass = 0;    // share of softmax(cosine / temperature) that is in the region
    double chance = 0;  // the region's share of the patches: what a blind guess would hit
};
RoiScore roiScore(const std::vector<float>& cosine, const std::vector<int>& roiTokens,
                  double temperature = 0.1);

}  // namespace lvr
