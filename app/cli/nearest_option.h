#pragma once

#include <string>

namespace CLI {
class App;
}

namespace lvr {

// The flag of a command ("--lr") that is meant by one it does not have: what transformers and TRL
// call by that name, else the one that is a letter or two away; empty when nothing is near, since
// further away it is a guess, not a typo.
std::string nearestOption(const CLI::App& command, const std::string& typed);

}  // namespace lvr
