#pragma once

#include <nlohmann/json.hpp>

#include "core/values/trace.h"

namespace lvr {

// What `lvr ask --json` and `lvr trace show --json` print, and the window exports.
nlohmann::ordered_json toJson(const Trace& trace);
// With a newline at the end. more: further fields of the object.
std::string toJsonText(const Trace& trace, const nlohmann::ordered_json& more = {});
// The same for people: the answer, then a table of the latent steps.
std::string toReadableText(const Trace& trace);

}  // namespace lvr
