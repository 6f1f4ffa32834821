#include "datasets/image_paths.h"

#include "core/error.h"
#include "datasets/json_entries.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// Whatever can't be looked at counts as not there.
bool isFile(const fs::path& path) {
    std::error_code failed;
    return fs::is_regular_file(path, failed);
}

}  // namespace

ImagePaths::ImagePaths(fs::path root, const std::vector<std::string>& remap)
    : root_(std::move(root)) {
    for (const auto& rule : remap) {
        const auto equals = rule.find('=');
        if (equals == std::string::npos || equals == 0)
            throw Error(
                "--remap takes OLD=NEW, the beginning of an image path and what it is to "
                "be instead, not \"" +
                rule + "\"");
        remap_.emplace_back(rule.substr(0, equals), rule.substr(equals + 1));
    }
}

ImagePaths ImagePaths::below(const fs::path& folder) const {
    auto paths = *this;
    paths.root_ = root_ / folder;
    return paths;
}

std::string ImagePaths::find(const std::string& given, const std::string& dataset) const {
    auto name = given;
    for (const auto& [from, to] : remap_)
        if (given.starts_with(from)) {
            name = to + given.substr(from.size());
            break;
        }
    for (const fs::path& path : {root_ / name, fs::path(name), root_ / dataset / name})
        if (isFile(path)) return fs::absolute(path).lexically_normal().string();
    if (given.starts_with("http"))
        throw RecordProblem("field \"image\": " + given +
                            " is on the web; download it and name the file");
    throw RecordProblem("field \"image\": there is no file " +
                        fs::absolute(root_ / name).lexically_normal().string());
}

}  // namespace lvr
