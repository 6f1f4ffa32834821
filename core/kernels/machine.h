#pragma once

#include <string>

#include "core/kernels/matmul.h"

namespace lvr {

// What this machine can do at best, to hold a measured figure against.
struct Ceilings {
    double readBandwidth = 0;  // GB/s, from memory that no cache holds
    double multiplyAdds = 0;   // GFLOP/s in float32, two for each multiply-add
};

// Measured on all threads that `parallel` has, as the best of bursts of some 20 milliseconds each:
// a quarter of a second, and 256 MB for that time.
Ceilings measureCeilings(const ParallelFor& parallel);

// As the system names it: "AMD EPYC 7B13". Empty where it says nothing.
std::string cpuName();

// The instruction set that the kernels chose on this CPU: "AVX2", "AVX3" (AVX-512), ...
std::string kernelTarget();

}  // namespace lvr
