#include "app/cli/place_flags.h"

#include <CLI/CLI.hpp>

#include "datasets/data_mix.h"

namespace lvr {

void addStoreOption(CLI::App& command, std::filesystem::path& store) {
    command.add_option("--store", store,
                       "Run store (default: $LVR_STORE, else runs.db in "
                       "~/.local/share/lvr-workbench)");
}

CLI::Option* addDataFiles(CLI::App& command, DataMix& mix) {
    return command
        .add_option("--data", mix.data,
                    "LVR JSON, Visual-CoT or ViRL39K file, a list of such files, or a folder with "
                    "data.json (lvr data formats shows them); may be given several times")
        ->allow_extra_args(false);
}

void addDataOptions(CLI::App& command, DataMix& mix) {
    command
        .add_option("--image-root", mix.imageRoots,
                    "Where relative image paths start (default: the data's folder); once for all "
                    "data, or once for each")
        ->allow_extra_args(false);
    command
        .add_option("--remap", mix.remap,
                    "OLD=NEW: an image path that begins with OLD begins with NEW instead")
        ->allow_extra_args(false);
}

}  // namespace lvr
