#pragma once

#include <string_view>

#include "core/files/json_file.h"
#include "core/values/trace.h"

namespace lvr {

// Names that begin so belong to whoever wrote the file, and are passed over.
inline constexpr std::string_view kForeignPrefix = "x_";

struct TraceVersion {
    int major = 0, minor = 0;
    // A newer minor version has more, which may be passed over.
    bool mayHoldMore() const;
};

// All of a trace but its tensors: images are still empty, floats zero. A loop that isn't ours,
// which names its method, may leave most of it out. Throws Error naming the field.
Trace readDescription(const JsonFields& fields, TraceVersion version);

}  // namespace lvr
