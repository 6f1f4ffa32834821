#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace lvr {

// Has every numeric option of a command and of those under it refuse what is no finite number: NaN
// passes any range check, because each of its comparisons is false.
void checkNumbers(CLI::App& app);

// Has an option refuse, as the command line is read, what `check` throws Error for.
CLI::Validator passes(const std::function<void(const std::string&)>& check);

// A whole number from `lowest` up.
CLI::Validator wholeFrom(int lowest);

// Has a file be named as what is written into it: ".json".
CLI::Validator endsIn(const std::string& ending);

}  // namespace lvr
