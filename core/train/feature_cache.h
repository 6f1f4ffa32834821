#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "core/train/vision_features.h"

namespace lvr {

// Visual tokens in a folder, from one training to the next. An entry's name is a hash of the image
// file's bytes, the preprocessor and the vision tower's config and weights, so that nothing stale
// is ever read. Entries are written atomically; several trainings may share the folder, which never
// holds more than mostBytes: what was used longest ago makes room. A damaged entry, or one that
// does not fit the model, is as good as none.
class FeatureCache {
public:
    // Throws Error when the folder can't be made. Reads all weights of the vision tower once.
    FeatureCache(const std::filesystem::path& folder, const LvrCheckpoint& checkpoint,
                 std::uintmax_t mostBytes = std::uintmax_t{20} << 30);

    // Of one image; on any thread.
    std::optional<VisualTokens> find(const std::filesystem::path& image) const;
    // Nothing more once a write has failed or the disk is nearly full: what is on it is wanted for
    // more important things.
    void keep(const std::filesystem::path& image, const VisualTokens& encoded);
    // Why nothing more is kept, said once; empty: all is well.
    std::string trouble() { return std::exchange(trouble_, {}); }

private:
    std::filesystem::path entryOf(const std::filesystem::path& image) const;
    bool hasRoomFor(std::uintmax_t bytes);
    void stopKeeping(const std::string& why);

    std::filesystem::path folder_;
    std::string tower_;     // of preprocessor, config and weights
    std::int64_t width_;    // of a visual token
    std::int64_t stacked_;  // layers that get features of earlier blocks; 0: none
    torch::Dtype dtype_;
    torch::Device device_;
    std::uintmax_t mostBytes_;
    std::uintmax_t room_ = 0;  // that may be written before the folder is looked at again
    bool keeps_ = true;
    std::string trouble_;
};

}  // namespace lvr
