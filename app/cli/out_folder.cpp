#include "app/cli/out_folder.h"

#include <CLI/CLI.hpp>

namespace lvr {

CLI::Option* addOutFolder(CLI::App& command, std::filesystem::path& out, const std::string& help) {
    return command.add_option("--out", out, help)->transform([](const std::string& typed) {
        const auto end = typed.find_last_not_of('/');
        return end == std::string::npos ? typed : typed.substr(0, end + 1);
    });
}

}  // namespace lvr
