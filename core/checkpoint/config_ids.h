#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/files/json_file.h"

namespace lvr {

// Token ids of a field that holds one or a list of them; empty where it is absent. Throws Error.
std::vector<std::int64_t> idsIn(const JsonFields& fields, const std::string& key);
// Of config.json. The top level first: transformers 5 puts its own defaults into text_config when
// it is absent there.
std::vector<std::int64_t> idsAnywhere(const JsonFields& top, const std::string& key);

}  // namespace lvr
