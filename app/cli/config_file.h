#pragma once

#include <string>

namespace CLI {
class App;
}

namespace lvr {

// Gives every option of `command` that was not typed the value that a YAML file has for it: one map
// of option names, without dashes, to texts, numbers, on/off, true/false or lists; an empty value
// says nothing. Throws UsageError that names file, key and the nearest name: not there, not YAML,
// no such option, one said twice, a value that the option refuses.
void readConfig(CLI::App& command, const std::string& file);

}  // namespace lvr
