#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lvr {

// What the bytes of these files are, one after the other: "xxh3-128:" and 32 hex digits. Throws
// Error: a file that can't be read.
std::string fingerprint(const std::vector<std::filesystem::path>& files);

// Of a checkpoint folder's config and weights, or of an adapter's.
std::string checkpointFingerprint(const std::filesystem::path& folder);

}  // namespace lvr
