#pragma once

#include <filesystem>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lvr {

struct DataMix;

// --store FILE.
void addStoreOption(CLI::App& command, std::filesystem::path& store);
// --data, once for each of several.
CLI::Option* addDataFiles(CLI::App& command, DataMix& mix);
// --image-root and --remap.
void addDataOptions(CLI::App& command, DataMix& mix);

}  // namespace lvr
