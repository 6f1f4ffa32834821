#pragma once

// Instead of <hwy/targets.h>, and before anything else of Highway: for which instruction sets the
// kernels are compiled. AVX2 and AVX-512 on x86, NEON on ARM, and what every CPU can do; the best
// that the CPU can run is chosen when the program runs. The older SSE levels would cost compile
// time for machines that nobody answers with, and vectors of unknown size can't be kept in arrays.
#define HWY_DISABLED_TARGETS \
    (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

#include <hwy/targets.h>
