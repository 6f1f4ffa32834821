#pragma once

#include <string>

#include "core/values/causal_report.h"

namespace lvr {

// One self-contained page: verdict and its rule, where the numbers come from, tables and figures.
std::string toHtml(const CausalReport& report);
// The same of one question. command: what makes it again.
std::string toHtml(const CausalPanel& panel, const std::string& command);

}  // namespace lvr
