#pragma once

#include <optional>
#include <string>

#include "app/compare/sample_sets.h"

namespace lvr {

// Whose latents are lent to a question, and the answer of a random one, which lends nothing.
struct PanelDonors {
    std::optional<Sample> otherPicture;
    std::string randomAnswer;
    std::vector<std::string> answers;  // to hold against each other; empty: not known
};
// From the first questions of a set: one on another picture, of another answer where there is one.
// Throws Error, and Cancelled when stopped; any thread.
PanelDonors donorsFrom(const SampleSet& set, const Sample& asked);
// What a set's first questions are answered by, each answer once.
std::vector<std::string> answersIn(const SampleSet& set);
// The set that lends where nobody has chosen one: scenes of the same kind.
SetChoice donorChoice(const SetChoice& chosen, const Sample& asked,
                      const std::vector<std::string>& sceneKinds);

// Another question about the same picture, where the words of this one allow to make it: another
// colour of a drawn scene. Empty: none.
std::string anotherQuestion(const std::string& text);

// The question as the engine takes it.
CausalQuestion causalQuestion(const Sample& sample, const PanelDonors& donors);

}  // namespace lvr
