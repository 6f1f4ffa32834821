#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "datasets/scenes/scenes.h"

namespace lvr {

// What the questions of every set of scenes are made from.

struct QuestionKind {
    std::string name;
    int weight;                        // tenths
    std::vector<std::string> answers;  // those to balance, or none
    std::vector<SceneQuestion> (*all)(const Scene&);
};
using QuestionKinds = std::vector<QuestionKind>;

std::vector<std::string> namesOf(const QuestionKinds& kinds);
// Throws Error naming an unknown kind and the nearest known one.
const QuestionKind& findKind(const QuestionKinds& kinds, const std::string& name);
// One of `names` (empty = all), by weight.
const QuestionKind& drawKind(const QuestionKinds& kinds, const std::vector<std::string>& names,
                             SceneRandom& random);
// The kind with one of its answers, each equally likely.
QuestionWish drawWishOf(const QuestionKind& kind, SceneRandom& random);

// With a box for each target.
SceneQuestion makeQuestion(const Scene& scene, std::string text, std::string answer,
                           std::vector<int> targets);

// One question for each object of which `make(object, index)` knows one.
template <class Make>
std::vector<SceneQuestion> eachObject(const Scene& scene, Make make) {
    std::vector<SceneQuestion> all;
    for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i)
        if (std::optional<SceneQuestion> made = make(scene.objects[i], i)) all.push_back(*made);
    return all;
}

using QuestionsAbout = std::vector<SceneQuestion>(const Scene&, const std::string& kind);

// A question as wished that is not in `asked` (texts); none when the scene has none left.
std::optional<SceneQuestion> askOne(QuestionsAbout& about, const Scene& scene,
                                    const QuestionWish& wish, SceneRandom& random,
                                    const std::set<std::string>& asked = {});
// Asks what the scene still has; what it has not stays in `wishes` for the next picture.
std::vector<SceneQuestion> askAll(QuestionsAbout& about, const Scene& scene,
                                  std::vector<QuestionWish>& wishes, SceneRandom& random);

// The picture painted, with its first question; the sample's id is made of `set`, the picture's
// seed, `index` and the kind.
Sample toSample(const ScenePicture& picture, const std::string& set, std::uint64_t index);

// Throws Error unless there is at least one.
void checkPerPicture(int questions);

}  // namespace lvr
