#include "core/causal/spoken_answer.h"

#include <algorithm>

#include "core/decode/decoder.h"
#include "core/eval/answer.h"
#include "core/torch.h"

namespace lvr {
namespace {

// Length of the text of the first n ids, for n = 0 .. all.
std::vector<std::size_t> lengthsOf(const LvrCheckpoint& checkpoint, const Ids& ids) {
    std::vector<std::size_t> lengths{0};
    for (std::size_t n = 1; n <= ids.size(); ++n)
        lengths.push_back(
            checkpoint.spoken({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(n)}).size());
    return lengths;
}

// Where the answer stands that answerIn finds: behind the last <answer> that it follows, else
// anywhere, the last time where it is marked otherwise.
std::size_t placeOf(const std::string& answer, const std::string& text, AnswerMark mark) {
    constexpr std::string_view tag = "<answer>";
    for (auto at = text.rfind(tag); at != text.npos; at = text.rfind(tag, at - 1)) {
        const auto word = text.find_first_not_of(" \t\r\n", at + tag.size());
        if (word != text.npos && text.compare(word, answer.size(), answer) == 0) return word;
        if (at == 0) break;
    }
    return mark == AnswerMark::Tag ? text.find(answer) : text.rfind(answer);
}

std::size_t afterLastLatent(const RowResult& row) {
    std::size_t after = 0;
    for (std::size_t i = 0; i < row.isLatent.size(); ++i)
        if (row.isLatent[i]) after = i + 1;
    return after;
}

std::string lowered(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool isLetter(const std::string& text) {
    return text.size() == 1 && std::isalpha(static_cast<unsigned char>(text.front()));
}

std::string letterAt(std::size_t index) { return {static_cast<char>('A' + index)}; }

// As it spoke: a letter for an option's text where it said a letter.
std::string inFormOf(const std::string& own, const std::string& answer,
                     const std::vector<std::string>& options) {
    if (isLetter(own) == isLetter(answer)) return answer;
    for (std::size_t i = 0; i < options.size(); ++i) {
        if (isLetter(own) && lowered(options[i]) == lowered(answer)) return letterAt(i);
        if (!isLetter(own) && lowered(letterAt(i)) == lowered(answer)) return options[i];
    }
    return answer;
}

}  // namespace

std::optional<SpokenAnswer> spokenAnswer(const LvrCheckpoint& checkpoint, const RowResult& row) {
    SpokenAnswer spoken{.from = afterLastLatent(row), .answer = answerOf(checkpoint, row)};
    const Ids words(row.ids.begin() + static_cast<std::ptrdiff_t>(spoken.from), row.ids.end());
    const auto text = checkpoint.spoken(words);
    const auto at = spoken.answer.empty()
                        ? text.npos
                        : placeOf(spoken.answer, text, checkpoint.rules.dialect.answer);
    if (at == text.npos) return std::nullopt;
    const auto lengths = lengthsOf(checkpoint, words);
    std::size_t first = 0, end = words.size();
    for (std::size_t n = 0; n < words.size(); ++n)
        if (lengths[n] <= at) first = n;
    for (auto n = words.size(); n > first; --n)
        if (lengths[n] >= at + spoken.answer.size()) end = n;
    spoken.before.assign(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(first));
    spoken.ids.assign(words.begin() + static_cast<std::ptrdiff_t>(first),
                      words.begin() + static_cast<std::ptrdiff_t>(end));
    if (spoken.before.empty()) return std::nullopt;
    spoken.lead = text.substr(lengths[first], at - lengths[first]);
    return spoken;
}

Ids idsInstead(const LvrCheckpoint& checkpoint, const SpokenAnswer& spoken,
               const std::string& answer) {
    if (answer == spoken.answer) return spoken.ids;
    auto ids = checkpoint.tokenizer.encode(spoken.lead + answer, SpecialTokens::AsText);
    return ids.empty() ? spoken.ids : ids;
}

std::vector<std::string> candidatesFor(const std::string& question, const std::string& own,
                                       const std::vector<std::string>& wanted,
                                       const std::vector<std::string>& others, std::size_t most) {
    const auto options = optionsIn(question);
    std::vector<std::string> candidates{own};
    const auto add = [&](const std::string& answer) {
        const auto spelled = inFormOf(own, answer, options);
        const auto isThere = [&](const std::string& one) {
            return lowered(one) == lowered(spelled);
        };
        if (!spelled.empty() && candidates.size() < most &&
            std::ranges::none_of(candidates, isThere))
            candidates.push_back(spelled);
    };
    for (const auto& answer : wanted) add(answer);
    for (std::size_t i = 0; i < options.size(); ++i) add(isLetter(own) ? letterAt(i) : options[i]);
    for (const auto& answer : others) add(answer);
    return candidates;
}

}  // namespace lvr
