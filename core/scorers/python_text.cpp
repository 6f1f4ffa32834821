#include "core/scorers/python_text.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>

#include "core/error.h"

namespace lvr {
namespace {

// Members of a class in ICU's syntax.
constexpr std::string_view kSpaces =
    R"(\u0009-\u000D\u001C-\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000)";
constexpr std::string_view kWordSigns = R"(\p{L}\p{N}_)";

// Lower, upper and what folds onto them in Python (and not always in ICU).
std::string withBothCases(char letter) {
    const char lower = static_cast<char>(letter | 0x20), upper = static_cast<char>(letter & ~0x20);
    std::string all{lower, upper};
    if (lower == 'i') all += R"(\u0130\u0131)";
    if (lower == 's') all += R"(\u017F)";
    if (lower == 'k') all += R"(\u212A)";
    return all;
}

bool isAsciiLetter(char sign) { return (sign | 0x20) >= 'a' && (sign | 0x20) <= 'z'; }

// Rewrites a pattern from left to right.
class Translation {
public:
    Translation(std::string_view pattern, PythonPattern::Case letters)
        : rest_(pattern), ignoresCase_(letters == PythonPattern::Case::Ignored) {}

    std::string run() {
        while (!rest_.empty()) step();
        return out_;
    }

private:
    void step() {
        const char sign = take();
        if (sign == '\\')
            escape(take());
        else if (inClass_)
            member(sign);
        else if (sign == '[')
            openClass();
        else if (sign == '$')
            out_ += R"((?:(?=\n\z)|\z))";
        else if (isAsciiLetter(sign) && ignoresCase_)
            out_ += "[" + withBothCases(sign) + "]";
        else
            out_ += sign;
    }

    void openClass() {
        inClass_ = true;
        out_ += '[';
        if (!rest_.empty() && rest_.front() == '^') out_ += take();
    }

    void member(char sign) {
        if (sign == ']') {
            inClass_ = false;
            out_ += ']';
        } else if (isAsciiLetter(sign) && ignoresCase_) {
            const bool isRange = rest_.size() > 1 && rest_[0] == '-' && isAsciiLetter(rest_[1]);
            if (isRange) take();
            for (char last = isRange ? take() : sign; sign <= last; ++sign)
                out_ += withBothCases(sign);
        } else if (sign == '[' || sign == '&') {
            out_ += std::string("\\") + sign;  // have a meaning in ICU's classes
        } else {
            out_ += sign;
        }
    }

    void escape(char sign) {
        if (sign == 's')
            out_ += inClass_ ? std::string(kSpaces) : "[" + std::string(kSpaces) + "]";
        else if (sign == 'b')
            out_ += boundary();
        else
            out_ += std::string("\\") + sign;
    }

    static std::string boundary() {
        const auto word = "[" + std::string(kWordSigns) + "]";
        return "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))";
    }

    char take() {
        if (rest_.empty()) throw Error("a pattern ends in the middle");
        const char sign = rest_.front();
        rest_.remove_prefix(1);
        return sign;
    }

    std::string_view rest_;
    std::string out_;
    bool ignoresCase_, inClass_ = false;
};

}  // namespace

PythonText pythonText(std::string_view utf8) {
    return PythonText::fromUTF8(icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())));
}

std::string utf8Of(const PythonText& text) {
    std::string utf8;
    text.toUTF8String(utf8);
    return utf8;
}

bool isPythonSpace(UChar32 sign) {
    return (sign >= 0x09 && sign <= 0x0D) || (sign >= 0x1C && sign <= 0x20) || sign == 0x85 ||
           u_charType(sign) == U_SPACE_SEPARATOR || sign == 0x2028 || sign == 0x2029;
}

PythonText stripped(const PythonText& text) {
    int32_t begin = 0, end = text.length();
    while (begin < end && isPythonSpace(text[begin])) ++begin;  // all of them are one unit long
    while (end > begin && isPythonSpace(text[end - 1])) --end;
    return {text, begin, end - begin};
}

PythonText stripped(const PythonText& text, std::u16string_view of) {
    int32_t begin = 0, end = text.length();
    while (begin < end && of.find(text[begin]) != of.npos) ++begin;
    while (end > begin && of.find(text[end - 1]) != of.npos) --end;
    return {text, begin, end - begin};
}

PythonText lowered(PythonText text) { return text.toLower(icu::Locale::getRoot()); }

PythonText uppered(PythonText text) { return text.toUpper(icu::Locale::getRoot()); }

std::vector<PythonText> pythonWords(const PythonText& text) {
    std::vector<PythonText> words;
    for (int32_t at = 0; at < text.length();) {
        const int32_t begin = at;
        while (at < text.length() && !isPythonSpace(text[at])) ++at;
        if (at > begin) words.emplace_back(text, begin, at - begin);
        while (at < text.length() && isPythonSpace(text[at])) ++at;
    }
    return words;
}

std::vector<PythonText> pythonSplit(const PythonText& text, const PythonText& at) {
    std::vector<PythonText> parts;
    int32_t begin = 0;
    for (auto found = text.indexOf(at); found >= 0; found = text.indexOf(at, begin)) {
        parts.emplace_back(text, begin, found - begin);
        begin = found + at.length();
    }
    parts.emplace_back(text, begin);
    return parts;
}

PythonText replaced(PythonText text, const PythonText& what, const PythonText& by) {
    return text.findAndReplace(what, by);
}

bool contains(const PythonText& text, const PythonText& part) {
    return part.isEmpty() || text.indexOf(part) >= 0;
}

int characterCount(const PythonText& text) { return text.countChar32(); }

PythonText firstCharacter(const PythonText& text) { return {text, 0, text.moveIndex32(0, 1)}; }

std::optional<PythonText> firstBetween(const PythonText& text, const PythonText& open,
                                       const PythonText& close) {
    const auto begin = text.indexOf(open);
    if (begin < 0) return std::nullopt;
    const auto from = begin + open.length(), end = text.indexOf(close, from);
    if (end < 0) return std::nullopt;
    return PythonText(text, from, end - from);
}

PythonPattern::PythonPattern(std::string_view pattern, Case letters, Dot dot) {
    const auto translated = Translation(pattern, letters).run();
    std::uint32_t flags = UREGEX_UNIX_LINES;
    if (dot == Dot::All) flags |= UREGEX_DOTALL;
    UErrorCode failed = U_ZERO_ERROR;
    pattern_.reset(icu::RegexPattern::compile(pythonText(translated), flags, failed));
    if (U_FAILURE(failed)) throw Error("not a pattern: " + std::string(pattern));
}

namespace {

PythonPattern::Match matchOf(const icu::RegexMatcher& matcher) {
    UErrorCode failed = U_ZERO_ERROR;
    PythonPattern::Match match{matcher.start(failed), matcher.end(failed)};
    for (int32_t group = 1; group <= matcher.groupCount(); ++group)
        match.groups.push_back(matcher.group(group, failed));
    if (!match.groups.empty()) match.group = match.groups.front();
    return match;
}

}  // namespace

std::vector<PythonPattern::Match> PythonPattern::findAll(const PythonText& text) const {
    std::vector<Match> matches;
    UErrorCode failed = U_ZERO_ERROR;
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern_->matcher(text, failed));
    while (U_SUCCESS(failed) && matcher->find(failed)) matches.push_back(matchOf(*matcher));
    return matches;
}

std::optional<PythonPattern::Match> PythonPattern::search(const PythonText& text) const {
    UErrorCode failed = U_ZERO_ERROR;
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern_->matcher(text, failed));
    if (U_FAILURE(failed) || !matcher->find(failed)) return std::nullopt;
    return matchOf(*matcher);
}

PythonText PythonPattern::substituted(const PythonText& text, const PythonText& by) const {
    UErrorCode failed = U_ZERO_ERROR;
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern_->matcher(text, failed));
    if (U_FAILURE(failed)) return text;
    auto result = matcher->replaceAll(by, failed);
    return U_SUCCESS(failed) ? result : text;
}

}  // namespace lvr
