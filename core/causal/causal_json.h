#pragma once

#include <string>

#include "core/values/causal_report.h"

namespace lvr {

// A panel, an item (one line) and a report as JSON. What has no value is left out.
std::string toJson(const CausalPanel& panel, int indent = 2);
std::string toJsonLine(const CausalItem& item);
std::string toJson(const CausalReport& report, int indent = 2);

// Reads what toJsonLine wrote. Throws Error: no such line.
CausalItem causalItemFrom(const std::string& line);

}  // namespace lvr
