#include "datasets/benchmarks/item_pictures.h"

#include <arrow/util/base64.h>

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "core/vision/image_file.h"
#include "datasets/benchmarks/tables.h"
#include "datasets/image_paths.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

bool isThere(const fs::path& file) {
    std::error_code failed;
    return fs::is_regular_file(file, failed);
}

// By its first bytes, so that the copy in the cache opens anywhere.
std::string pictureEnding(const std::string& bytes) {
    if (bytes.starts_with("\xFF\xD8")) return "picture.jpg";
    if (bytes.starts_with("\x89PNG")) return "picture.png";
    if (bytes.starts_with("RIFF")) return "picture.webp";
    if (bytes.starts_with("BM")) return "picture.bmp";
    return "";
}

bool looksLikeAPath(const std::string& text) {
    const auto ending = fs::path(text).extension().string();
    return text.size() < 512 && ending.size() >= 4 && ending.size() <= 5;
}

std::string withoutSpace(const std::string& text) {
    std::string packed;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find_first_of("\r\n", at), text.size());
        packed.append(text, at, end - at);
        at = end + 1;
    }
    return packed;
}

std::string fromBase64(std::string text, const std::string& field) {
    // Some writers put it into lines, some leave the padding out.
    if (text.find('\n') != text.npos || text.find('\r') != text.npos) text = withoutSpace(text);
    while (text.size() % 4 != 0 && text.size() % 4 != 1) text += '=';
    auto bytes = arrow::util::base64_decode(text);
    if (!bytes.ok() || bytes->empty())
        throw RecordProblem("field \"" + field + "\" holds neither a picture in base64 nor a file");
    return *std::move(bytes);
}

}  // namespace

bool isLfsPointer(const fs::path& file) {
    constexpr std::string_view kMark = "version https://git-lfs";
    std::string start(kMark.size(), 0);
    std::ifstream in(file, std::ios::binary);
    return in.read(start.data(), std::ssize(start)) && start == kMark;
}

ItemPictures::ItemPictures(std::vector<fs::path> folders) : folders_(std::move(folders)) {}

std::vector<ItemPicture> ItemPictures::read(const Json& cell, const std::string& field) {
    if (cell.is_null()) throw RecordProblem("field \"" + field + "\" is missing");
    if (cell.is_binary()) {
        const auto& bytes = cell.get_binary();
        return {keep(std::string(bytes.begin(), bytes.end()), "", field)};
    }
    if (cell.is_object()) {
        const auto path = cell.value("path", Json());
        const auto name = path.is_string() ? path.get<std::string>() : "";
        if (!cell.contains("bytes") || cell.at("bytes").is_null()) return {readFile(name, field)};
        auto pictures = read(cell.at("bytes"), field);
        pictures.front().name = name;
        return pictures;
    }
    std::vector<ItemPicture> pictures;
    const auto text = cell.is_string() ? cell.get<std::string>() : "";
    if (cell.is_array()) {
        for (const auto& part : cell)
            for (auto& picture : read(part, field)) pictures.push_back(std::move(picture));
    } else if (const auto parts = pythonTexts(text)) {
        for (const auto& part : *parts) pictures.push_back(readText(part, field));
    } else if (cell.is_string()) {
        pictures.push_back(readText(text, field));
    }
    if (pictures.empty()) throw RecordProblem("field \"" + field + "\" holds no picture");
    return pictures;
}

ItemPicture ItemPictures::readText(const std::string& text, const std::string& field) {
    if (looksLikeAPath(text) || find(text)) return readFile(text, field);
    return keep(fromBase64(text, field), "", field);
}

ItemPicture ItemPictures::readFile(const std::string& name, const std::string& field) {
    if (name.empty()) throw RecordProblem("field \"" + field + "\" holds no picture");
    if (const auto file = find(name)) return looked(*file, name);
    throw RecordProblem("field \"" + field + "\": there is no file " +
                        (folders_.empty() ? fs::path(name) : folders_.front() / name).string());
}

std::optional<fs::path> ItemPictures::find(const std::string& name) const {
    if (name.size() > 512) return std::nullopt;
    if (fs::path(name).is_absolute() && isThere(name)) return name;
    for (const auto& folder : folders_)
        if (isThere(folder / name)) return folder / name;
    return std::nullopt;
}

ItemPicture ItemPictures::keep(const std::string& bytes, const std::string& name,
                               const std::string& field) {
    const auto ending = pictureEnding(bytes);
    if (bytes.empty()) throw RecordProblem("field \"" + field + "\" holds no picture");
    return looked(keepPicture({bytes.begin(), bytes.end()}, ending), name);
}

ItemPicture ItemPictures::looked(const fs::path& file, const std::string& name) {
    const auto path = fs::absolute(file).lexically_normal();
    const auto known = extents_.find(path.string());
    if (known != extents_.end()) return {path.string(), known->second, name};
    if (isLfsPointer(path))
        throw RecordProblem(path.string() +
                            " is a Git LFS pointer, not the picture: git lfs pull fetches it");
    try {
        const auto size = readWholePictureSize(path);
        const PictureExtent extent{size.width, size.height};
        extents_[path.string()] = extent;
        return {path.string(), extent, name};
    } catch (const Error& error) {
        throw RecordProblem(error.what());
    }
}

}  // namespace lvr
