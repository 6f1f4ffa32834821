#pragma once

#include <unicode/regex.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lvr {

// The expression of Qwen2's tokenizer, for folders without tokenizer.json.
extern const char* const kQwen2Pattern;

// Text with each invalid UTF-8 sequence replaced by one U+FFFD per maximal subpart.
std::string toValidUtf8(std::string_view bytes);
std::string toNfc(std::string_view text);

// Cuts text into the pre-tokens that BPE never merges across.
class PreTokenizer {
public:
    // Throws Error when ICU does not understand the expression; `source` says where it comes from.
    explicit PreTokenizer(const std::string& pattern, const std::string& source = "the tokenizer");
    // Each match and each gap between matches ("Isolated"); together they are `text`, which is
    // valid UTF-8. Time and memory grow with the text's length whatever is in it when the
    // expression is Qwen2's.
    std::vector<std::string> split(std::string_view text) const;

private:
    std::shared_ptr<const icu::RegexPattern> pattern_;  // null: Qwen2's
};

}  // namespace lvr
