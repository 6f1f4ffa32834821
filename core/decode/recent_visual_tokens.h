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

    // timings: as of encodeImages; left alone when nothing had to be done. What is larger than the
    // limit alone is not kept.
    VisualTokens encode(const LvrCheckpoint& checkpoint, const std::vector<Image>& images,
                        Timings& timings);
    std::size_t count() const { return recent_.size(); }

private:
    struct Recent {
        std::string fingerprint;  // of sizes and pixels
        VisualTokens visual;
    };
    void keep(Recent recent);

    std::size_t mostBytes_;
    std::list<Recent> recent_;  // newest first
};

}  // namespace lvr
