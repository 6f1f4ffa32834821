#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/train/vision_features.h"

namespace lvr {

// Visual tokens in a folder, from one training to the next. An entry's name is a hash of the image
// file's bytes, the preprocessor and the vision tower's weights, so that nothing stale is ever
// read. Entries are written atomically; several trainings may share the folder. A damaged or
// unwritable entry is as good as none.
class FeatureCache {
public:
    // Throws Error when the folder can't be made. Reads all weights of the vision tower once.
    FeatureCache(const std::filesystem::path& folder, const LvrCheckpoint& checkpoint,
                 std::uintmax_t mostBytes = std::uintmax_t{20} << 30);
    ~FeatureCache();  // forgets what was used longest ago, down to mostBytes

    // Of one image.
    std::optional<VisualTokens> find(const std::filesystem::path& image) const;
    void keep(const std::filesystem::path& image, const VisualTokens& encoded) const;

private:
    std::filesystem::path entryOf(const std::filesystem::path& image) const;

    std::filesystem::path folder_;
    std::string tower_;  // of preprocessor and weights
    torch::Dtype dtype_;
    torch::Device device_;
    std::uintmax_t mostBytes_;
};

}  // namespace lvr
