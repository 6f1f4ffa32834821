#pragma once

#include <filesystem>

#include "datasets/dataset.h"

namespace lvr {

// Whether a public benchmark lies in this folder. Blocks; looks into the files of the folder and of
// those in it only.
bool holdsBenchmark(const std::filesystem::path& folder);

// A benchmark's questions as records: the kind is its category, the question has its options. What
// could not be read is bad. Throws Error, Cancelled.
Dataset benchmarkRecords(const std::filesystem::path& folder, const ReadHooks& hooks);

}  // namespace lvr
