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

// Visual tokens of image files, each encoded once: the most recently used stay in memory.
class VisionFeatures {
public:
    explicit VisionFeatures(const LvrCheckpoint& checkpoint,
                            std::size_t mostBytes = std::size_t{4} << 30);
    const SeenImage& of(const std::filesystem::path& file);  // throws Error: unreadable image

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
