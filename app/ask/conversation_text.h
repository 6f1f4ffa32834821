#pragma once

#include <string>
#include <vector>

#include "core/values/exchange.h"

namespace lvr {

// A conversation to read elsewhere; about: what the picture is called.
std::string toMarkdown(const std::vector<Exchange>& exchanges, const std::string& about);
std::string toJson(const std::vector<Exchange>& exchanges, const std::string& about);

}  // namespace lvr
