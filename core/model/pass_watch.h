#pragma once

#include <functional>
#include <stop_token>

namespace lvr {

// Looks at a pass through many layers, on the caller's thread. When a stop is requested the pass
// breaks off before its next layer: what it returns then means nothing.
struct PassWatch {
    std::function<void(double fraction)> onProgress = {};  // of the layers that are done, 0..1
    std::stop_token stop = {};

    // Between two layers; false: break off.
    bool goesOn(std::size_t done, std::size_t count) const {
        if (stop.stop_requested()) return false;
        if (onProgress) onProgress(static_cast<double>(done) / static_cast<double>(count));
        return true;
    }
};

}  // namespace lvr
