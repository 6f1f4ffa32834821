#include "app/engine/tiny_model.h"

#include <filesystem>

#include "core/error.h"

namespace lvr {

std::string tinyModelFolder() {
    namespace fs = std::filesystem;
    std::error_code unknown;
    const auto program = fs::read_symlink("/proc/self/exe", unknown);
    const fs::path candidates[] = {
        program.parent_path().parent_path() / "share/lvr-workbench/models/tiny",
        fs::path(LVR_SOURCE_DIR) / "resources/models/tiny"};
    for (const auto& folder : candidates)
        if (fs::exists(folder / "config.json", unknown)) return folder.string();
    throw Error("the tiny model is not in " + candidates[0].string() + " nor in " +
                candidates[1].string() +
                "; train it with ./dev train-tiny, or name a checkpoint with --model");
}

}  // namespace lvr
