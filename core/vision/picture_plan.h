#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/values/options.h"
#include "core/vision/preprocess.h"

namespace lvr {

// What a model reads at once, in positions, and what of it is not for pictures.
struct ReadingRoom {
    std::int64_t positions = 0;  // in all
    std::int64_t text = 0;       // of the prompt, pictures left out
    std::int64_t answer = 0;     // thoughts and words to come
    // Of a given thought, which may be as long as there are visual tokens. Empty: there is none.
    std::function<std::int64_t(const std::vector<PatchGrid>&)> thought = {};
};

// How the pictures of one question are read.
struct PicturePlan {
    PreprocessConfig limits;       // smartResize by these gives `sizes`
    std::vector<Size> sizes;       // one per picture: what it is scaled to
    std::vector<PatchGrid> grids;  // one per picture: its visual tokens
    bool lowered = false;          // scaled down further than was asked for, so that all fits
    int visualTokens() const;
    bool operator==(const PicturePlan&) const = default;
};

// A model's own limits with what a question says. A largest size below the smallest lowers that.
PreprocessConfig limitedTo(const PixelLimits& limits, PreprocessConfig config);

// As large as the limits and the room allow; several pictures share it. What room words need is
// rounded up, so that a picture keeps its size, and what it was encoded to, from one question to
// the next. Nothing when not even the smallest size fits. Throws as smartResize.
std::optional<PicturePlan> planPictures(const std::vector<Size>& pictures,
                                        const PreprocessConfig& limits, const ReadingRoom& room);

}  // namespace lvr
