#include "core/text/added_tokens.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace lvr {
namespace {

// What a regular expression calls \w.
bool isWord(UChar32 character) {
    const auto mask = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
    return u_isUAlphabetic(character) || (U_GET_GC_MASK(character) & mask) != 0 ||
           u_hasBinaryProperty(character, UCHAR_JOIN_CONTROL);
}

UChar32 firstOf(std::string_view text, std::int32_t& length) {
    UChar32 character = U_SENTINEL;
    length = 0;
    if (!text.empty())
        U8_NEXT(text.data(), length, static_cast<std::int32_t>(text.size()), character);
    return character;
}

UChar32 lastOf(std::string_view text, std::int32_t& length) {
    UChar32 character = U_SENTINEL;
    auto from = static_cast<std::int32_t>(text.size());
    if (!text.empty()) U8_PREV(text.data(), 0, from, character);
    length = static_cast<std::int32_t>(text.size()) - from;
    return character;
}

bool touchesWord(std::string_view text, std::size_t start, std::size_t end) {
    std::int32_t ignored = 0;
    const auto before = lastOf(text.substr(0, start), ignored);
    const auto after = firstOf(text.substr(end), ignored);
    return (before >= 0 && isWord(before)) || (after >= 0 && isWord(after));
}

std::size_t skipSpaceBack(std::string_view text, std::size_t at) {
    std::int32_t length = 0;
    while (at > 0 && u_isUWhiteSpace(lastOf(text.substr(0, at), length))) at -= length;
    return at;
}

std::size_t skipSpace(std::string_view text, std::size_t at) {
    std::int32_t length = 0;
    while (at < text.size() && u_isUWhiteSpace(firstOf(text.substr(at), length))) at += length;
    return at;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
    std::stable_sort(tokens_.begin(), tokens_.end(), [](const auto& a, const auto& b) {
        return a.content.size() > b.content.size();
    });
    for (std::size_t i = 0; i < tokens_.size(); ++i)
        starts_[static_cast<unsigned char>(tokens_[i].content.front())].push_back(i);
}

const AddedToken* AddedTokenMatcher::longestAt(std::string_view text) const {
    for (const auto i : starts_[static_cast<unsigned char>(text.front())])
        if (text.starts_with(tokens_[i].content)) return &tokens_[i];
    return nullptr;
}

std::vector<TextPiece> AddedTokenMatcher::split(std::string_view text) const {
    std::vector<TextPiece> pieces;
    std::size_t done = 0;  // everything before it is in a piece
    for (std::size_t at = 0; at < text.size();) {
        const auto* token = longestAt(text.substr(at));
        const auto end = token ? at + token->content.size() : at + 1;
        if (token && !(token->singleWord && touchesWord(text, at, end))) {
            const auto from = token->lstrip ? std::max(skipSpaceBack(text, at), done) : at;
            const auto to = token->rstrip ? skipSpace(text, end) : end;
            if (from > done) pieces.push_back({text.substr(done, from - done), {}});
            pieces.push_back({text.substr(from, to - from), token->id});
            done = std::max(done, to);
        }
        at = end;
    }
    if (done < text.size()) pieces.push_back({text.substr(done), {}});
    return pieces;
}

}  // namespace lvr
