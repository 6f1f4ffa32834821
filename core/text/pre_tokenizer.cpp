#include "core/text/pre_tokenizer.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

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

// A character as Qwen2's expression tells them apart: [\r\n], the rest of \s, \p{L}, \p{N}, others.
enum class Kind { Newline, Blank, Letter, Number, Other };

Kind kindOf(UChar32 character) {
    if (character == '\r' || character == '\n') return Kind::Newline;
    if (u_isUWhiteSpace(character)) return Kind::Blank;
    const auto category = U_GET_GC_MASK(character);
    if (category & U_GC_L_MASK) return Kind::Letter;
    return category & U_GC_N_MASK ? Kind::Number : Kind::Other;
}

// What kQwen2Pattern matches, found by looking ahead only: an engine that backtracks needs memory
// for each character of a run. Each function is one alternative and gives the end of its match at
// `from`, or `from` when it has none there; all are indices of characters.
class Qwen2Pieces {
public:
    explicit Qwen2Pieces(std::string_view text) : text_(text) {
        const auto length = static_cast<std::int32_t>(text.size());
        for (std::int32_t at = 0; at < length;) {
            begins_.push_back(at);
            UChar32 character = 0;
            U8_NEXT(text.data(), at, length, character);
            characters_.push_back(character);
            kinds_.push_back(kindOf(character));
        }
        begins_.push_back(length);
    }

    std::vector<std::string> all() const {
        std::vector<std::string> pieces;
        for (std::size_t from = 0; from < kinds_.size();) {
            const auto to = endOf(from);
            pieces.emplace_back(text_.substr(begins_[from], begins_[to] - begins_[from]));
            from = to;
        }
        return pieces;
    }

private:
    std::size_t endOf(std::size_t from) const {
        for (const auto alternative : {&Qwen2Pieces::contraction, &Qwen2Pieces::word,
                                       &Qwen2Pieces::number, &Qwen2Pieces::symbols})
            if (const auto to = (this->*alternative)(from); to > from) return to;
        return blanks(from);
    }

    bool is(std::size_t at, Kind kind) const { return at < kinds_.size() && kinds_[at] == kind; }
    bool isSpace(std::size_t at) const { return is(at, Kind::Blank) || is(at, Kind::Newline); }
    std::size_t past(Kind kind, std::size_t at) const {
        while (is(at, kind)) ++at;
        return at;
    }
    UChar32 folded(std::size_t at) const {
        return at < characters_.size() ? u_foldCase(characters_[at], U_FOLD_CASE_DEFAULT) : 0;
    }

    // (?i:'s|'t|'re|'ve|'m|'ll|'d)
    std::size_t contraction(std::size_t from) const {
        if (characters_[from] != '\'') return from;
        const auto first = folded(from + 1), second = folded(from + 2);
        if (first == 's' || first == 't' || first == 'm' || first == 'd') return from + 2;
        const bool two =
            ((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l');
        return two ? from + 3 : from;
    }
    // [^\r\n\p{L}\p{N}]?\p{L}+
    std::size_t word(std::size_t from) const {
        const bool prefix = is(from, Kind::Blank) || is(from, Kind::Other);
        const auto letters = prefix ? from + 1 : from;
        return is(letters, Kind::Letter) ? past(Kind::Letter, letters) : from;
    }
    // \p{N}
    std::size_t number(std::size_t from) const { return is(from, Kind::Number) ? from + 1 : from; }
    //  ?[^\s\p{L}\p{N}]+[\r\n]*
    std::size_t symbols(std::size_t from) const {
        const auto first = characters_[from] == ' ' ? from + 1 : from;
        if (!is(first, Kind::Other)) return from;
        return past(Kind::Newline, past(Kind::Other, first));
    }
    // \s*[\r\n]+|\s+(?!\S)|\s+
    std::size_t blanks(std::size_t from) const {
        auto end = from, afterNewline = from;
        for (; isSpace(end); ++end)
            if (is(end, Kind::Newline)) afterNewline = end + 1;
        if (afterNewline > from) return afterNewline;
        const bool goesOn = end < kinds_.size();
        return goesOn && end - from > 1 ? end - 1 : end;
    }

    std::string_view text_;
    std::vector<std::int32_t> begins_;  // of each character in text_, and where the last one ends
    std::vector<UChar32> characters_;
    std::vector<Kind> kinds_;
};

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
    if (pattern == kQwen2Pattern) return;
    UErrorCode status = U_ZERO_ERROR;
    UParseError where;
    pattern_.reset(icu::RegexPattern::compile(toUtf16(pattern), where, status));
    check(status, source + " holds \"" + pattern + "\", which is not a regular expression");
}

std::vector<std::string> PreTokenizer::split(std::string_view text) const {
    if (!pattern_) return Qwen2Pieces(text).all();
    const auto utf16 = toUtf16(text);
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern_->matcher(utf16, status));
    // ICU's own limit is reached by a run of some 100,000 characters.
    if (matcher) matcher->setStackLimit(0, status);
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
