#pragma once

#include <cstdint>
#include <string>

#include "core/values/trace.h"

namespace lvr {

// One question about a picture and what came of it, small enough for a list.
struct Exchange {
    std::string id;            // its name within the conversation
    std::int64_t askedAt = 0;  // milliseconds since 1970, UTC
    Trace outline;             // see readTraceOutline
    bool operator==(const Exchange&) const = default;
};

}  // namespace lvr
