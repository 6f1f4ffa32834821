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
// Gives every option that no flag named the value it has in the recipe: that of --recipe, else the
// one for models of `model`'s size. Throws Error: neither is said.
void fillFromRecipe(const CLI::App& command, const std::string& model, SftOptions& options);
void fillFromRecipe(const CLI::App& command, const std::string& model, GrpoOptions& options);
void sayRecipe(Recipe recipe);  // on stdout, as a training starts
// Adds --print-options.
void addPrintOptions(CLI::App& command, bool& print);
// All of them as one JSON object, names as the flags; and back. indent: spaces; below 0: one line.
std::string toJsonText(const SftOptions& options, int indent = -1);
std::string toJsonText(const GrpoOptions& options, int indent = -1);
void fromJsonText(const std::string& json, SftOptions& options);
void fromJsonText(const std::string& json, GrpoOptions& options);

}  // namespace lvr
