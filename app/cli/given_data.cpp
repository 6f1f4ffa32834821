#include "app/cli/given_data.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace lvr {

void addDataOptions(CLI::App& command, DataSource& source) {
    command.add_option("--image-root", source.imageRoot,
                       "Where relative image paths start (default: the data's folder)");
    command.add_option("--remap", source.remap,
                       "OLD=NEW: an image path that begins with OLD begins with NEW instead");
}

Dataset readGiven(const DataSource& source) {
    return readUsable(source,
                      [](const std::string& sentence) { std::cerr << sentence << std::endl; });
}

}  // namespace lvr
