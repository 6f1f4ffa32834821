#pragma once

#include <string>

#include "core/values/train_options.h"

namespace CLI {
class App;
}

namespace lvr {

// One flag for every option of SftOptions, with its range, its default and its help.
void addFields(CLI::App& command, SftOptions& options);
// All of them as one JSON object, names as the flags; and back.
std::string toJsonText(SftOptions options);
SftOptions sftOptionsFrom(const std::string& json);

}  // namespace lvr
