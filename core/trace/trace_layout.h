#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/values/trace.h"

namespace lvr {

// What writing and reading a trace file share.
inline constexpr const char* kTraceFormat = "lvrtrace";
// FORMAT.md says what each brought. A higher minor only adds what may be passed over.
inline constexpr int kTraceMajor = 3, kTraceMinor = 0;

using TraceShape = std::vector<std::int64_t>;

std::vector<LatentStep*> latentStepsOf(std::vector<DecodeStep>& steps);
std::vector<const LatentStep*> latentStepsOf(const std::vector<DecodeStep>& steps);

// The sizes every tensor of a trace follows from.
struct TraceSizes {
    std::int64_t latents = 0;       // n
    std::int64_t textSteps = 0;     // m
    std::int64_t visualTokens = 0;  // N; 0 where a loop of its own recorded none
    std::int64_t width = 0;         // D
};
TraceSizes sizesOf(const Trace& trace);
std::int64_t visualTokensIn(const std::vector<PatchGrid>& grids);

std::string traceImageName(std::size_t index);  // of its tensor

}  // namespace lvr
