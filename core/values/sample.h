#pragma once

#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

struct Question {
    std::vector<Image> images;
    std::string text;
    bool operator==(const Question&) const = default;
};

// A question whose answer is known. rois are the regions to look at, in the order of the latent
// targets.
struct Sample {
    std::string id;
    std::string kind;  // the record's `dataset` field
    Question question;
    std::string answer;
    std::vector<Box> rois;
    bool operator==(const Sample&) const = default;
};

}  // namespace lvr
