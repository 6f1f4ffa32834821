#include "core/text/pre_tokenizer.h"

#include <unicode/normalizer2.h>

#include "core/error.h"

namespace lvr {
namespace {

icu::UnicodeString toUtf16(std::string_view text) {
    return icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
}

std::string toUtf8(const icu::UnicodeString& text) {
    std::string utf8;
    text.toUTF8String(utf8);
    return utf8;
}

void check(UErrorCode status, const std::string& doing) {
    if (U_FAILURE(status)) throw Error(doing + ": " + u_errorName(status));
}

}  // namespace

const char* const kQwen2Pattern = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
                                  R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

std::string toValidUtf8(std::string_view bytes) { return toUtf8(toUtf16(bytes)); }

std::string toNfc(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    const auto* normalizer = icu::Normalizer2::getNFCInstance(status);
    check(status, "ICU has no data for NFC");
    const auto normalized = normalizer->normalize(toUtf16(text), status);
    check(status, "a text cannot be brought to NFC");
    return toUtf8(normalized);
}

PreTokenizer::PreTokenizer(const std::string& pattern, const std::string& source) {
    UErrorCode status = U_ZERO_ERROR;
    UParseError where;
    pattern_.reset(icu::RegexPattern::compile(toUtf16(pattern), where, status));
    check(status, source + " holds \"" + pattern + "\", which is not a regular expression");
}

std::vector<std::string> PreTokenizer::split(std::string_view text) const {
    const auto utf16 = toUtf16(text);
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern_->matcher(utf16, status));
    std::vector<std::string> pieces;
    std::int32_t done = 0;
    const auto takeTo = [&](std::int32_t end) {
        if (end > done) pieces.push_back(toUtf8(utf16.tempSubStringBetween(done, end)));
        done = end;
    };
    while (U_SUCCESS(status) && matcher->find(status)) {
        takeTo(matcher->start(status));
        takeTo(matcher->end(status));
    }
    check(status, "the tokenizer's regular expression fails on this text");
    takeTo(utf16.length());
    return pieces;
}

}  // namespace lvr
