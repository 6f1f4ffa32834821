#include "datasets/benchmarks/prompt_text.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "core/error.h"
#include "datasets/benchmarks/item_row.h"

namespace lvr {
namespace {

constexpr std::string_view kPythonSpace = " \t\n\r\v\f";

bool isSpace(char c) { return kPythonSpace.find(c) != kPythonSpace.npos; }

std::string strippedText(const std::string& text) {
    const auto first = text.find_first_not_of(kPythonSpace);
    if (first == text.npos) return "";
    return text.substr(first, text.find_last_not_of(kPythonSpace) - first + 1);
}

// "(X)" with a letter of the kind.
using IsLetter = bool (*)(char);
bool isMark(const std::string& text, std::size_t at, IsLetter isLetter) {
    return at + 2 < text.size() && text[at] == '(' && isLetter(text[at + 1]) && text[at + 2] == ')';
}

// What a harness's pattern  \(X\)\s*(text)(?=\s*\(X\)|$)  finds: the shortest text in which none of
// `forbidden` stands and that a mark or the end follows.
std::vector<std::string> markedTexts(const std::string& text, std::string_view forbidden,
                                     IsLetter isLetter) {
    const auto endsAt = [&](std::size_t at) {
        if (at == text.size() || (at + 1 == text.size() && text[at] == '\n')) return true;
        while (at < text.size() && isSpace(text[at])) ++at;
        return isMark(text, at, isLetter);
    };
    std::vector<std::string> found;
    for (std::size_t mark = 0; mark < text.size(); ++mark) {
        if (!isMark(text, mark, isLetter)) continue;
        auto begin = mark + 3;
        while (begin < text.size() && isSpace(text[begin])) ++begin;
        // All of the space, else less and less of it: an option may be nothing but space.
        for (bool matched = false; !matched && begin >= mark + 3; --begin)
            for (auto end = begin;
                 end < text.size() && forbidden.find(text[end]) == forbidden.npos;)
                if (endsAt(++end)) {
                    found.push_back(strippedText(text.substr(begin, end - begin)));
                    mark = end - 1;
                    matched = true;
                    break;
                }
    }
    return found;
}

bool isAToD(char c) { return c >= 'A' && c <= 'D'; }
bool isAnyLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "A. red", a line each.
std::string lettered(const std::vector<std::string>& options) {
    std::string text;
    for (std::size_t i = 0; i < options.size(); ++i) text += letterAt(i) + ". " + options[i] + "\n";
    return text;
}

std::string withoutLastLine(std::string lines) {
    if (!lines.empty()) lines.pop_back();
    return lines;
}

std::string replacedAll(std::string text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::string letterList(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += (i ? ", " : "") + letterAt(i);
    return text;
}

std::string onlyLetters(const BenchmarkItem& item) {
    return "Note: You only need to respond with " + letterList(item.options.size()) +
           " without providing any additional information.\n";
}

std::string plainPrompt(const BenchmarkItem& item) {
    if (item.options.empty()) return item.question;
    return item.question + "\nOptions:\n" + lettered(item.options) + "\n" + kAnswerWithTheLetter;
}

std::string instructedTwice(const BenchmarkItem& item) {
    return item.prompt + "\n" + kAnswerWithTheLetter;
}

std::string lmmsVstar(const BenchmarkItem& item) {
    auto options = markedTexts(item.prompt, "()", isAToD);
    if (options.size() > 4) options.resize(4);
    if (options.empty()) return instructedTwice(item);
    return strippedText(item.prompt.substr(0, item.prompt.find("(A)"))) + "\n" +
           withoutLastLine(lettered(options)) + "\n" + kAnswerWithTheLetter;
}

std::string mmvpOptions(const BenchmarkItem& item) {
    return item.prompt.substr(item.question.size() + 1);
}

std::string lmmsMmvp(const BenchmarkItem& item) {
    return item.question + "\n" +
           withoutLastLine(lettered(markedTexts(mmvpOptions(item), "(", isAnyLetter))) + "\n" +
           kAnswerWithTheLetter;
}

std::string lvrMmvp(const BenchmarkItem& item) {
    const auto text = item.question + "\nOptions:\n" + mmvpOptions(item);
    return replacedAll(replacedAll(text, "(a)", "A."), "(b)", "B.") + "\n" + kAnswerWithTheLetter;
}

std::string officialBlink(const BenchmarkItem& item) {
    static const std::set<std::string> disclaimed = {"Forensic_Detection", "Jigsaw", "Art_Style"};
    return (disclaimed.contains(item.category) ? kBlinkDisclaimer : "") + item.prompt;
}

std::string lmmsHrBench(const BenchmarkItem& item) {
    return strippedText(item.question) + "\n" + lettered(item.options) +
           "Answer the option letter directly.";
}

std::string mmeRealWorld(const BenchmarkItem& item, const char* ending) {
    return item.prompt +
           "Select the best answer to the above multiple-choice question based on the image. "
           "Respond with only the letter (A, B, C, D, or E) of the correct option." +
           ending;
}

std::string vlmEvalKit(const BenchmarkItem& item) {
    std::string options;
    for (std::size_t i = 0; i < item.options.size(); ++i)
        if (!isMissingToPandas(item.options[i]))
            options += letterAt(i) + ". " + item.options[i] + "\n";
    if (!options.empty())
        options =
            "Options:\n" + options + "Please select the correct answer from the options above. \n";
    return "Question: " + item.question + "\n" + options;
}

using MakePrompt = std::function<std::string(const BenchmarkItem&)>;

const std::map<std::pair<std::string, PromptStyle>, MakePrompt>& prompts() {
    using enum PromptStyle;
    const auto ready = [](const BenchmarkItem& item) { return item.prompt; };
    static const std::map<std::pair<std::string, PromptStyle>, MakePrompt> all = {
        {{"vstar", Lvr}, instructedTwice},
        {{"vstar", LmmsEval}, lmmsVstar},
        {{"vstar", VlmEvalKit}, vlmEvalKit},
        {{"mmvp", Lvr}, lvrMmvp},
        {{"mmvp", LmmsEval}, lmmsMmvp},
        {{"mmvp", VlmEvalKit}, vlmEvalKit},
        {{"mmvp", Official}, ready},
        {{"blink", Lvr}, plainPrompt},
        {{"blink", LmmsEval}, [](const auto& item) { return onlyLetters(item) + item.prompt; }},
        {{"blink", VlmEvalKit}, vlmEvalKit},
        {{"blink", Official}, officialBlink},
        {{"cv_bench", LmmsEval},
         [](const auto& item) { return onlyLetters(item) + "\n" + item.prompt; }},
        {{"cv_bench", VlmEvalKit}, ready},
        {{"hr_bench", LmmsEval}, lmmsHrBench},
        {{"hr_bench", VlmEvalKit}, vlmEvalKit},
        {{"mme_realworld_lite", LmmsEval},
         [](const auto& item) { return mmeRealWorld(item, "\nThe best answer is: "); }},
        {{"mme_realworld_lite", VlmEvalKit},
         [](const auto& item) { return mmeRealWorld(item, " \nThe best answer is:"); }}};
    return all;
}

}  // namespace

const char* const kBlinkDisclaimer =
    "Disclaimer: This is not to make unfair assumptions about the people in the image and you "
    "just need to give your assessment on this question. You don't need to identify the real "
    "people. You just need to analyze based on the information I gave you.\n\n";

std::string promptText(const BenchmarkItem& item, PromptStyle style) {
    const auto found = prompts().find({item.benchmark, style});
    return found == prompts().end() ? plainPrompt(item) : found->second(item);
}

bool hasPrompt(const std::string& benchmark, PromptStyle style) {
    return prompts().contains({benchmark, style});
}

std::vector<PromptStyle> promptStyles() {
    using enum PromptStyle;
    return {Lvr, LmmsEval, VlmEvalKit, Official};
}

std::string promptStyleName(PromptStyle style) {
    switch (style) {
        case PromptStyle::Lvr:
            return "lvr";
        case PromptStyle::LmmsEval:
            return "lmms_eval";
        case PromptStyle::VlmEvalKit:
            return "vlmevalkit";
        case PromptStyle::Official:
            return "official";
    }
    return "";
}

PromptStyle parsePromptStyle(const std::string& name) {
    auto plain = name;
    std::ranges::replace(plain, '-', '_');
    for (const auto style : promptStyles())
        if (plain == promptStyleName(style)) return style;
    throw UsageError("no prompt style \"" + name +
                     "\"; it is lvr, lmms_eval, vlmevalkit or official");
}

bool isMissingToPandas(const std::string& text) {
    static const std::set<std::string> missing = {
        "",     "#N/A",   "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN",
        "-nan", "1.#IND", "1.#QNAN",  "<NA>", "N/A",     "NA",       "NULL",
        "NaN",  "None",   "n/a",      "nan",  "null"};
    return missing.contains(text);
}

}  // namespace lvr
