#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lvr {

// A token that is matched as a whole before BPE; flags as in tokenizer.json.
struct AddedToken {
    std::string content;
    std::int64_t id = 0;
    bool special = false;     // left out by decode(..., SkipSpecial::Yes)
    bool lstrip = false;      // takes the white space before it along
    bool rstrip = false;      // and after it
    bool singleWord = false;  // only where no letter, digit or underscore touches it
    bool normalized = false;  // looked for after NFC, otherwise before
    bool operator==(const AddedToken&) const = default;
};

// A stretch of text between added tokens, or one of them.
struct TextPiece {
    std::string_view text;
    std::optional<std::int64_t> added;
};

// Finds added tokens, leftmost first and the longest of those that start there.
class AddedTokenMatcher {
public:
    AddedTokenMatcher() = default;
    explicit AddedTokenMatcher(std::vector<AddedToken> tokens);
    // text: valid UTF-8, must outlive the pieces.
    std::vector<TextPiece> split(std::string_view text) const;

private:
    const AddedToken* longestAt(std::string_view text) const;

    std::vector<AddedToken> tokens_;                    // longest first
    std::array<std::vector<std::size_t>, 256> starts_;  // indices into tokens_ by first byte
};

}  // namespace lvr
