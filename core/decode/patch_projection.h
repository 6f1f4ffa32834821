#pragma once

#include <torch/types.h>

#include <vector>

namespace lvr {

// The visual tokens of images, to be asked how near vectors lie to them: the heat that is drawn.
class Patches {
public:
    Patches() = default;  // of no images
    // visualTokens: [N, D], of any float type; measured on their device. Undefined: of no images.
    explicit Patches(const torch::Tensor& visualTokens);

    bool empty() const { return !tokens_.defined(); }
    // vectors: [n, D], of any float type and on any device -> [n, N] float32, where the vectors are
    torch::Tensor cosine(const torch::Tensor& vectors) const;
    torch::Tensor distance(const torch::Tensor& vectors) const;  // L2, likewise
    // Which token lies nearest by cosine. [n, D] -> [n] int64, where the vectors are
    torch::Tensor nearest(const torch::Tensor& vectors) const;

private:
    torch::Tensor tokens_, units_;  // [N, D] float32
};

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
