#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lvr {

// What --suite paper finds below a folder: --data of each benchmark that the paper and those after
// it report, and the titles of those that are not there. Throws Error: the folder is none, or none
// of them is there.
struct PaperSuite {
    std::vector<std::string> data;    // "vstar:ROOT/vstar_bench"
    std::vector<std::string> absent;  // "HR-Bench 8K"
};
PaperSuite paperSuite(const std::filesystem::path& root);

}  // namespace lvr
