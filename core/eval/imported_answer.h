#pragma once

#include <string>

#include "core/values/evaluation.h"

namespace lvr {

// The dialect whose tokens an output spells out; empty: none does, or LVR's. Methods that add the
// same tokens are one here, the first of them.
std::string dialectSpelledIn(const std::string& output);

// What is known of an answer that another program gave, by its raw output: what it says, in the
// mark of its dialect, and the thoughts whose latents are spelled out, as <|lvr|>. dialect: empty
// for LVR's.
ItemAnswer importedAnswer(const std::string& output, const std::string& dialect = {});

}  // namespace lvr
