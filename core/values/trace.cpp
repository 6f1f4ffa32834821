#include "core/values/trace.h"

#include "core/error.h"

namespace lvr {

std::string toText(StopReason reason) {
    switch (reason) {
        case StopReason::EndOfText:
            return "end_of_text";
        case StopReason::MaxNewTokens:
            return "max_new_tokens";
        case StopReason::Cancelled:
            return "cancelled";
    }
    throw Error("a stop reason that is none of the known ones");
}

double timeToFirstToken(const Timings& timings) {
    return timings.preprocess + timings.encodeImages + timings.prefill;
}

std::optional<double> tokensPerSecond(const Trace& trace) {
    if (trace.steps.size() < 2 || trace.timings.decode <= 0) return std::nullopt;
    return static_cast<double>(trace.steps.size() - 1) * 1000 / trace.timings.decode;
}

bool reusedEncoding(const Trace& trace) {
    return !trace.grids.empty() && trace.timings.prefill > 0 && trace.timings.encodeImages == 0;
}

}  // namespace lvr
