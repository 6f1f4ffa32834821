#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/values/benchmark.h"
#include "datasets/json_entries.h"

namespace lvr {

struct ItemPicture {
    std::string file;  // absolute
    PictureExtent extent;
    std::string name;  // as the source calls it; may be empty
};

// The pictures of a benchmark's items, whatever a cell says them with. Each is looked at once: that
// it is there, is a picture, and is whole.
class ItemPictures {
public:
    // folders: where relative paths may start, the likeliest first.
    explicit ItemPictures(std::vector<std::filesystem::path> folders);

    // A cell: bytes; {bytes, path} as the Hub's Parquet files hold them; base64 text; a path; a
    // list of these, also as a Python list in a text. What is inside of the cell is kept in the
    // picture cache (keepPicture). Throws RecordProblem: no picture, broken, not there.
    std::vector<ItemPicture> read(const Json& cell, const std::string& field);
    // Of a file that a row names: relative to one of the folders. Throws RecordProblem.
    ItemPicture readFile(const std::string& name, const std::string& field);
    // The file that a row means by a name; none: there is none in these folders.
    std::optional<std::filesystem::path> find(const std::string& name) const;

private:
    ItemPicture keep(const std::string& bytes, const std::string& name, const std::string& field);
    ItemPicture readText(const std::string& text, const std::string& field);
    ItemPicture looked(const std::filesystem::path& file, const std::string& name);

    std::vector<std::filesystem::path> folders_;
    std::map<std::string, PictureExtent> extents_;  // of those looked at
};

// Whether the file is what Git LFS leaves where it did not fetch the file itself.
bool isLfsPointer(const std::filesystem::path& file);

}  // namespace lvr
