#pragma once

#include <cstdint>
#include <filesystem>

namespace lvr {

// How many parameters the files of a checkpoint hold; of an adapter: those of the model it adapts.
// Reads headers alone. Throws Error as openWeights does.
std::int64_t parameterCount(const std::filesystem::path& folder);

}  // namespace lvr
