#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace lvr {

// Finds the files that records name.
class ImagePaths {
public:
    // remap: OLD=NEW, applied to the beginning of a path. Throws Error when one has no "=".
    ImagePaths(std::filesystem::path root, const std::vector<std::string>& remap);
    ImagePaths below(const std::filesystem::path& folder) const;

    // Absolute. As lvr-spec 2.1: joined to the root unless it exists as it is; `dataset` is tried
    // as one more folder in between. Throws RecordProblem: no such file, on the web, a folder.
    std::string find(const std::string& given, const std::string& dataset = {}) const;

private:
    std::filesystem::path root_;
    std::vector<std::pair<std::string, std::string>> remap_;
};

}  // namespace lvr
