#pragma once

#include <stop_token>

#include "core/train/distributed.h"
#include "datasets/data_mix.h"

namespace lvr {

// Records to work on; the first rank says on stderr what is left out of them. Throws Error,
// Cancelled.
Dataset readGiven(const DataMix& mix, const Ranks& ranks = {}, const std::stop_token& stop = {});

}  // namespace lvr
