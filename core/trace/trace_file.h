#pragma once

#include <filesystem>

#include "core/values/trace.h"

namespace lvr {

// One self-contained .lvrtrace: a safetensors file, so any reader of that format opens it. What it
// holds, which parts a loop of somebody's own may leave out, and what its version means: FORMAT.md.
// Loads back equal, bit for bit. Throws Error: the trace's parts do not fit each other, a text is
// not UTF-8, or the file cannot be written.
void writeTrace(const Trace& trace, const std::filesystem::path& file);

// Throws Error: not a trace, broken, or written by a newer version.
Trace readTrace(const std::filesystem::path& file);

// What a list of answers shows, without reading most of the file: no images, latents, visual
// tokens, cosines and distances to patches. Throws Error like readTrace, but does not notice when
// what it leaves out is broken.
Trace readTraceOutline(const std::filesystem::path& file);
// The same of a trace at hand.
Trace outlineOf(const Trace& trace);
// What a list shows of a trace: the numbers are not read. Throws Error as readTrace.
struct TraceGlance {
    Image picture;  // the first one
    std::string question, answer;
};
TraceGlance glanceAtTrace(const std::filesystem::path& file);

}  // namespace lvr
