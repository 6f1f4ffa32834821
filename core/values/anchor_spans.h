#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/values/trace.h"

namespace lvr {

// Tokens of a method that says its visual thoughts as tokens, beside each other: read like words,
// and nothing is fed back for them.
struct AnchorSpan {
    std::string method;     // "CoVT"
    std::size_t first = 0;  // index of its first step ...
    std::size_t last = 0;   // ... and of its last
    bool operator==(const AnchorSpan&) const = default;
};

// CoVT's from <|anchor_start|> to <|anchor_end|>, LaViT's <lvr1>, <lvr2>, ...
std::vector<AnchorSpan> anchorSpansOf(const std::vector<DecodeStep>& steps);
// Whether a token is one of such a span by itself, and whose.
std::optional<std::string> anchorMethodOf(const std::string& token);
// "2 anchor spans of CoVT at positions 4 to 13, 20 to 29, read as tokens"
std::string anchorText(const std::vector<AnchorSpan>& spans);

}  // namespace lvr
