#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/decode/lvr_checkpoint.h"

namespace lvr {

class FeatureCache;

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

// Visual tokens of image files, each encoded once: the most recently used stay in memory, and in
// `cache` if there is a folder for it (empty: none).
class VisionFeatures {
public:
    explicit VisionFeatures(const LvrCheckpoint& checkpoint,
                            const std::filesystem::path& cache = {},
                            std::size_t mostBytes = std::size_t{4} << 30);
    ~VisionFeatures();
    const SeenImage& of(const std::filesystem::path& file);  // throws Error: unreadable image
    SeenImages of(const std::vector<std::filesystem::path>& files);
    // Files that will be asked for soon are read, decoded and resized on LibTorch's inter-op
    // threads meanwhile; at most 64 of them wait. What comes out does not depend on it.
    void prefetch(const std::vector<std::filesystem::path>& files);

private:
    struct Kept {
        std::string file;
        SeenImage image;
    };
    struct Coming {
        std::optional<SeenImage> seen;  // found in the cache
        Pixels pixels;                  // otherwise
    };
    static Coming read(const std::filesystem::path& file, const PreprocessConfig& config,
                       const FeatureCache* cache);
    SeenImage see(const std::filesystem::path& file);
    void forgetOldest();

    const LvrCheckpoint& checkpoint_;
    std::shared_ptr<const FeatureCache> cache_;  // shared with the threads
    std::size_t mostBytes_, bytes_ = 0;
    std::list<Kept> recent_;  // newest first
    std::map<std::string, std::list<Kept>::iterator> byFile_;
    std::map<std::string, std::future<Coming>> coming_;
};

}  // namespace lvr
