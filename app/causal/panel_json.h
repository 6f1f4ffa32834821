#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/values/causal.h"

namespace lvr {

// A panel as JSON, all of it, and back. What is absent is null.
nlohmann::ordered_json toJson(const CausalPanel& panel);
CausalPanel panelFromJson(const nlohmann::ordered_json& json);  // throws Error when it is none

nlohmann::ordered_json toJson(const std::vector<Intervention>& interventions);
std::vector<Intervention> interventionsFromJson(const nlohmann::ordered_json& json);

// A row an intervention, the untouched answer first; each says the command that makes it again.
std::string toCsv(const CausalPanel& panel, const std::string& command);

}  // namespace lvr
