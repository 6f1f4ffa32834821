#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/values/strategy.h"

namespace lvr {

nlohmann::ordered_json strategyToJson(const Strategy& strategy);
// Throws Error when it is none; keys that are left out keep their default.
std::vector<Strategy> strategiesFromJson(const nlohmann::ordered_json& list);

// A list of strategies as text, to find it again the next day.
std::string strategiesToText(const std::vector<Strategy>& strategies);
// Throws Error when it is not such a text; keys that are left out keep their default.
std::vector<Strategy> strategiesFromText(const std::string& text);

}  // namespace lvr
