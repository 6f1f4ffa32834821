#pragma once

#include <cstdint>

namespace lvr {

// What a kernel's memory is for. A thread has one piece for each use.
enum class Scratch { Inputs, Weights, Sums, Scales, PanelA, PanelB };

// Room for `count` floats, aligned to 64 bytes. The calling thread keeps it for its next call, so
// that no call pays for fresh pages. What it holds is what the last user left.
float* scratch(Scratch use, std::int64_t count);

}  // namespace lvr
