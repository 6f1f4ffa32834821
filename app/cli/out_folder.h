#pragma once

#include <filesystem>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lvr {

// --out. "DIR/", as a shell completes it, is DIR: what stands beside it is called after it.
CLI::Option* addOutFolder(CLI::App& command, std::filesystem::path& out, const std::string& help);

}  // namespace lvr
