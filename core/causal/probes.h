#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "core/values/causal_report.h"

namespace lvr {

// Vectors that a label may be read from.
struct ProbeData {
    std::vector<torch::Tensor> vectors;  // [D] float32 each
    std::vector<std::string> labels;
    std::vector<std::string> clusters;  // of one cluster all are fitted to or all are tested
};

// Ridge regression onto one-hot labels in closed form, fitted to half of the clusters and tested on
// the other half: which half follows from the seed. Nothing where there are fewer than 20 vectors
// or two labels on each side.
std::optional<ProbeRow> probe(const std::string& of, const std::string& at, const ProbeData& data,
                              std::uint64_t seed);

// Latents of many thoughts about many pictures. thoughts: [n, D] each; visual: [N, D] of some
// pictures; text: [V, D] embeddings.
CausalGeometry geometryOf(const std::vector<torch::Tensor>& thoughts, const torch::Tensor& visual,
                          const torch::Tensor& text);

}  // namespace lvr
