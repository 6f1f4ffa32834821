#pragma once

#include <torch/types.h>

#include <filesystem>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "core/decode/lvr_checkpoint.h"

namespace lvr {

// An image as a frozen vision tower sees it.
struct SeenImage {
    PatchGrid grid;
    torch::Tensor tokens;  // [N, D]
};
// A prompt's images, one after another.
struct SeenImages {
    std::vector<PatchGrid> grids;
    torch::Tensor tokens;  // [N, D] of all; undefined without images
};

// Looks at them now; with gradients where the vision tower has some. Throws Error: unreadable
// image.
SeenImages lookAt(const LvrCheckpoint& checkpoint, const std::vector<std::filesystem::path>& files);

// Visual tokens of image files, each encoded once: the most recently used stay in memory.
class VisionFeatures {
public:
    explicit VisionFeatures(const LvrCheckpoint& checkpoint,
                            std::size_t mostBytes = std::size_t{4} << 30);
    const SeenImage& of(const std::filesystem::path& file);  // throws Error: unreadable image
    SeenImages of(const std::vector<std::filesystem::path>& files);

private:
    struct Kept {
        std::string file;
        SeenImage image;
    };
    void forgetOldest();

    const LvrCheckpoint& checkpoint_;
    std::size_t mostBytes_, bytes_ = 0;
    std::list<Kept> recent_;  // newest first
    std::map<std::string, std::list<Kept>::iterator> byFile_;
};

}  // namespace lvr
