#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "core/checkpoint/quantisation.h"
#include "core/files/safetensors.h"

namespace lvr {

// Of the tensors in a checkpoint's files; of an adapter: those of the model it adapts.
struct ModelSize {
    std::int64_t parameters = 0;
    DType dtype = DType::F32;  // of most of them that are no integers
    std::int64_t bytes = 0;    // of all tensors
    std::optional<Quantisation> quantised = {};
};
// Reads headers alone. Throws Error as openWeights does.
ModelSize sizeOf(const std::filesystem::path& folder);

}  // namespace lvr
