#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// Regions drawn on the pictures of a question: {"version": 1, "regions": [[x0, y0, x1, y1, image],
// ...]}, in fractions of the picture, exact. Absent where there is no file. Throws Error that names
// the file.
std::optional<std::vector<Box>> readRegions(const std::filesystem::path& file);
void writeRegions(const std::vector<Box>& boxes, const std::filesystem::path& file);

}  // namespace lvr
