#pragma once

#include <cstdint>
#include <optional>

namespace lvr {

struct PreprocessConfig;

struct PixelLimits {
    std::optional<std::int64_t> min, max;  // of a picture's area after resizing
};
// Throws Error when they contradict each other.
void apply(const PixelLimits& limits, PreprocessConfig& config);

}  // namespace lvr
