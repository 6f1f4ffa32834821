#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "core/checkpoint/model_config.h"
#include "core/model/vision_layers.h"
#include "core/model/visual_tokens.h"

namespace lvr {

struct PassWatch;

// In which order the encoder reads the patches, and which of them see each other.
struct WindowLayout {
    std::vector<std::int64_t> tokenOrder;     // merged token k is number tokenOrder[k] row-major
    std::vector<std::int64_t> windowLengths;  // patches per window, in that order; empty: none
    std::vector<std::int64_t> imageLengths;   // patches per image (full-attention blocks)
};
WindowLayout windowLayout(const GridThw& grids, const VisionConfig& config);

// Runs of patches that attend to themselves only, those of one length together: made once for all
// blocks of a pass.
class PatchSegments {
public:
    // lengths: of the runs, in order.
    PatchSegments(const std::vector<std::int64_t>& lengths, torch::Device device);
    // q, k, v: [P, H, d] -> [P, H, d]
    torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k,
                         const torch::Tensor& v) const;

private:
    struct Group {
        std::int64_t length = 0;
        torch::Tensor patches;  // [n] which; undefined: all of them, in order
    };
    std::vector<Group> groups_;
    torch::Tensor back_;  // [P] from the groups' order to that of the patches
};

struct VisionAttention {
    VisionAttention(const Parameters& parameters, const VisionConfig& config);
    // x: [P, C]
    torch::Tensor operator()(const torch::Tensor& x, const Rotary& rotary,
                             const PatchSegments& segments) const;
    Linear qkv, proj;
    std::int64_t heads;
};

struct VisionBlock {
    VisionBlock(const Parameters& parameters, const VisionConfig& config);
    torch::Tensor operator()(torch::Tensor x, const Rotary& rotary,
                             const PatchSegments& segments) const;
    VisionNorm norm1, norm2;
    VisionAttention attention;
    VisionMlp mlp;
};

// What the parity tests look at; empty unless asked for.
struct VisionProbe {
    torch::Tensor patchEmbed;           // [P, C]
    torch::Tensor positions;            // [P, C], of the table; undefined without one
    std::vector<torch::Tensor> blocks;  // [P, C] each, in window order
};

// The vision tower of a backbone, with its mergers.
class VisionEncoder {
public:
    VisionEncoder(const Parameters& parameters, const VisionConfig& config);
    // pixels: [P, 3 * temporal * patch * patch] in merge-block order -> [P / merge^2, D],
    // row-major. Without tokens when the watch was told to stop; the grids are left to the caller.
    VisualTokens operator()(const torch::Tensor& pixels, const GridThw& grids,
                            VisionProbe* probe = nullptr, const PassWatch* watch = nullptr) const;

private:
    std::vector<PatchMerger> deepstackMergers(const Parameters& parameters) const;
    // Patches with their positions. [P, C]
    torch::Tensor embed(const torch::Tensor& pixels, const GridThw& grids,
                        VisionProbe* probe) const;

    VisionConfig config_;
    Weight patchEmbed_;        // [C, 3 * temporal * patch * patch]
    torch::Tensor patchBias_;  // [C] or undefined
    torch::Dtype activations_;
    std::optional<PositionTable> positions_;
    std::vector<VisionBlock> blocks_;
    PatchMerger merger_;
    std::vector<PatchMerger> deepstack_;  // of the blocks of deepstackVisualIndexes
};

}  // namespace lvr
