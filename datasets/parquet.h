#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/json_entries.h"

namespace lvr {

// Calls `visit` with each row of a Parquet file as an object of its columns: texts, numbers,
// booleans, lists and structs of them, whatever their width or encoding. Bytes that are no text
// (pictures) are binary values; numbers that are not finite are null; dates and decimals are texts.
// Throws Error naming the file.
void forEachRow(const std::filesystem::path& file, const OnEntry& visit);

// The names of its columns. Throws Error naming the file.
std::vector<std::string> parquetColumns(const std::filesystem::path& file);

}  // namespace lvr
