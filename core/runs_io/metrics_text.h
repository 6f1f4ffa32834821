#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/values/run.h"

namespace lvr {

// Lines of step,name,value without a heading; numbers read back equal, a name with a comma is
// quoted.
std::string toCsv(const std::vector<Metric>& metrics);

nlohmann::ordered_json toJson(const Run& run);
// The run with its metrics as the list "metrics" of {step, name, value}.
std::string toJsonText(const Run& run, const std::vector<Metric>& metrics);

// NaN and infinities have no number in JSON: they are strings.
nlohmann::ordered_json jsonNumber(double value);

}  // namespace lvr
