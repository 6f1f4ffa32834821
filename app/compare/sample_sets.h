#pragma once

#include "app/compare/compare_services.h"

namespace lvr {

// The questions of a data file in any format that is trained on, or generated scenes: those of
// `lvr eval scenes` with the same seed and kind. Throws Error, and Cancelled when stopped.
SampleSet openSampleSet(const SetChoice& choice, const std::stop_token& stop = {});

// Kinds of scenes a set can be made of: chains' first, then those of cluttered pictures.
std::vector<std::string> setSceneKinds();

}  // namespace lvr
