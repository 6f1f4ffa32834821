#include <algorithm>
#include <array>

#include "core/scorers/math_parse.h"
#include "core/scorers/python_text.h"

namespace lvr {
namespace {

// Words that may stand behind a number and say nothing of it; as math-verify lists them.
constexpr const char* kUnits =
    "integerpoint|feet|sue|digit|pound|meal|edge|student|children ticket|multiple|east|"
    "degree|mph|kmph|ft|m square| m east|sq m|deg|mile|q .|monkey|prime|ratio|"
    "profit of rs|rd|o|gm|p . m|lb|tile|per|dm|lt|gain|ab|way|west|a .|b .|c .|d .|e .|"
    "f .|g .|h .|t|h|no change|men|soldier|pie|bc|excess|st|inches|noon|cent|by|gal|kmh|"
    "c|acre|rise|a . m|th|π r 2|sq|mark|l|toy|coin|sq . m|gallon|° f|profit|minw|yr|"
    "women|am|pm|hr|cu cm|square|are|rupee|rounds|cubic|cc|mtr|s|ohm|number|kmph|day|"
    "hour|minute|min|second|man|woman|sec|cube|mt|sq inch|mp|∏ cm ³|hectare|more|sec|"
    "unit|cu . m|cm 2|rs .|rs|kg|g|month|km|m|cm|mm|apple|liter|loss|yard|pure|year|"
    "increase|decrease|d|less|Surface|litre|pi sq m|s .|metre|meter|inch";

struct Rewriting {
    PythonPattern pattern;
    PythonText by;
};

// One after the other, each everywhere.
template <std::size_t size>
PythonText rewritten(PythonText text, const std::array<Rewriting, size>& rules) {
    for (const auto& [pattern, by] : rules) text = pattern.substituted(text, by);
    return text;
}

// ---- \boxed

// Where a box begins and what stands in it.
struct BoxedPart {
    int32_t begin = 0, end = 0;
    PythonText inside;
};

// The last box before `limit`; nothing when there is none or its brace is missing.
std::optional<BoxedPart> boxBefore(const PythonText& text, int32_t limit) {
    static const PythonText boxed = u"\\boxed", framed = u"\\fbox";
    const auto before = PythonText(text, 0, limit);
    const auto one = before.lastIndexOf(boxed), two = before.lastIndexOf(framed);
    if (one < 0 && two < 0) return std::nullopt;
    const auto begin = std::max(one, two);
    auto at = begin + (one > two ? boxed : framed).length();
    while (at < limit && isPythonSpace(text[at])) ++at;
    if (at >= limit || text[at] != '{') return BoxedPart{begin, limit, PythonText(text, at)};
    int depth = 1;
    for (auto end = at + 1; end < limit; ++end) {
        depth += (text[end] == '{') - (text[end] == '}');
        if (depth == 0)
            return BoxedPart{begin, end, stripped(PythonText(text, at + 1, end - at - 1))};
    }
    return BoxedPart{begin, limit, PythonText(text, at)};
}

// Whether two boxes belong together: next to each other, or joined by a word or a comma.
bool belongs(const PythonText& between, bool isOther) {
    static const PythonPattern joint(R"(\b(and|or)\b|,|;)");
    if (characterCount(between) < 10) return true;
    return isOther && characterCount(between) < 70 && joint.search(between).has_value();
}

PythonText withoutBoxes(const PythonText& text, Boxes boxes) {
    std::vector<PythonText> found;
    for (auto limit = text.length(); const auto box = boxBefore(text, limit);) {
        const bool isBroken = box->end == limit;  // without its closing brace
        if (isBroken && !found.empty()) break;
        if (!found.empty() && boxes == Boxes::Last &&
            !belongs(PythonText(text, box->end + 1, limit - box->end - 1),
                     found.back() != box->inside))
            break;
        if (found.empty() || found.back() != box->inside) found.push_back(box->inside);
        if (isBroken) break;
        limit = box->begin;
    }
    if (found.empty()) return text;
    PythonText joined = found.back();
    for (auto inside = found.rbegin() + 1; inside != found.rend(); ++inside)
        joined += u"," + *inside;
    return joined;
}

// ---- The steps of math-verify's normalisation

PythonText basic(PythonText text) {
    static const std::array<Rewriting, 22> kRules{{
        {PythonPattern(R"(\\left(?=[\\\[\(\{\|]))"), u""},
        {PythonPattern(R"(\\right(?=[\\\]\)\}\|]))"), u""},
        {PythonPattern(
             R"(\\mathrm\{th\}|\\!\s*|\\text\s*\{\s*\}|\\\$|\$|(?<!\\)[\"\']|\\displaystyle)"),
         u""},
        {PythonPattern(R"(\\math(?:rm|it|bf))"), u"\\\\text"},
        {PythonPattern(R"(\\text(?:normal|bf|it|rm))"), u"\\\\text"},
        {PythonPattern(R"(\\(?:d|t|c)frac)"), u"\\\\frac"},
        {PythonPattern(R"(\s\.)"), u" 0."},
        {PythonPattern(R"(\{\.)"), u"{0."},
        {PythonPattern(R"(\s*\{\s*,\s*\})"), u","},
        {PythonPattern(R"((?<![a-zA-Z])(,?\s*(?:and|or))(?![a-zA-Z]))"), u","},
        {PythonPattern(R"((,?\s*\\text\{\s*(?:and|or)\s*\}))"), u","},
        {PythonPattern(R"((?<!\\)\\\s)"), u" "},
        {PythonPattern(R"((?<!\\)infinity)"), u"\\\\infty"},
        {PythonPattern(R"(,?(\\ldots))"), u" "},
        {PythonPattern(R"(\\text\{(?:percentage|percent|pct)\})"), u"%"},
        {PythonPattern(R"(\s*\b(?:percentage|percent|pct)\b)"), u"\\\\%"},
        {PythonPattern(R"((?<!\\)inf(?!inity))"), u"\\\\infty"},
        {PythonPattern(R"( sqrt)"), u"\\\\sqrt"},
        {PythonPattern(R"([\n\t])"), u" "},
        {PythonPattern(R"(\\\\(?=[a-zA-Z]))"), u"\\\\"},
        {PythonPattern(R"(\\mathrm\{T\})"), u"T"},
        {PythonPattern(R"(\\,|\\;|\\:|~)"), u" "},
    }};
    return rewritten(std::move(text), kRules);
}

// Unless nothing would be left.
PythonText unlessEmpty(const PythonText& shorter, const PythonText& text) {
    return shorter.isEmpty() ? text : shorter;
}

PythonText withoutUnits(PythonText text) {
    static const PythonPattern word(R"((\\(?:text|mbox)\{.*?\})(\^\d|\{\^\d\})?$)"),
        unit(R"((\d|\}|\s)\s*(?:)" + std::string(kUnits) + R"()(?:s|es)?\s*$)");
    text = unlessEmpty(stripped(word.substituted(text, u"")), text);
    for (int time = 0; time < 2; ++time) text = unlessEmpty(unit.substituted(text, u"$1"), text);
    return text;
}

PythonText withBraces(PythonText text) {
    static const std::array<Rewriting, 9> kRules{
        {{PythonPattern(R"(\^\s?\((.*?)\))"), u"^{$1}"},
         {PythonPattern(R"(sqrt\s?\((.*?)\))"), u"\\\\sqrt{$1}"},
         {PythonPattern(R"(\\frac\s?(\d)\s?(\d+))"), u"\\\\frac{$1}{$2}"},
         {PythonPattern(R"(\\log_\s?(\d)\s?(\d+))"), u"\\\\log_{$1}{$2}"},
         {PythonPattern(R"(\\frac\s?\{(.*?)\}\s?(\d))"), u"\\\\frac{$1}{$2}"},
         {PythonPattern(R"(\\frac\s?(\d)\s?\{(.*?)\})"), u"\\\\frac{$1}{$2}"},
         {PythonPattern(R"(\\sqrt\s?(\d))"), u"\\\\sqrt{$1}"},
         {PythonPattern(R"(\\+sqrt)"), u"\\\\sqrt"},
         {PythonPattern(R"(^(-?\d+)/(\d+)\z)"), u"\\\\frac{$1}{$2}"}}};
    return rewritten(std::move(text), kRules);
}

}  // namespace

std::string cleanLatex(std::string_view latex, Boxes boxes) {
    auto text = withoutUnits(basic(withoutBoxes(pythonText(latex), boxes)));
    if (text.startsWith(u".", 0, 1)) text = u"0" + text;
    if (text == PythonText(u"0.5")) text = u"\\frac{1}{2}";
    return utf8Of(stripped(withBraces(std::move(text))));
}

}  // namespace lvr
