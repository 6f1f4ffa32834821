#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "core/files/json_file.h"
#include "core/values/options.h"

namespace lvr {

// All options of decoding but a given thought, by their keys: {"top_p": 0.9}. Limits that nobody
// set are left out.
nlohmann::ordered_json toJson(const DecodeOptions& options);
// The same back. What is missing keeps its value where `mayMiss` holds its key. Throws Error naming
// the field.
void readDecoding(const JsonFields& fields, const std::set<std::string>& mayMiss,
                  DecodeOptions& options);
std::set<std::string> decodingKeys();

}  // namespace lvr
