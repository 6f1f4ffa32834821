#pragma once

#include <string>

#include "core/values/evaluation.h"

namespace lvr {

// What is known of an answer that another program gave, by its raw output: what it says, and the
// thoughts whose latents are spelled out as <|lvr|>.
ItemAnswer importedAnswer(const std::string& output);

}  // namespace lvr
