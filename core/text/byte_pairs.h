#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lvr {

// Byte-level BPE files spell every byte as one printable character (GPT-2's table: a space is Ġ).
std::string spellBytes(std::string_view bytes);
// The bytes behind a spelling; nothing when it holds a character that stands for no byte.
std::optional<std::string> bytesOfSpelling(std::string_view spelling);

// The merges of a byte-level BPE. The earlier one was added, the earlier it is applied.
class BytePairs {
public:
    // byteIds: the token of each single byte.
    explicit BytePairs(const std::array<std::int32_t, 256>& byteIds) : byteIds_(byteIds) {}
    void reserve(std::size_t merges) { merges_.reserve(merges); }
    // False, and nothing done, when the pair has a merge already.
    bool add(std::int32_t left, std::int32_t right, std::int32_t merged);
    // Appends the tokens of one pre-token. O(n log n) in its length.
    void encode(std::string_view bytes, std::vector<std::int64_t>& ids) const;

private:
    struct Merge {
        std::int32_t rank = 0;
        std::int32_t token = 0;
    };
    const Merge* find(std::int32_t left, std::int32_t right) const;
    friend class PairMerger;

    std::array<std::int32_t, 256> byteIds_;
    std::unordered_map<std::uint64_t, Merge>
        merges_;  // key: left in the high half, right in the low
};

}  // namespace lvr
