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

}  // namespace lvr
