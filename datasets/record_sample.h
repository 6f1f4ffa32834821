#pragma once

#include "core/values/sample.h"
#include "datasets/dataset.h"

namespace lvr {

// The record with its pictures read. Throws Error naming the record: a picture is missing or
// broken.
Sample readSample(const Dataset& data, const DataRecord& record);

}  // namespace lvr
