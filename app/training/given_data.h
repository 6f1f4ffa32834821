#pragma once

#include "datasets/dataset.h"

namespace lvr {

// Records to work on; what is left out of them is said on stderr. Throws Error.
Dataset readGiven(const DataSource& source);

}  // namespace lvr
