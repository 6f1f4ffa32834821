#pragma once

#include <optional>
#include <string>

#include "core/values/evaluation.h"

namespace lvr {

struct PublishedRanges {
    std::optional<PublishedRange> base, lvr;  // Qwen2.5-VL-7B, and LVR made from it
};

// What others printed of a benchmark, or of a part of it, as resources/published.json collects it;
// nothing where nobody did. set: "vstar"; part: "direct_attributes", "pairs" or empty.
PublishedRanges publishedFor(const std::string& set, const std::string& part);

// "76.4–81.7 (5 sources)"
std::string toText(const PublishedRange& range);

}  // namespace lvr
