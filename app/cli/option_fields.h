#pragma once

#include <string>

#include "core/values/train_options.h"

namespace CLI {
class App;
}

namespace lvr {

// One flag for every option, with its range, its default and its help.
void addFields(CLI::App& command, SftOptions& options);
void addFields(CLI::App& command, GrpoOptions& options);
// All of them as one JSON object, names as the flags; and back.
std::string toJsonText(const SftOptions& options);
std::string toJsonText(const GrpoOptions& options);
void fromJsonText(const std::string& json, SftOptions& options);
void fromJsonText(const std::string& json, GrpoOptions& options);

}  // namespace lvr
