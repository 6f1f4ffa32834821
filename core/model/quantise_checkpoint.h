#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/checkpoint/quantisation.h"

namespace lvr {

struct QuantiseHooks {
    std::string command = {};  // for the sidecar's list of what made it
    std::function<void(double fraction)> onProgress = {};
    std::stop_token stop = {};
};

// What became of a checkpoint's tensors.
struct QuantiseReport {
    int quantised = 0;              // Linears
    std::vector<std::string> kept;  // Linears whose inputs the group doesn't divide, as they were
    double bytesBefore = 0, bytesAfter = 0;
};

// Writes to `out` the checkpoint in the folder `from` with its language model's Linears as integers
// (core/checkpoint/quantisation.h says which, and how they lie there); all else as saveCheckpoint
// leaves it. Of the weights one tensor at a time is in memory, and the scales. Throws Cancelled,
// and Error: an adapter, a checkpoint that is quantised already, a tensor with a NaN, groups that
// divide no Linear's inputs, `out` is `from`.
QuantiseReport quantiseCheckpoint(const std::filesystem::path& from,
                                  const Quantisation& quantisation,
                                  const std::filesystem::path& out, const QuantiseHooks& hooks);

}  // namespace lvr
