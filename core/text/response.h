#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace lvr {

// A thought and the text after it. Without targets it is text alone.
struct ResponsePiece {
    std::vector<int> targets;  // visual tokens, in the order they are fed
    std::vector<std::int64_t> text;
    std::size_t answerBegin = 0, answerEnd = 0;  // of text: what stands between the answer tags
};

// A gpt turn in pieces (lvr-spec 2.4, 2.6): each <lvr> becomes a thought of its box's tokens; a
// single <lvr> takes all boxes. Text before the first <lvr> stays. <|im_end|> and a newline end the
// last piece. Without answer tags the last piece's text is the answer. A number of boxes that fits
// neither rule is an Error that begins with `name`.
std::vector<ResponsePiece> encodeResponse(const Tokenizer& tokenizer, const std::string& response,
                                          const std::vector<std::vector<int>>& boxTokens,
                                          const std::string& name);

}  // namespace lvr
