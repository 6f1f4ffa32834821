#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace lvr {

// Has an option refuse, as the command line is read, what `check` throws Error for.
CLI::Validator passes(const std::function<void(const std::string&)>& check);

// A whole number from `lowest` up.
CLI::Validator wholeFrom(int lowest);

// Has a file be named as what is written into it: ".json".
CLI::Validator endsIn(const std::string& ending);

}  // namespace lvr
