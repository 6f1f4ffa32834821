#pragma once

#include "datasets/scenes/clutter_scenes.h"

namespace lvr {

// The words for 1 to 5.
const std::vector<std::string>& numberWords();

// Objects of this scene of which no other has the same value, for example &SceneObject::color.
std::vector<int> uniqueObjects(const Scene& scene, int SceneObject::*value);

// A scene of which the question can be asked; wish.answer is one of the kind's or, for kinds
// without balanced answers, empty.
Scene makeClutter(std::uint64_t seed, std::uint64_t index, const QuestionWish& wish);

}  // namespace lvr
