#pragma once

#include <string>
#include <vector>

#include "core/values/causal_report.h"

namespace lvr {

// A row an intervention; each says the command that makes it again. Of one question the untouched
// answer comes first.
std::string panelToCsv(const CausalPanel& panel, const std::string& command);
std::string effectsToCsv(const std::vector<InterventionSummary>& effects,
                         const std::string& command);

}  // namespace lvr
