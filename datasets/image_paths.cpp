#include "datasets/image_paths.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "core/error.h"
#include "core/files/fingerprint.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// Whatever can't be looked at counts as not there.
bool isFile(const fs::path& path) {
    std::error_code failed;
    return fs::is_regular_file(path, failed);
}

fs::path cacheFolder() {
    for (const auto& [variable, below] : {std::pair("XDG_CACHE_HOME", ""), {"HOME", ".cache"}})
        if (const char* folder = std::getenv(variable); folder && *folder)
            return fs::path(folder) / below / "lvr-workbench" / "pictures";
    return fs::temp_directory_path() / "lvr-workbench" / "pictures";
}

// A name that lost its end would be a path of its own.
std::string endingOf(const std::string& name) {
    const auto ending = fs::path(name).extension().string();
    return ending.size() <= 5 ? ending : "";
}

}  // namespace

fs::path keepPicture(const std::vector<std::uint8_t>& bytes, const std::string& name) {
    Fingerprint content;
    content.add(bytes.data(), bytes.size());
    const auto file = cacheFolder() / (content.hex() + endingOf(name));
    std::error_code failed;
    if (fs::file_size(file, failed) == bytes.size()) return file;
    // In place in one piece, since others may read it; a cache need not survive a power cut.
    fs::create_directories(file.parent_path(), failed);
    const auto temporary = file.string() + ".tmp-" + std::to_string(::getpid());
    std::ofstream out(temporary, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
    out.close();
    if (out) fs::rename(temporary, file, failed);
    if (out && !failed) return file;
    fs::remove(temporary, failed);
    throw Error("cannot write a picture of the data to " + file.parent_path().string() +
                "; make room there, or set XDG_CACHE_HOME to another folder");
}

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

std::string ImagePaths::find(const Json& image, const std::string& dataset) const {
    if (image.is_binary()) return keepPicture(image.get_binary(), "").string();
    if (!image.is_object()) return findFile(JsonEntry::text(image, "image"), dataset);
    const auto name = image.value("path", Json()), bytes = image.value("bytes", Json());
    if (bytes.is_binary())
        return keepPicture(bytes.get_binary(), name.is_string() ? name.get<std::string>() : "")
            .string();
    return findFile(JsonEntry::text(name, "image"), dataset);
}

std::string ImagePaths::findFile(const std::string& given, const std::string& dataset) const {
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
    throw NoPicture("field \"image\": there is no file " +
                    fs::absolute(root_ / name).lexically_normal().string());
}

}  // namespace lvr
