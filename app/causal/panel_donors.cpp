#include "app/causal/panel_donors.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "core/error.h"
#include "datasets/scenes/scenes.h"

namespace lvr {
namespace {

constexpr int kLooksAt = 8;       // questions of the set, for somebody who lends
constexpr int kMostAnswers = 40;  // for answers

bool isLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Where a whole word begins; npos: nowhere.
std::size_t placeOf(const std::string& word, const std::string& text) {
    for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
        const auto end = at + word.size();
        if ((at == 0 || !isLetter(text[at - 1])) && (end >= text.size() || !isLetter(text[end])))
            return at;
    }
    return text.npos;
}

// One that can't be read lends nothing.
std::optional<Sample> readable(const SampleSet& set, int index) {
    try {
        return set.sample(index);
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

PanelDonors donorsFrom(const SampleSet& set, const Sample& asked) {
    PanelDonors donors;
    for (int i = 0; i < std::min(set.size, kLooksAt); ++i) {
        const auto read = readable(set, i);
        if (!read || read->question.images == asked.question.images) continue;
        const Sample& other = *read;
        const bool isFirst = !donors.otherPicture;
        const bool isBetter =
            !isFirst && donors.otherPicture->answer == asked.answer && other.answer != asked.answer;
        if (isFirst || isBetter)
            donors.otherPicture = other;
        else if (donors.randomAnswer.empty() && other.answer != donors.otherPicture->answer &&
                 other.answer != asked.answer)
            donors.randomAnswer = other.answer;
    }
    return donors;
}

std::vector<std::string> answersIn(const SampleSet& set) {
    std::set<std::string> answers;
    for (int i = 0; i < std::min(set.size, kMostAnswers); ++i)
        if (const auto sample = readable(set, i)) answers.insert(sample->answer);
    answers.erase("");
    return {answers.begin(), answers.end()};
}

SetChoice donorChoice(const SetChoice& chosen, const Sample& asked,
                      const std::vector<std::string>& sceneKinds) {
    SetChoice choice = chosen;
    const bool isScene = std::ranges::find(sceneKinds, asked.kind) != sceneKinds.end();
    if (isScene) choice = {.kind = asked.kind, .seed = chosen.seed};
    choice.count = kMostAnswers;
    return choice;
}

std::string anotherQuestion(const std::string& text) {
    const auto& colours = colorWords();
    for (std::size_t i = 0; i < colours.size(); ++i) {
        const auto at = placeOf(colours[i], text);
        if (at == text.npos) continue;
        std::string other = text;
        return other.replace(at, colours[i].size(), colours[(i + 1) % colours.size()]);
    }
    return {};
}

CausalQuestion causalQuestion(const Sample& sample, const PanelDonors& donors) {
    return {.question = sample.question,
            .expected = sample.answer,
            .candidates = donors.answers,
            .targets = sample.rois,
            .chain = sample.kind == "chain",
            .randomAnswer = donors.randomAnswer};
}

}  // namespace lvr
