#pragma once

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lvr {

// Text as Python's `str` sees it, for rules that are defined by Python code. Positions are in
// UTF-16 units; where Python counts characters, so does characterCount.
using PythonText = icu::UnicodeString;

PythonText pythonText(std::string_view utf8);
std::string utf8Of(const PythonText& text);

bool isPythonSpace(UChar32 sign);             // str.isspace, and \s of a pattern
PythonText stripped(const PythonText& text);  // text.strip()
PythonText stripped(const PythonText& text, std::u16string_view of);  // text.strip(of)
PythonText lowered(PythonText text);                                  // text.lower()
PythonText uppered(PythonText text);                                  // text.upper(): may be longer
std::vector<PythonText> pythonWords(const PythonText& text);          // text.split()
// text.split(at): at least one part.
std::vector<PythonText> pythonSplit(const PythonText& text, const PythonText& at);
PythonText replaced(PythonText text, const PythonText& what, const PythonText& by);
bool contains(const PythonText& text, const PythonText& part);  // part in text
int characterCount(const PythonText& text);                     // len(text)
PythonText firstCharacter(const PythonText& text);              // text[:1]
// What the first `open` and the next `close` have between them, over lines. Where the first one is
// not closed there is nothing, even if a later one is: re.search("open(.*?)close", DOTALL).
std::optional<PythonText> firstBetween(const PythonText& text, const PythonText& open,
                                       const PythonText& close);

// A pattern of Python's `re` that means there what it means here: \s, \b, \w-ness, $ before a final
// newline, and IGNORECASE with the four letters that fold onto i, s and k. Understands literals,
// classes, groups, alternatives, look-ahead and quantifiers; no back references, no named groups.
class PythonPattern {
public:
    enum class Case { Kept, Ignored };
    enum class Dot { NotNewline, All };  // what . stands for

    // Throws Error: the pattern is not one.
    explicit PythonPattern(std::string_view pattern, Case letters = Case::Kept,
                           Dot dot = Dot::NotNewline);

    struct Match {
        int32_t begin = 0, end = 0;
        PythonText group = {};                // the first one; empty: it took no part
        std::vector<PythonText> groups = {};  // all of them, from the first on
    };
    std::optional<Match> search(const PythonText& text) const;  // re.search
    std::vector<Match> findAll(const PythonText& text) const;   // re.finditer
    // re.sub, with $1 for the first group.
    PythonText substituted(const PythonText& text, const PythonText& by) const;

private:
    std::unique_ptr<icu::RegexPattern> pattern_;
};

}  // namespace lvr
