#include "core/eval/answer.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <regex>
#include <utility>

#include "core/values/dialect.h"

namespace lvr {
namespace {

constexpr std::string_view kBlank = " \t\r\n\f\v";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(kBlank);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Whether every brace in it has its other half in it.
bool isBalanced(std::string_view text) {
    int open = 0;
    for (const char c : text) {
        open += (c == '{') - (c == '}');
        if (open < 0) return false;
    }
    return open == 0;
}

// What is between `before` and `after`, when they are around all of it and around something.
std::optional<std::string_view> inside(std::string_view text, std::string_view before,
                                       std::string_view after) {
    if (text.size() <= before.size() + after.size() || !text.starts_with(before) ||
        !text.ends_with(after))
        return {};
    const auto within =
        trimmed(text.substr(before.size(), text.size() - before.size() - after.size()));
    const bool isOnePair = before == after ? within.find(before) == within.npos : true;
    if (within.empty() || !isOnePair || !isBalanced(within)) return {};
    return within;
}

// Without a final dot, and quotes, stars and LaTeX around it.
std::string_view bare(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kAround{
        {{"", "."},
         {"\"", "\""},
         {"'", "'"},
         {"`", "`"},
         {"**", "**"},
         {"$$", "$$"},
         {"$", "$"},
         {"\\(", "\\)"},
         {"\\[", "\\]"},
         {"\\boxed{", "}"},
         {"\\text{", "}"},
         {"{", "}"}}};
    text = trimmed(text);
    for (const auto& [before, after] : kAround)
        if (const auto within = inside(text, before, after)) return bare(*within);
    return text;
}

// Typographic signs that keyboards have as others.
UChar32 plainSign(UChar32 sign) {
    switch (sign) {
        case 0x2018:
        case 0x2019:
            return '\'';
        case 0x201C:
        case 0x201D:
            return '"';
        case 0x2212:
            return '-';
        default:
            return u_isUWhiteSpace(sign) ? ' ' : sign;
    }
}

// Case folded, one space where there was any, composed letters.
std::string folded(std::string_view text) {
    auto signs = icu::UnicodeString::fromUTF8(
        icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    signs.foldCase();
    icu::UnicodeString plain;
    for (int32_t at = 0; at < signs.length(); at = signs.moveIndex32(at, 1)) {
        const auto sign = plainSign(signs.char32At(at));
        if (sign != ' ' || !plain.endsWith(u' ')) plain.append(sign);
    }
    UErrorCode failed = U_ZERO_ERROR;
    const auto* composed = icu::Normalizer2::getNFCInstance(failed);
    if (U_SUCCESS(failed)) plain = composed->normalize(plain, failed);
    std::string out;
    plain.toUTF8String(out);
    return std::string(bare(out));
}

struct Number {
    double value = 0;
    bool isQuotient = false;  // then the other one may have been rounded
};

// Digits, in groups of three where there are commas. Folded text.
std::optional<Number> decimal(std::string_view text) {
    constexpr std::size_t kLongest = 64;
    static const std::regex form(R"([+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)?(\.\d*)?(e[+-]?\d+)?)");
    std::string digits(trimmed(text));
    if (digits.size() > kLongest || !std::regex_match(digits, form)) return {};
    std::erase(digits, ',');
    if (digits.starts_with('+')) digits.erase(0, 1);
    Number number;
    const auto* end = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), end, number.value);
    if (failed != std::errc() || stop != end) return {};
    return number;
}

std::optional<Number> quotient(std::string_view above, std::string_view below) {
    const auto numerator = decimal(above), denominator = decimal(below);
    if (!numerator || !denominator || denominator->value == 0) return {};
    return Number{numerator->value / denominator->value, true};
}

// \frac{a}{b}, also \dfrac and \tfrac.
std::optional<Number> latexFraction(std::string_view text) {
    for (const std::string_view command : {"\\frac{", "\\dfrac{", "\\tfrac{"}) {
        if (!text.starts_with(command) || !text.ends_with('}')) continue;
        const auto within = text.substr(command.size(), text.size() - command.size() - 1);
        const auto middle = within.find("}{");
        if (middle == within.npos) return {};
        return quotient(within.substr(0, middle), within.substr(middle + 2));
    }
    return {};
}

std::optional<Number> scaled(std::optional<Number> number, double by) {
    if (number) number->value *= by;
    return number;
}

std::optional<Number> numberIn(std::string_view text) {
    for (const std::string_view percent : {"\\%", "%"})
        if (text.ends_with(percent))
            return scaled(numberIn(trimmed(text.substr(0, text.size() - percent.size()))), 0.01);
    if (text.starts_with("-\\")) return scaled(latexFraction(text.substr(1)), -1);
    if (const auto value = decimal(text)) return value;
    if (const auto slash = text.find('/'); slash != text.npos)
        return quotient(text.substr(0, slash), text.substr(slash + 1));
    return latexFraction(text);
}

bool sameNumber(std::string_view a, std::string_view b) {
    constexpr double kRounded = 2e-6, kExact = 1e-12;  // of the larger one
    const auto x = numberIn(a), y = numberIn(b);
    if (!x || !y) return false;
    const double slack = x->isQuotient || y->isQuotient ? kRounded : kExact;
    return std::abs(x->value - y->value) <=
           slack * std::max(std::abs(x->value), std::abs(y->value));
}

bool sameText(const std::string& a, const std::string& b) { return a == b || sameNumber(a, b); }

bool isLetter(char c) { return c >= 'a' && c <= 'z'; }

// An answer that names an option. Folded text.
struct Option {
    int index = 0;  // of "a" 0
    std::string text;
};

// Whether more options are named behind the first.
bool namesAnother(std::string_view rest) {
    for (const std::string_view joint : {"and ", "or ", ",", "/", "&"})
        if (rest.starts_with(joint)) return true;
    for (std::size_t i = 1; i < rest.size(); ++i)
        if (rest[i] == ')' && isLetter(rest[i - 1]) &&
            (i == 1 || rest[i - 2] == '(' || rest[i - 2] == ' '))
            return true;
    return false;
}

// "b", "(b)", "b) red", "b. red" or "b: red"; "a dog" and "a.m." name none.
std::optional<Option> optionIn(std::string_view text) {
    const bool open = text.starts_with('(');
    if (open) text.remove_prefix(1);
    if (text.empty() || !isLetter(text[0])) return {};
    Option option{text[0] - 'a', {}};
    if (text.size() == 1) return open ? std::nullopt : std::optional(option);
    const bool isMark = text[1] == ')' || (!open && (text[1] == '.' || text[1] == ':') &&
                                           (text.size() == 2 || text[2] == ' '));
    const auto rest = trimmed(text.substr(2));
    if (!isMark || namesAnother(rest)) return {};
    option.text = bare(rest);
    return option;
}

const std::string* listed(const std::vector<std::string>& options, const Option& option) {
    return option.index < std::ssize(options) ? &options[option.index] : nullptr;
}

bool sameOption(const Option& said, const Option& gold, const std::vector<std::string>& options) {
    if (said.index != gold.index) return false;
    // "B) blue" does not say B where blue is another option.
    for (const auto& other : options)
        if (&other != listed(options, gold) && !said.text.empty() && sameText(other, said.text))
            return false;
    return true;
}

// A text against an option: the text that is listed for it, else the one behind its letter.
bool isTextOf(const Option& option, const std::string& text,
              const std::vector<std::string>& options) {
    const auto* text_ = listed(options, option);
    const auto& meant = text_ ? *text_ : option.text;
    return !meant.empty() && sameText(meant, text);
}

// The mark of option `letter` in a question: where it begins, and where its text does.
struct OptionMark {
    std::size_t begin = std::string_view::npos, text = 0;
};

std::optional<std::size_t> endOfMark(std::string_view question, std::size_t at, char letter) {
    const auto line = question.substr(0, at).find_last_not_of(" \t");
    const bool beginsLine = line == question.npos || question[line] == '\n';
    const bool beginsWord = at == 0 || kBlank.find(question[at - 1]) != kBlank.npos;
    const auto rest = question.substr(at);
    const auto is = [&](std::size_t i, char wanted) {
        return i < rest.size() && rest[i] == wanted;
    };
    if (beginsWord && is(0, '(') && is(2, ')') &&
        (is(1, letter) || is(1, static_cast<char>(letter - 'A' + 'a'))))
        return at + 3;
    if (!beginsLine || !is(0, letter)) return {};
    if (is(1, ')')) return at + 2;
    return (is(1, '.') || is(1, ':')) && is(2, ' ') ? std::optional(at + 2) : std::nullopt;
}

OptionMark findMark(std::string_view question, char letter, std::size_t from) {
    for (auto at = from; at < question.size(); ++at)
        if (const auto text = endOfMark(question, at, letter)) return {at, *text};
    return {};
}

// What stands behind a mark: one line, without the sign before the next mark.
std::string textOfOption(std::string_view behind) {
    behind = trimmed(behind);
    const auto line = trimmed(behind.substr(0, behind.find('\n')));
    return std::string(line.substr(0, line.find_last_not_of(",;") + 1));
}

// Without the tokens around and in a thought, of whatever method.
std::string withoutMarks(std::string text) {
    for (const auto& token : dialectTokens())
        for (auto at = text.find(token); at != text.npos; at = text.find(token, at))
            text.erase(at, token.size());
    return text;
}

// What is said after the last thinking in words that was closed; all where nothing follows one.
std::string_view afterThinking(std::string_view text) {
    auto said = text;
    for (const std::string_view close : {"</think>", "</reason>"})
        if (const auto at = said.rfind(close); at != said.npos)
            said = said.substr(at + close.size());
    return trimmed(said).empty() ? text : said;
}

// Inside the last \boxed{...} that is complete.
std::optional<std::string_view> inBox(std::string_view text) {
    constexpr std::string_view kBox = "\\boxed{";
    for (auto at = text.rfind(kBox); at != text.npos;
         at = at > 0 ? text.rfind(kBox, at - 1) : text.npos) {
        const auto within = text.substr(at + kBox.size());
        int open = 1;
        for (std::size_t i = 0; i < within.size(); ++i) {
            open += (within[i] == '{') - (within[i] == '}');
            if (open == 0) return trimmed(within.substr(0, i));
        }
    }
    return {};
}

// Behind the last "final answer is:", however it is capitalised, in its line.
std::optional<std::string_view> behindPhrase(std::string_view text) {
    constexpr std::string_view kPhrase = "final answer is:";
    std::string lowered(text);
    std::ranges::transform(lowered, lowered.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const auto at = lowered.rfind(kPhrase);
    if (at == lowered.npos) return {};
    const auto behind = trimmed(text.substr(at + kPhrase.size()));
    return trimmed(behind.substr(0, behind.find('\n')));
}

std::string taggedAnswer(std::string_view text) {
    constexpr std::string_view kOpen = "<answer>", kClose = "</answer", kThought = "<lvr>";
    std::optional<std::string_view> unfinished;
    auto before = text;  // the part that is not searched yet
    for (auto open = before.rfind(kOpen); open != text.npos; open = before.rfind(kOpen)) {
        const auto from = text.substr(open + kOpen.size(), before.size() - open - kOpen.size());
        if (const auto close = from.find(kClose); close != from.npos)
            return std::string(from.substr(0, close));
        if (!unfinished) unfinished = from;
        before = text.substr(0, open);
    }
    if (const auto thought = text.rfind(kThought); !unfinished && thought != text.npos)
        unfinished = text.substr(thought + kThought.size());
    return std::string(unfinished.value_or(text));
}

std::string markedAnswer(std::string_view text, AnswerMark mark) {
    if (mark == AnswerMark::Phrase)
        if (const auto answer = behindPhrase(text); answer && !answer->empty())
            return std::string(inBox(*answer).value_or(*answer));
    if (mark != AnswerMark::Tag)
        if (const auto answer = inBox(text)) return std::string(*answer);
    return taggedAnswer(text);
}

}  // namespace

std::string answerIn(std::string_view text, AnswerMark mark) {
    return std::string(trimmed(withoutMarks(markedAnswer(afterThinking(text), mark))));
}

bool isRightAnswer(std::string_view answer, std::string_view gold, std::string_view question) {
    const auto said = folded(answer), wanted = folded(gold);
    if (said.empty() || wanted.empty()) return false;
    if (sameText(said, wanted)) return true;
    const auto saidOption = optionIn(said), wantedOption = optionIn(wanted);
    if (!saidOption && !wantedOption) return false;
    auto options = optionsIn(question);
    for (auto& option : options) option = folded(option);
    if (saidOption && wantedOption) return sameOption(*saidOption, *wantedOption, options);
    return saidOption ? isTextOf(*saidOption, wanted, options)
                      : isTextOf(*wantedOption, said, options);
}

std::vector<std::string> optionsIn(std::string_view question) {
    std::vector<std::string> options;
    auto mark = findMark(question, 'A', 0);
    for (char letter = 'A'; letter <= 'Z' && mark.begin != question.npos; ++letter) {
        const auto next = letter < 'Z'
                              ? findMark(question, static_cast<char>(letter + 1), mark.text)
                              : OptionMark{};
        options.push_back(textOfOption(question.substr(mark.text, next.begin - mark.text)));
        mark = next;
    }
    if (options.size() < 2) options.clear();
    return options;
}

}  // namespace lvr
