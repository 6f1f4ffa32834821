#pragma once

#include <filesystem>

#include "datasets/json_entries.h"

namespace lvr {

// Calls `visit` with each row below the header of the first sheet of an Excel workbook, as an
// object of its cells: texts, numbers as the texts that stand in the file. Empty cells are left
// out. Throws Error naming the file: not a workbook, no sheet, no header.
void forEachSheetRow(const std::filesystem::path& file, const OnEntry& visit);

}  // namespace lvr
