#pragma once

#include "app/compare/compare_services.h"

namespace lvr {

// The questions of a data file in any format that is trained on, or generated scenes: those of
// `lvr eval scenes` with the same seed and kind. Throws Error.
SampleSet openSampleSet(const SetChoice& choice);

// Kinds of scenes a set can be made of: chains' first, then those of cluttered pictures.
std::vector<std::string> setSceneKinds();

}  // namespace lvr
