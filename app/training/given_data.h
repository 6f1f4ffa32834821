#pragma once

#include <stop_token>

#include "datasets/dataset.h"

namespace lvr {

// Records to work on; what is left out of them is said on stderr. Throws Error, Cancelled.
Dataset readGiven(const DataSource& source, const std::stop_token& stop = {});

}  // namespace lvr
