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

#include "core/model/lvr_checkpoint.h"
#include "core/model/visual_tokens.h"

namespace lvr {

class FeatureCache;

// Of image files, encoded now; with gradients where the vision tower has some. Throws Error:
// unreadable image, or one that alone is more than the model reads.
VisualTokens visualTokensOf(const LvrCheckpoint& checkpoint,
                            const std::vector<std::filesystem::path>& files);

// Visual tokens of image files, each encoded once: the most recently used stay in memory, and in
// `cache` if there is a folder for it (empty: none).
class VisionFeatures {
public:
    explicit VisionFeatures(const LvrCheckpoint& checkpoint,
                            const std::filesystem::path& cache = {},
                            std::size_t mostBytes = std::size_t{4} << 30);
    ~VisionFeatures();
    const VisualTokens& of(const std::filesystem::path& file);  // throws as visualTokensOf
    VisualTokens of(const std::vector<std::filesystem::path>& files);
    // All files that will be asked for next, in order: they are read, decoded and resized on
    // LibTorch's inter-op threads meanwhile, the first 64 of them; what was to come and is not
    // among them is forgotten. What comes out does not depend on it.
    void prefetch(const std::vector<std::filesystem::path>& files);
    // Why the cache keeps nothing more, said once; empty: all is well.
    std::string trouble();

private:
    struct Kept {
        std::string file;
        VisualTokens image;
    };
    struct Coming {
        std::optional<VisualTokens> cached;
        Pixels pixels;  // otherwise
    };
    static Coming read(const std::filesystem::path& file, const PreprocessConfig& config,
                       const FeatureCache* cache);
    std::future<Coming> startReading(const std::filesystem::path& file) const;
    VisualTokens encode(const std::filesystem::path& file);
    void forgetOldest();

    const LvrCheckpoint& checkpoint_;
    std::shared_ptr<FeatureCache> cache_;  // shared with the threads
    std::size_t mostBytes_, bytes_ = 0;
    std::list<Kept> recent_;  // newest first
    std::map<std::string, std::list<Kept>::iterator> byFile_;
    std::map<std::string, std::future<Coming>> coming_;
};

}  // namespace lvr
