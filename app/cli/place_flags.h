#pragma once

#include <filesystem>

namespace CLI {
class App;
}

namespace lvr {

struct DataSource;

// --store FILE.
void addStoreOption(CLI::App& command, std::filesystem::path& store);
// --image-root and --remap.
void addDataOptions(CLI::App& command, DataSource& source);

}  // namespace lvr
