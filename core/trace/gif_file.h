#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "core/values/image.h"

namespace lvr {

struct Animation {
    int frames = 0;
    std::function<Image(int frame)> frame;  // drawn when its turn comes; all of one size
    int milliseconds = 700;                 // each
};

// An endless GIF with 256 colours a frame. Nothing when stopped. Throws Error: too large for a GIF.
std::vector<std::uint8_t> encodeGif(const Animation& animation,
                                    const std::function<void(int done)>& onFrame = {},
                                    const std::stop_token& stop = {});

}  // namespace lvr
