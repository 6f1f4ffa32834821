#pragma once

#include <string>

namespace lvr {

// What the window calls it.
inline constexpr const char* kTinyModelName = "tiny model";

// Folder of the model that is used when none is named: beside the installed program, or in the
// source tree it was built from. Throws Error when neither is there.
std::string tinyModelFolder();

}  // namespace lvr
