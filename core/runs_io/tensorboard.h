#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/runs_io/logged_scalars.h"

namespace lvr {

// A run's metrics (by step) as a TensorBoard event file: one event a step, values in float32 as
// every writer has them. The store keeps no time of a step: between the run's start and its last
// sign of life they are spread evenly.
std::string toEventFile(const Run& run, const std::vector<Metric>& metrics);

// The name TensorBoard knows it by, the same at every export of a run.
std::string eventFileName(const Run& run);

// The scalars of an event file, simple values and tensors of float or double alike; pictures,
// histograms and texts are passed over. Reads as far as the file is whole. Throws Error.
LoggedScalars readEventFile(const std::filesystem::path& file);

}  // namespace lvr
