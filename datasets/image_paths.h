#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "datasets/json_entries.h"

namespace lvr {

// Finds the files that records name.
class ImagePaths {
public:
    // remap: OLD=NEW, applied to the beginning of a path. Throws Error when one has no "=".
    ImagePaths(std::filesystem::path root, const std::vector<std::string>& remap);
    ImagePaths below(const std::filesystem::path& folder) const;

    // Absolute. `image`: a path, or a picture as the Hub's Parquet files hold it: its bytes, or
    // {bytes, path}. A path is, as lvr-spec 2.1 says, joined to the root unless it exists as it is;
    // `dataset` is tried as one more folder in between. Bytes are kept in the cache
    // (keepPicture). Throws RecordProblem: no such file, on the web, a folder.
    std::string find(const Json& image, const std::string& dataset = {}) const;

private:
    std::string findFile(const std::string& given, const std::string& dataset) const;

    std::filesystem::path root_;
    std::vector<std::pair<std::string, std::string>> remap_;
};

// The file of a picture that was inside of another file. It is named by its content, below
// lvr-workbench/pictures in $XDG_CACHE_HOME (~/.cache), and written when it is not there. `name`
// gives its ending. Throws Error: it can't be written.
std::filesystem::path keepPicture(const std::vector<std::uint8_t>& bytes, const std::string& name);

}  // namespace lvr
