#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/json_entries.h"

namespace lvr {

// Calls `visit` with each record of a table with a header, as pandas writes it, as an object of its
// cells: texts, as they stand; empty cells are left out. A .csv file has commas, any other tabs. A
// cell with a separator, a line's end or a quote is in quotes, quotes in it are doubled, and it may
// be megabytes long: one record is held at a time. One that has more or fewer cells than the header
// is an entry with a problem. Throws Error naming the file: missing, empty, or cut off in its last
// record.
void forEachTableRow(const std::filesystem::path& file, const OnEntry& visit);

// The names in its first line.
std::vector<std::string> tableColumns(const std::filesystem::path& file);

// The texts of a Python list of texts as `repr` writes it: ['a', "b's"]. None: it is no such list.
std::optional<std::vector<std::string>> pythonTexts(const std::string& text);

}  // namespace lvr
