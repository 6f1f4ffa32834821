#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <vector>

#include "core/decode/decoder.h"

namespace lvr {

// What pictures became for one checkpoint, so that a second question about them does not run the
// vision encoder again. Keeps those asked about last.
class RecentVisualTokens {
public:
    explicit RecentVisualTokens(std::size_t mostBytes = std::size_t{256} << 20)
        : mostBytes_(mostBytes) {}

    // As encodeImages; timings are left alone when nothing had to be done. What is larger than the
    // limit alone is not kept, nor what a stop broke off.
    VisualTokens encode(const LvrCheckpoint& checkpoint, const std::vector<Image>& images,
                        const PicturePlan& plan, Timings& timings, const PassWatch& watch = {});
    std::size_t count() const { return recent_.size(); }

private:
    struct Recent {
        std::string fingerprint;  // of pixels and of what they are scaled to
        VisualTokens visual;
    };
    void keep(Recent recent);

    std::size_t mostBytes_;
    std::list<Recent> recent_;  // newest first
};

}  // namespace lvr
