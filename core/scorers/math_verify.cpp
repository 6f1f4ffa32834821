#include "core/scorers/math_verify.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/scorers/math_parse.h"
#include "core/scorers/python_text.h"

namespace lvr {
namespace {

using Match = PythonPattern::Match;

// ---- Patterns. Each formula of a list has a group for each way to set it apart, and one for a
// percent sign.

constexpr std::size_t kFormulas = 6;  // in a list, at most
const std::string kPercent = R"(((?:\\?%|[Pp]ercent|[Pp]ercentage|[Pp]ct)))";

std::string formulaPattern(bool boxed) {
    const auto content = [&](const std::string& sign) {
        return boxed ? sign + R"(*?\\boxed\{)" + sign + R"(+?\})" + sign + "*?" : sign + "+?";
    };
    std::string all = R"((?<!\\)\$\$()" + content(R"((?:[^$]|\$(?!\$)))") + R"()(?<!\\)\$\$)";
    all += R"(|(?<!\\)\\\[()" + content(R"((?:[^\\]|\\(?!\])))") + R"()(?<!\\)\\\])";
    all += R"(|(?<!\\|\d)\$()" + content(R"((?:\\[$]|[^\n$]))") + R"()(?<!\\)\$)";
    all += R"(|(?<!\\)\\\(()" + content(R"((?:[^\\\n]|\\(?!\))))") + R"()(?<!\\)\\\))";
    all += R"(|\s\[()" + content(R"([^\n\]\[])") + R"()\]\s)";
    if (!boxed) all += R"(|(-?\\frac\{-?\d+(?:[.,]\d+)?\}\{-?\d+(?:[.,]\d+)?\}))";
    return "(?:(?:" + all + ")\\s*" + kPercent + "?)";
}

std::string formulasPattern(bool boxed) {
    const auto one = formulaPattern(boxed);
    auto all = one;
    for (std::size_t i = 1; i < kFormulas; ++i)
        all += (boxed ? R"(\s*)" : "") + std::string(R"((?:\s*(?:,?and|,?or|,)\s*)") + one + ")?";
    return "(?:" + all + ")";
}

const std::string kSigns = R"(\+\-\*×\/\^\(\)÷)";
const std::string kNumber =
    R"((?<!\d)(?:(-?[1-9]\d{0,2}(?:[ ,]\d{3})+)(\.\d+)?|(-?\d+)([.,]\d+)|(\.\d+)|(-?\d+)))"
    R"((\s*(?:%|[Pp]ercent|\s*[Pp]ercentage|\s*[Pp]ct))?)";
const std::string kArithmetic =
    R"((-?\(?-?\d[\d\.\s)" + kSigns + "]*[" + kSigns + R"(][\d\.\s)" + kSigns + R"(]+\)?))";
const std::string kBefore = R"((?:^|\s|\=)(?:\*\*)?)";
const std::string kAlone = "(?:" + kBefore + kArithmetic + R"((?:\*\*)?(?:\.|,|:|\s|\)|\$|$)))";
const std::string kCounted =
    "(?:" + kBefore +
    R"([\$€£¥₹₽₪₩₫฿₡₢₣₤₥₦₧₨₭₮₯₰₱₲₳₴₵₶₷₸₺₻₼₾₿]?)" +
    kNumber + ")";
const std::string kEither = "(?:" + kAlone + "|" + kCounted + ")";

// What a match is read as.
enum class Reads { Formulas, BoxedFormulas, OneBox, Either, Arithmetic, Number };

struct Extraction {
    int priority;  // the lower first
    Reads reads;
    PythonPattern pattern;
};

const std::vector<Extraction>& extractions() {
    constexpr auto kKept = PythonPattern::Case::Kept;
    const auto all = [](const std::string& pattern) {
        return PythonPattern(pattern, kKept, PythonPattern::Dot::All);
    };
    static const auto kAll = [&] {
        const auto formulas = formulasPattern(false);
        std::vector<Extraction> list;
        list.push_back({0, Reads::Formulas,
                        all("(?i:final answer is)\\:?\\s*" + formulas + "\\.?\\s?I hope")});
        list.push_back(
            {0, Reads::Either,
             PythonPattern("(?i:final answer is)\\:?\\s*" + kEither + "\\.?\\s?I hope")});
        list.push_back(
            {50, Reads::Formulas, all("(?i:final answer.{0,100}?)\\s+is\\:?\\s*" + formulas)});
        list.push_back({50, Reads::BoxedFormulas, all(formulasPattern(true))});
        list.push_back({50, Reads::OneBox, all(R"((\\boxed\{.+\}))")});
        list.push_back(
            {50, Reads::Either, PythonPattern("(?i:final answer.{0,100}?)\\s+is\\:?" + kEither)});
        list.push_back({100, Reads::Formulas, all("(?i:answer):.{0,50}?" + formulas)});
        list.push_back(
            {100, Reads::Either,
             PythonPattern("(?i:answer):(?:.{0,100}=\\s*|.{0,50}?)" + kEither + "(?!\\s*=)")});
        list.push_back({200, Reads::Formulas, all("(?i:answer).{0,50}?" + formulas)});
        list.push_back(
            {200, Reads::Either,
             PythonPattern("(?i:answer)(?:.{0,100}=\\s*|.{0,50}?)" + kEither + "(?!\\s*=)")});
        list.push_back({300, Reads::Formulas, all(formulas)});
        list.push_back({300, Reads::Arithmetic, PythonPattern(kAlone)});
        list.push_back({300, Reads::Number, PythonPattern(kCounted)});
        return list;
    }();
    return kAll;
}

// ---- What a match says

MathValue percent(MathValue value) {
    return composed(MathValue::Kind::Percent, {std::move(value)});
}

MathAnswer formula(const std::string& latex, Boxes boxes, bool isPercent) {
    MathAnswer answer{std::nullopt, cleanLatex(latex, boxes)};
    answer.value = parsedLatex(answer.text);
    if (!answer.value) {
        // a = b = c says c.
        static const PythonPattern equals(R"((?<!\\|<|!|>)=)");
        const auto text = pythonText(answer.text);
        const auto signs = equals.findAll(text);
        if (signs.size() > 1 && answer.text.find_first_of(",;") == std::string::npos)
            answer.value = parsedLatex(utf8Of(stripped(PythonText(text, signs.back().end))));
    }
    if (answer.value && isPercent) answer.value = percent(*answer.value);
    return answer;
}

// Several formulas are a set, if all of them can be read; otherwise the first counts.
MathAnswer formulas(const Match& match, Reads reads) {
    const std::size_t ways = reads == Reads::OneBox ? 1 : reads == Reads::Formulas ? 6 : 5;
    const auto boxes = reads == Reads::OneBox ? Boxes::Last : Boxes::All;
    const std::size_t stride = ways + (reads == Reads::OneBox ? 0 : 1);
    std::vector<MathAnswer> found;
    for (std::size_t from = 0; from + stride <= match.groups.size(); from += stride)
        for (std::size_t way = 0; way < ways; ++way) {
            const auto& group = match.groups[from + way];
            if (group.isEmpty()) continue;
            const bool isPercent = stride > ways && !match.groups[from + ways].isEmpty();
            found.push_back(formula(utf8Of(group), boxes, isPercent));
            break;
        }
    if (found.empty()) return {};
    const bool areAll =
        std::all_of(found.begin(), found.end(), [](const auto& each) { return each.value; });
    if (found.size() == 1 || !areAll) return found.front();
    auto set = composed(MathValue::Kind::Set, {});
    std::string text;
    for (auto& each : found) {
        text += (text.empty() ? "" : " and ") + each.text;
        auto& value = *each.value;
        if (value.kind == MathValue::Kind::Set)
            set.parts.insert(set.parts.end(), value.parts.begin(), value.parts.end());
        else
            set.parts.push_back(std::move(value));
    }
    return {std::move(set), std::move(text)};
}

// groups: 1 to 7 of kNumber.
std::optional<MathAnswer> number(const std::vector<PythonText>& groups, std::size_t first) {
    const auto group = [&](std::size_t index) { return groups[first + index]; };
    auto whole = group(0), decimal = group(1);
    if (whole.isEmpty()) whole = group(2);
    if (whole.isEmpty()) whole = group(5);
    for (const std::size_t other : {3, 4})
        if (decimal.isEmpty()) decimal = group(other);
    if (whole.isEmpty() && decimal.isEmpty()) return std::nullopt;
    auto digits = utf8Of(replaced(replaced(whole, u",", u""), u" ", u""));
    const bool isNegative = digits.starts_with('-');
    if (!isNegative) digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.empty()) digits = "0";
    digits += utf8Of(replaced(decimal, u",", u"."));
    const double value = std::strtod(digits.c_str(), nullptr);
    auto made = decimal.isEmpty() ? integerValue(value) : decimalValue(value);
    if (!group(6).isEmpty()) made = percent(std::move(made));
    return MathAnswer{std::move(made), std::move(digits)};
}

MathAnswer arithmetic(const PythonText& group) {
    const auto text = utf8Of(group);
    auto oneLine = text;
    std::replace(oneLine.begin(), oneLine.end(), '\n', ' ');
    return {parsedArithmetic(oneLine), text};
}

// Digits of other scripts match, but the library can't make a number of them and gives all up.
bool isGivenUp(const Match& match, Reads reads) {
    if (reads != Reads::Number && reads != Reads::Either) return false;
    const auto first = match.groups.begin() + (reads == Reads::Either ? 1 : 0);
    return std::any_of(first, first + 6, [](const PythonText& group) {
        const auto digits = utf8Of(group);
        return std::any_of(digits.begin(), digits.end(), [](char sign) { return sign < 0; });
    });
}

MathAnswer read(const Match& match, Reads reads) {
    switch (reads) {
        case Reads::Formulas:
        case Reads::BoxedFormulas:
        case Reads::OneBox:
            return formulas(match, reads);
        case Reads::Arithmetic:
            return arithmetic(match.groups[0]);
        case Reads::Number:
            return number(match.groups, 0).value_or(MathAnswer());
        case Reads::Either:
            break;
    }
    if (auto one = number(match.groups, 1)) return *one;
    return arithmetic(match.groups[0]);
}

struct Place {
    Match match;
    Reads reads;
};

// All matches of one priority, those that end last first, of equals the longest.
std::vector<Place> placesOf(const PythonText& text, int priority) {
    std::vector<Place> places;
    for (const auto& extraction : extractions())
        if (extraction.priority == priority)
            for (auto& match : extraction.pattern.findAll(text))
                places.push_back({std::move(match), extraction.reads});
    std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        return a.match.end != b.match.end ? a.match.end > b.match.end
                                          : a.match.begin < b.match.begin;
    });
    return places;
}

}  // namespace

std::optional<MathAnswer> mathAnswerIn(std::string_view given) {
    const auto text = pythonText(given);
    std::string first;  // text that was found, whether it could be read or not
    for (const int priority : {0, 50, 100, 200, 300})
        for (const auto& place : placesOf(text, priority)) {
            if (isGivenUp(place.match, place.reads)) return std::nullopt;
            auto answer = read(place.match, place.reads);
            if (first.empty()) first = answer.text;
            if (answer.value) return MathAnswer{std::move(answer.value), first};
        }
    if (first.empty()) return std::nullopt;
    return MathAnswer{std::nullopt, first};
}

bool mathVerify(std::string_view gold, std::string_view text) {
    const auto wanted = mathAnswerIn(gold), said = mathAnswerIn(text);
    if (!wanted || !said) return false;
    if (wanted->value && said->value && sameMath(*wanted->value, *said->value)) return true;
    const auto one = stripped(pythonText(wanted->text)), two = stripped(pythonText(said->text));
    return !one.isEmpty() && one == two;
}

}  // namespace lvr
