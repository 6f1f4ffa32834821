#pragma once

#include "datasets/dataset.h"

namespace CLI {
class App;
}

namespace lvr {

// --image-root and --remap.
void addDataOptions(CLI::App& command, DataSource& source);
// Records to work on; what is left out of them is said on stderr. Throws Error.
Dataset readGiven(const DataSource& source);

}  // namespace lvr
