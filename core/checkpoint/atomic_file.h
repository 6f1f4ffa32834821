#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace lvr {

// The file holds either what it held before or all of the pieces, one after the other: they go to
// a temporary file beside it that is flushed to disk and renamed over it. Throws Error and leaves
// nothing behind; a target that is not a regular file (a folder, /dev/null) is refused.
void writeFileAtomically(const std::filesystem::path& file,
                         const std::vector<std::span<const std::byte>>& pieces);
void writeFileAtomically(const std::filesystem::path& file, const std::string& text);

}  // namespace lvr
