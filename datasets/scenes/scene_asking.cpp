#include "datasets/scenes/scene_asking.h"

#include <algorithm>
#include <stdexcept>

#include "core/error.h"
#include "core/values/nearest_name.h"
#include "datasets/scenes/scene_random.h"

namespace lvr {
namespace {

// The inset keeps floor and ceil of lvr-spec 2.6 inside the cell; multiples of 1/512 are exact.
Box cellBox(const SceneObject& object) {
    constexpr double kInset = 1.0 / 64, kSide = kSceneGrid;
    return {(object.col + kInset) / kSide, (object.row + kInset) / kSide,
            (object.col + 1 - kInset) / kSide, (object.row + 1 - kInset) / kSide};
}

bool fits(const SceneQuestion& question, const QuestionWish& wish) {
    if (wish.kind == "chain") return static_cast<int>(question.targets.size()) == wish.hops + 1;
    return wish.answer.empty() || question.answer == wish.answer;
}

}  // namespace

std::vector<std::string> namesOf(const QuestionKinds& kinds) {
    std::vector<std::string> names;
    for (const auto& kind : kinds) names.push_back(kind.name);
    return names;
}

const QuestionKind& findKind(const QuestionKinds& kinds, const std::string& name) {
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const QuestionKind& kind) { return kind.name == name; });
    if (found != kinds.end()) return *found;
    const auto& nearest = kinds[nearestName(namesOf(kinds), name)];
    throw UsageError("unknown question kind \"" + name + "\"; did you mean \"" + nearest.name +
                     "\"?");
}

const QuestionKind& drawKind(const QuestionKinds& kinds, const std::vector<std::string>& names,
                             SceneRandom& random) {
    const auto among = names.empty() ? namesOf(kinds) : names;
    int total = 0;
    for (const auto& name : among) total += findKind(kinds, name).weight;
    int drawn = random.below(total);
    for (const auto& name : among)
        if ((drawn -= findKind(kinds, name).weight) < 0) return findKind(kinds, name);
    throw std::logic_error("weights do not add up");
}

QuestionWish drawWishOf(const QuestionKind& kind, SceneRandom& random) {
    QuestionWish wish{kind.name};
    const int answers = static_cast<int>(kind.answers.size());
    if (answers > 0) wish.answer = kind.answers[random.below(answers)];
    return wish;
}

SceneQuestion makeQuestion(const Scene& scene, std::string text, std::string answer,
                           std::vector<int> targets) {
    SceneQuestion made{"", std::move(text), std::move(answer), std::move(targets), {}};
    for (int target : made.targets) made.rois.push_back(cellBox(scene.objects[target]));
    return made;
}

std::optional<SceneQuestion> askOne(QuestionsAbout& about, const Scene& scene,
                                    const QuestionWish& wish, SceneRandom& random,
                                    const std::set<std::string>& asked) {
    auto fitting = about(scene, wish.kind);
    std::erase_if(fitting, [&](const SceneQuestion& question) {
        return !fits(question, wish) || asked.contains(question.text);
    });
    if (fitting.empty()) return {};
    return fitting[random.below(static_cast<int>(fitting.size()))];
}

std::vector<SceneQuestion> askAll(QuestionsAbout& about, const Scene& scene,
                                  std::vector<QuestionWish>& wishes, SceneRandom& random) {
    std::vector<SceneQuestion> questions;
    std::set<std::string> asked;
    std::vector<QuestionWish> left;
    for (const auto& wish : wishes) {
        auto made = askOne(about, scene, wish, random, asked);
        if (!made) {
            left.push_back(wish);
            continue;
        }
        asked.insert(made->text);
        questions.push_back(std::move(*made));
    }
    wishes = std::move(left);
    return questions;
}

Sample toSample(const ScenePicture& picture, const std::string& set, std::uint64_t index) {
    const auto& asked = picture.questions.front();
    const std::string id = set + "-" + std::to_string(picture.scene.seed) + "-" +
                           std::to_string(index) + "-" + asked.kind;
    return {id, asked.kind, {{paint(picture.scene)}, asked.text}, asked.answer, asked.rois};
}

void checkPerPicture(int questions) {
    if (questions < 1)
        throw Error("there must be at least 1 question to a picture, not " +
                    std::to_string(questions));
}

}  // namespace lvr
