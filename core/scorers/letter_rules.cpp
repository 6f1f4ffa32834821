#include "core/scorers/letter_rules.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/scorers/python_text.h"

namespace lvr {
namespace {

constexpr auto kIgnored = PythonPattern::Case::Ignored;

const char* const kNothing = "no rule applies";

// A pattern and what its first group means.
struct LetterPattern {
    PythonPattern pattern;
    const char* rule;
};

template <std::size_t size>
std::optional<LetterReading> firstOf(const std::array<LetterPattern, size>& patterns,
                                     const PythonText& text) {
    for (const auto& [pattern, rule] : patterns)
        if (const auto match = pattern.search(text))
            return LetterReading{utf8Of(uppered(match->group)), rule};
    return std::nullopt;
}

bool isAmong(const PythonText& character, std::string_view letters) {
    return character.length() == 1 && character[0] < 0x80 &&
           letters.find(static_cast<char>(character[0])) != letters.npos;
}

// extract_characters_regex, which lmms-eval and VLMEvalKit share.
LetterReading firstCapital(PythonText text) {
    static const std::array<PythonText, 8> kStockPhrases{
        u"The best answer is", u"The correct answer is", u"The answer is", u"The answer",
        u"The best option is", u"The correct option is", u"Best answer:",  u"Best option:"};
    static const PythonPattern letter("[ABCDE]");
    text = stripped(text);
    for (const auto& phrase : kStockPhrases) text = replaced(text, phrase, u"");
    if (const auto match = letter.search(text))
        return {utf8Of(PythonText(text, match->begin, 1)), "first of A-E after stock phrases"};
    if (pythonWords(text).size() > 10) return {"", kNothing};
    for (const char choice : {'a', 'b', 'c', 'd', 'e'})
        if (contains(pythonText(std::string{'(', choice, ')'}), lowered(text)))
            return {std::string{static_cast<char>(choice - 'a' + 'A')},
                    text.isEmpty() ? "empty: the first option" : "part of the text (x)"};
    return {"", kNothing};
}

// Words as VLMEvalKit cuts them: its marks count as spaces.
std::vector<PythonText> wordsWithoutMarks(PythonText text) {
    for (int32_t at = 0; at < text.length(); ++at)
        if (std::u16string_view(u".()[],:;!*#{}").find(text[at]) != std::u16string_view::npos)
            text.setCharAt(at, u' ');
    return pythonWords(text);
}

std::string letterAt(std::size_t option) { return {static_cast<char>('A' + option)}; }

bool isRefusal(const PythonText& text) {
    static const std::array<PythonText, 4> kRefusals{
        u"Sorry, I can't help with images of people yet.", u"I can't process this file.",
        u"I'm sorry, but without the image provided", u"Cannot determine the answer"};
    return std::any_of(kRefusals.begin(), kRefusals.end(),
                       [&](const auto& refusal) { return contains(text, refusal); });
}

// "answer is X", with no boundary behind the letter.
std::optional<LetterReading> statedLetter(const PythonText& text, std::size_t options) {
    static const PythonPattern stated(R"((?:correct\s+)?answer\s+is\s+\**([ABCD])\**)", kIgnored);
    const auto match = stated.search(text);
    if (!match) return std::nullopt;
    const auto letter = utf8Of(uppered(match->group));
    if (letter.size() != 1 || letter[0] - 'A' >= static_cast<int>(options)) return std::nullopt;
    return LetterReading{letter, "\"answer is\" a letter"};
}

std::optional<LetterReading> letterAmongWords(const PythonText& text, std::size_t options,
                                              VlmEvalKitEdition edition) {
    constexpr std::ptrdiff_t kLastWords = 4;
    const bool anywhere = edition == VlmEvalKitEdition::Until2025August;
    const auto words = wordsWithoutMarks(text);
    const auto find = [&](const std::string& letter) {
        return std::find(words.begin(), words.end(), pythonText(letter));
    };
    std::vector<std::string> found;
    for (std::size_t i = 0; i < options; ++i)
        if (find(letterAt(i)) != words.end()) found.push_back(letterAt(i));
    if (found.empty() && find("Z") != words.end()) return LetterReading{"Z", "the word Z"};
    if (found.size() != 1) return std::nullopt;
    if (anywhere) return LetterReading{found[0], "the only letter among the words"};
    if (words.end() - find(found[0]) > kLastWords) return std::nullopt;
    return LetterReading{found[0], "the only letter, among the last four words"};
}

LetterReading optionText(const PythonText& output, const std::vector<std::string>& options,
                         VlmEvalKitEdition edition) {
    const auto text = lowered(output);
    int length = 0;
    std::vector<std::size_t> within;
    for (std::size_t i = 0; i < options.size(); ++i) {
        const auto option = pythonText(options[i]);
        length += characterCount(option);
        if (contains(text, lowered(option))) within.push_back(i);
    }
    if (edition != VlmEvalKitEdition::Until2025August && characterCount(text) > 2 * length)
        return {std::nullopt, "longer than twice the options"};
    if (within.size() != 1)
        return {std::nullopt, within.empty() ? kNothing : "several options' texts"};
    return {letterAt(within[0]), "the only option whose text it holds"};
}

std::set<std::string> choicesAmong(const PythonText& text, int options) {
    std::set<std::string> found;
    for (const auto& word : pythonWords(text))
        if (word.length() == 3 && word[0] == '(' && word[2] == ')' && word[1] >= 'A' &&
            word[1] < 'A' + std::min(options, 5))
            found.insert(utf8Of(word));
    return found;
}

}  // namespace

LetterReading lvrOfficialLetter(std::string_view output) {
    const auto behind = pythonSplit(pythonText(output), u"<answer>");
    const auto inside = stripped(pythonSplit(behind.back(), u"</answer").front());
    return {utf8Of(firstCharacter(pythonSplit(inside, u" ").front())),
            behind.size() > 1 ? "first character of the last answer tag" : "first character"};
}

LetterReading lmmsVstarLetter(std::string_view output) {
    static const std::array<LetterPattern, 5> kPatterns{
        {{PythonPattern(R"(^([A-D])\s*[\.)\]]*)", kIgnored), "begins with a letter"},
         {PythonPattern(R"((?:THE\s+)?(?:ANSWER|CHOICE|OPTION)(?:\s+IS)?[\s:]+([A-D]))", kIgnored),
          "a letter behind answer, choice or option"},
         {PythonPattern(R"(\(([A-D])\))"), "a letter in parentheses"},
         {PythonPattern(R"(([A-D])\s*(?:\.|\)|\]))", kIgnored), "a letter before . ) or ]"},
         {PythonPattern(R"((?:^|\s)([A-D])(?:\s|$))", kIgnored), "a letter that stands alone"}}};
    static const PythonPattern letter("[A-D]");
    const auto text = uppered(stripped(pythonText(output)));
    if (const auto reading = firstOf(kPatterns, text)) return *reading;
    const auto letters = letter.findAll(text);
    if (letters.size() != 1) return {std::nullopt, kNothing};
    return {utf8Of(PythonText(text, letters[0].begin, 1)), "the only letter of A-D"};
}

LetterReading lmmsMmvpLetter(std::string_view output) {
    static const std::array<LetterPattern, 5> kPatterns{
        {{PythonPattern(R"(^\s*\(?([AB])\)?\.?\s*$)", kIgnored), "nothing but a letter"},
         {PythonPattern(R"(^\s*\(?([AB])\)?[\.\s])", kIgnored), "begins with a letter"},
         {PythonPattern(R"(answer\s+is\s+\(?([AB])\)?)", kIgnored), "\"answer is\" a letter"},
         {PythonPattern(R"(option\s+\(?([AB])\)?)", kIgnored), "a letter behind option"},
         {PythonPattern(R"(\(?([AB])\)?(?:\s|$))", kIgnored), "a word that ends in a letter"}}};
    const auto text = stripped(pythonText(output));
    if (const auto reading = firstOf(kPatterns, text)) return *reading;
    if (const auto first = uppered(firstCharacter(text)); isAmong(first, "AB"))
        return {utf8Of(first), "its first character"};
    return {"", kNothing};
}

LetterReading lmmsBlinkLetter(std::string_view output) {
    static const PythonPattern pattern(R"(^[\(\s]*([A-Z])[\)\.\s]*)", kIgnored);
    const auto match = pattern.search(stripped(pythonText(output)));
    if (!match) return {"", "does not begin with a letter"};
    return {utf8Of(uppered(match->group)), "its first letter"};
}

LetterReading lmmsMmeRealWorldLetter(std::string_view output) {
    return firstCapital(pythonText(output));
}

LetterReading vlmEvalKitMmeRealWorldLetter(std::string_view output) {
    const auto text = pythonText(output);
    if (const auto tag = firstBetween(text, u"<answer>", u"</answer>"))
        return firstCapital(uppered(stripped(*tag)));
    return firstCapital(text);
}

LetterReading lmmsHrBenchLetter(std::string_view output, const std::vector<std::string>& options) {
    return vlmEvalKitLetter(output, options, VlmEvalKitEdition::Until2025August);
}

LetterReading vlmEvalKitLetter(std::string_view output, const std::vector<std::string>& options,
                               VlmEvalKitEdition edition) {
    const auto text = pythonText(output);
    // An API's failure is not looked into for letters, but for options' texts.
    if (!contains(text, u"Failed to obtain answer via API")) {
        if (isRefusal(text)) return {"Z", "a refusal"};
        if (const auto reading = letterAmongWords(text, options.size(), edition)) return *reading;
        if (edition == VlmEvalKitEdition::Now)
            if (const auto reading = statedLetter(text, options.size())) return *reading;
    }
    return optionText(text, options, edition);
}

LetterReading blinkOfficialLetter(std::string_view output, int options) {
    constexpr int kMost = 5;
    const auto text = pythonText(output);
    if (isAmong(text, "ABCDE")) return {"(" + utf8Of(text) + ")", "nothing but a letter"};
    if (text.length() == 3 && choicesAmong(text, kMost).size() == 1)
        return {utf8Of(text), "nothing but a letter in parentheses"};
    const auto all = choicesAmong(text, options);
    const auto last = choicesAmong(pythonSplit(text, u"\n\n").back(), options);
    if (last.size() == 1) return {*last.begin(), "the only one of its last paragraph"};
    if (all.size() == 1) return {*all.begin(), "the only one among its words"};
    if (options > kMost) return {std::nullopt, "not defined for more than five options"};
    return {"JUDGE", "would be put to GPT-3.5"};
}

LetterReading exactLetter(std::string_view output) {
    static const PythonPattern pattern(R"(^\(?([A-Z])\)?[.:]?\z)");
    if (const auto match = pattern.search(stripped(pythonText(output))))
        return {utf8Of(match->group), "nothing but a letter"};
    return {std::nullopt, "more or other than a letter"};
}

}  // namespace lvr
