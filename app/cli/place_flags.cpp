#include "app/cli/place_flags.h"

#include <CLI/CLI.hpp>

#include "datasets/dataset.h"

namespace lvr {

void addStoreOption(CLI::App& command, std::filesystem::path& store) {
    command.add_option("--store", store,
                       "Run store (default: $LVR_STORE, else runs.db in "
                       "~/.local/share/lvr-workbench)");
}

void addDataOptions(CLI::App& command, DataSource& source) {
    command.add_option("--image-root", source.imageRoot,
                       "Where relative image paths start (default: the data's folder)");
    command.add_option("--remap", source.remap,
                       "OLD=NEW: an image path that begins with OLD begins with NEW instead");
}

}  // namespace lvr
