#include "core/text/byte_pairs.h"

#include <unicode/utf8.h>

#include <queue>

namespace lvr {
namespace {

constexpr bool spellsItself(int byte) {
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

// The code point that spells each byte: itself when printable, otherwise the next one from 256.
constexpr std::array<UChar32, 256> makeSpellings() {
    std::array<UChar32, 256> spellings{};
    UChar32 next = 256;
    for (int byte = 0; byte < 256; ++byte) spellings[byte] = spellsItself(byte) ? byte : next++;
    return spellings;
}

// The byte that each code point below kSpellingEnd spells, -1 for those that spell none.
constexpr UChar32 kSpellingEnd = 256 + 68;
constexpr std::array<int, kSpellingEnd> makeBytes() {
    std::array<int, kSpellingEnd> bytes{};
    bytes.fill(-1);
    const auto spellings = makeSpellings();
    for (int byte = 0; byte < 256; ++byte) bytes[spellings[byte]] = byte;
    return bytes;
}

constexpr auto kSpellings = makeSpellings();
constexpr auto kBytes = makeBytes();

std::uint64_t keyOf(std::int32_t left, std::int32_t right) {
    return std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
}

}  // namespace

std::string spellBytes(std::string_view bytes) {
    std::string spelling;
    for (const char byte : bytes) {
        char units[U8_MAX_LENGTH];
        int length = 0;
        U8_APPEND_UNSAFE(units, length, kSpellings[static_cast<unsigned char>(byte)]);
        spelling.append(units, length);
    }
    return spelling;
}

std::optional<std::string> bytesOfSpelling(std::string_view spelling) {
    std::string bytes;
    const auto length = static_cast<std::int32_t>(spelling.size());
    for (std::int32_t i = 0; i < length;) {
        UChar32 character;
        U8_NEXT(spelling.data(), i, length, character);
        if (character < 0 || character >= kSpellingEnd || kBytes[character] < 0) return {};
        bytes.push_back(static_cast<char>(kBytes[character]));
    }
    return bytes;
}

// One pre-token while its pairs are merged: a linked list of tokens and a heap of the pairs that
// can be merged. A heap entry is stale once either of its tokens has changed.
class PairMerger {
public:
    PairMerger(const BytePairs& pairs, std::string_view bytes) : pairs_(pairs) {
        const auto count = static_cast<int>(bytes.size());
        nodes_.reserve(count);
        for (int i = 0; i < count; ++i)
            nodes_.push_back({pairs.byteIds_[static_cast<unsigned char>(bytes[i])], i - 1,
                              i + 1 < count ? i + 1 : -1});
        for (int i = 0; i + 1 < count; ++i) offer(i);
    }

    void mergeAll() {
        while (!candidates_.empty()) {
            const auto candidate = candidates_.top();
            candidates_.pop();
            if (!stale(candidate)) merge(candidate);
        }
    }

    void append(std::vector<std::int64_t>& ids) const {
        for (int i = nodes_.empty() ? -1 : 0; i >= 0; i = nodes_[i].next)
            ids.push_back(nodes_[i].token);
    }

private:
    struct Node {
        std::int32_t token = 0;  // -1 once it was merged into the node before it
        int previous = -1;
        int next = -1;
    };
    struct Candidate {
        std::int32_t rank = 0;
        int at = 0;  // node of the left token
        std::int32_t left = 0;
        std::int32_t right = 0;
        std::int32_t merged = 0;
        // Lowest rank first, then leftmost.
        bool operator<(const Candidate& other) const {
            return rank != other.rank ? rank > other.rank : at > other.at;
        }
    };

    void offer(int at) {
        if (at < 0 || nodes_[at].next < 0) return;
        const auto left = nodes_[at].token;
        const auto right = nodes_[nodes_[at].next].token;
        if (const auto* found = pairs_.find(left, right))
            candidates_.push({found->rank, at, left, right, found->token});
    }

    bool stale(const Candidate& candidate) const {
        const auto& node = nodes_[candidate.at];
        return node.token != candidate.left || node.next < 0 ||
               nodes_[node.next].token != candidate.right;
    }

    void merge(const Candidate& candidate) {
        auto& node = nodes_[candidate.at];
        auto& gone = nodes_[node.next];
        node.token = candidate.merged;
        node.next = gone.next;
        gone.token = -1;
        if (node.next >= 0) nodes_[node.next].previous = candidate.at;
        offer(node.previous);
        offer(candidate.at);
    }

    const BytePairs& pairs_;
    std::vector<Node> nodes_;
    std::priority_queue<Candidate> candidates_;
};

bool BytePairs::add(std::int32_t left, std::int32_t right, std::int32_t merged) {
    const auto rank = static_cast<std::int32_t>(merges_.size());
    return merges_.try_emplace(keyOf(left, right), Merge{rank, merged}).second;
}

void BytePairs::encode(std::string_view bytes, std::vector<std::int64_t>& ids) const {
    PairMerger merger(*this, bytes);
    merger.mergeAll();
    merger.append(ids);
}

const BytePairs::Merge* BytePairs::find(std::int32_t left, std::int32_t right) const {
    const auto found = merges_.find(keyOf(left, right));
    return found == merges_.end() ? nullptr : &found->second;
}

}  // namespace lvr
