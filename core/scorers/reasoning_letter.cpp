#include <array>
#include <utility>

#include "core/scorers/letter_rules.h"
#include "core/scorers/python_text.h"

namespace lvr {
namespace {

// What stands in the last \boxed{} whose braces close; empty: none, or nothing in it.
PythonText lastBoxed(const PythonText& text) {
    static const PythonText open = u"\\boxed{";
    PythonText last;
    for (auto at = text.indexOf(open); at >= 0; at = text.indexOf(open, at + 1)) {
        const auto from = at + open.length();
        int depth = 1;
        for (auto end = from; end < text.length(); ++end) {
            depth += (text[end] == '{') - (text[end] == '}');
            if (depth > 0) continue;
            last = PythonText(text, from, end - from);
            break;
        }
    }
    return last;
}

// A number at the end of the last line that ends in one.
std::optional<PythonText> lastNumber(const PythonText& text) {
    static const PythonPattern number(R"(\b(\d+(?:\.\d+)?)\b(?:\s*\.?\s*$))");
    const auto lines = pythonSplit(stripped(text), u"\n");
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        if (const auto match = number.search(*line)) return match->group;
    return std::nullopt;
}

struct Extracted {
    PythonText text;
    const char* rule;
};

// extract_anwser_tag
Extracted extracted(const PythonText& output) {
    if (const auto tag = firstBetween(output, u"<answer>", u"</answer>"))
        return {*tag, "the first answer tag"};
    if (const auto boxed = lastBoxed(output); !boxed.isEmpty()) return {boxed, "the last \\boxed"};
    if (const auto number = lastNumber(output)) return {*number, "a number at the end of a line"};
    return {{}, "no tag, no \\boxed and no number at the end"};
}

// How much a place where a letter was found is trusted.
enum Trust {
    Anywhere = 0,
    Sign = 1,
    Space = 2,
    RightParenthesis,
    Colon,
    Period,
    Parentheses,
    Phrase,
    Numbered,
    End,
    Start
};

// The most trusted of the places that were found; of equals the leftmost, of those the first found.
struct Best {
    std::string letter;
    std::pair<int, int> rank{-1, 0};  // trust, -position

    void offer(char found, int position, int trust) {
        const std::pair<int, int> offered{trust, -position};
        if (offered <= rank) return;
        rank = offered;
        letter = std::string{found};
    }
};

constexpr std::string_view kLetters = "ABCDEFGH";

// The last place of each letter within marks, such as "(A)".
void findMarked(const PythonText& text, std::string_view before, std::string_view after, int trust,
                Best& best) {
    for (const char letter : kLetters) {
        const auto marked = std::string(before) + letter + std::string(after);
        if (const auto at = text.lastIndexOf(pythonText(marked)); at >= 0)
            best.offer(letter, at, trust);
    }
}

void findBehindPhrases(const PythonText& text, Best& best) {
    static const std::array<PythonText, 25> kPhrases{u"the answer is",
                                                     u"answer is",
                                                     u"the correct answer is",
                                                     u"correct answer is",
                                                     u"the answer",
                                                     u"answer",
                                                     u"correct answer",
                                                     u"the correct answer",
                                                     u"the best answer is",
                                                     u"best answer is",
                                                     u"the best answer",
                                                     u"best answer",
                                                     u"the option is",
                                                     u"option is",
                                                     u"the correct option is",
                                                     u"correct option is",
                                                     u"the choice is",
                                                     u"choice is",
                                                     u"the correct choice is",
                                                     u"correct choice is",
                                                     u"i choose",
                                                     u"i select",
                                                     u"i pick",
                                                     u"my answer is",
                                                     u"my choice is"};
    const auto lower = lowered(text);
    for (const auto& phrase : kPhrases) {
        const auto from = lower.indexOf(phrase);
        if (from < 0) continue;
        for (const char letter : kLetters)
            if (const auto at = text.indexOf(static_cast<char16_t>(letter), from); at >= 0)
                best.offer(letter, at, Phrase);
    }
}

void findAtEnds(const PythonText& padded, Best& best) {
    const auto text = stripped(padded);
    for (const char letter : kLetters)
        if (text.charAt(0) == letter) best.offer(letter, 0, Start);
    for (const char letter : kLetters)
        if (text.charAt(text.length() - 1) == letter) best.offer(letter, padded.length() - 1, End);
}

void findNumbered(const PythonText& text, Best& best) {
    for (std::size_t i = 0; i < kLetters.size(); ++i) {
        const auto numbered = std::to_string(i + 1) + ". " + kLetters[i];
        if (const auto at = text.lastIndexOf(pythonText(numbered)); at >= 0)
            best.offer(kLetters[i], at, Numbered);
    }
}

// All of it is <tag>..</tag>..<answer>..</answer>.
bool isThoughtThenAnswer(const PythonText& text, const PythonText& tag) {
    static const PythonText answer = u"<answer>", close = u"</answer>";
    const PythonText open = u"<" + tag + u">", end = u"</" + tag + u">";
    if (!text.startsWith(open) || !text.endsWith(close)) return false;
    const auto middle = text.indexOf(end, open.length());
    const auto last = middle < 0 ? -1 : text.indexOf(answer, middle + end.length());
    return last >= 0 && last + answer.length() + close.length() <= text.length();
}

}  // namespace

LetterReading lmmsReasoningAnswer(std::string_view output) {
    const auto [text, rule] = extracted(pythonText(output));
    return {utf8Of(stripped(text)), rule};
}

// parse_mcq
std::string lmmsReasoningLetter(std::string_view answer) {
    auto text = stripped(pythonText(answer));
    if (text.isEmpty()) return {};
    for (const char16_t mark : std::u16string_view(u",.!?;:'\"")) text = stripped(text, {&mark, 1});
    text = PythonText(u" ") + text + u" ";
    Best best;
    findMarked(text, "(", ")", Parentheses, best);
    findMarked(text, "", ".", Period, best);
    findMarked(text, "", ":", Colon, best);
    findMarked(text, "", ")", RightParenthesis, best);
    findMarked(text, "", " ", Space, best);
    for (const char* sign : {"-", "_", "="}) findMarked(text, "", sign, Sign, best);
    findBehindPhrases(text, best);
    findAtEnds(text, best);
    findNumbered(text, best);
    if (best.letter.empty()) findMarked(text, "", "", Anywhere, best);
    return best.letter;
}

std::string lmmsReasoningText(std::string_view answer) {
    if (answer.ends_with('.')) answer.remove_suffix(1);
    return utf8Of(stripped(pythonText(answer)));
}

// relax_exact_match
bool lmmsReasoningMatches(std::string_view answer, std::string_view gold) {
    constexpr double kShare = 0.9;
    if (gold.size() == 1 && kLetters.find(gold) != kLetters.npos)
        return lmmsReasoningLetter(answer) == gold;
    const auto said = pythonText(answer), meant = pythonText(gold);
    const auto covers = [&](const PythonText& whole, const PythonText& part) {
        return contains(whole, part) && characterCount(part) >= kShare * characterCount(whole);
    };
    return covers(meant, said) || covers(said, meant) || stripped(said) == stripped(meant);
}

double lmmsReasoningFormat(std::string_view output) {
    static const PythonPattern math(R"([=\+\-\*/\(\)\[\]\\])");
    constexpr int kReasonable = 50;
    const auto text = pythonText(output);
    if (isThoughtThenAnswer(text, u"think") || isThoughtThenAnswer(text, u"analysis") ||
        !lastBoxed(text).isEmpty())
        return 1;
    if (characterCount(stripped(text)) <= kReasonable) return 0;
    return math.search(text) && !extracted(text).text.isEmpty() ? 0.8 : 0;
}

}  // namespace lvr
