#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "core/checkpoint/model_config.h"
#include "core/model/layers.h"

namespace lvr {

using GridThw = std::vector<std::array<std::int64_t, 3>>;  // per image, in patches

// Row and column of every patch, in merge-block order. [P] each
std::array<torch::Tensor, 2> patchRowsAndColumns(const GridThw& grids, std::int64_t merge);

// With bias, over the last axis.
struct LayerNorm {
    LayerNorm(const Parameters& parameters, std::int64_t size, double eps);
    torch::Tensor operator()(const torch::Tensor& x) const;
    torch::Tensor weight, bias;  // [size]
    double eps;
};

// down(gelu(up(x))), GELU by its tanh formula
struct GeluMlp {
    GeluMlp(const Parameters& parameters, std::int64_t size, std::int64_t intermediate);
    torch::Tensor operator()(const torch::Tensor& x) const;
    Linear up, down;
};

// The norm of a vision tower, by its traits.
struct VisionNorm {
    VisionNorm(const Parameters& parameters, std::int64_t size, const VisionTraits& traits);
    torch::Tensor operator()(const torch::Tensor& x) const;
    std::variant<RmsNorm, LayerNorm> norm;
};

// What a block of a vision tower does to each patch alone, by the traits.
struct VisionMlp {
    VisionMlp(const Parameters& parameters, const VisionConfig& config);
    torch::Tensor operator()(const torch::Tensor& x) const;
    std::variant<GatedMlp, GeluMlp> mlp;
};

// Joins the patches of a visual token and maps them to the language model's size.
class PatchMerger {
public:
    enum class Normalises { BeforeJoining, AfterJoining };
    PatchMerger(const Parameters& parameters, const VisionConfig& config, Normalises when);
    // [P, C] in merge-block order -> [P / merge^2, D]
    torch::Tensor operator()(const torch::Tensor& x) const;

private:
    std::int64_t joined_;  // merge^2 * C
    Normalises when_;
    VisionNorm norm_;
    Linear in_, out_;
};

// A learned vector for each place of a square, stretched over a picture whatever its shape: corners
// lie on corners, between places it is bilinear.
class PositionTable {
public:
    PositionTable(const Parameters& parameters, const VisionConfig& config);
    // Of every patch, in merge-block order. [P, C]
    torch::Tensor of(const GridThw& grids) const;

private:
    torch::Tensor table_;  // [side * side, C]
    std::int64_t side_, merge_;
};

}  // namespace lvr
