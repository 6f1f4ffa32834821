#pragma once

#include <filesystem>
#include <functional>

#include "datasets/json_entries.h"

namespace lvr {

// Calls `visit` with each row of a Parquet file as an object of its columns, numbered from 1:
// texts, numbers, booleans and lists of them; pictures inside the file (bytes) are left out, their
// `path` stands for them. Throws Error naming the file.
void forEachRow(const std::filesystem::path& file,
                const std::function<void(const Json&, int number)>& visit);

}  // namespace lvr
