#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <vector>

#include "core/decode/decoder.h"

namespace lvr {

// What pictures became for one checkpoint, so that a second question about them does not run the
// vision encoder again. Keeps those asked about last.
class SeenImages {
public:
    explicit SeenImages(std::size_t mostBytes = std::size_t{256} << 20) : mostBytes_(mostBytes) {}

    // Without patch values (only the encoder needs them). Timings are 0 when nothing had to be
    // done. What is larger than the limit alone is not kept.
    EncodedImages encode(const LvrCheckpoint& checkpoint, const std::vector<Image>& images);
    std::size_t count() const { return seen_.size(); }

private:
    struct Seen {
        std::string fingerprint;  // of sizes and pixels
        EncodedImages encoded;
    };
    void keep(Seen seen);

    std::size_t mostBytes_;
    std::list<Seen> seen_;  // newest first
};

}  // namespace lvr
