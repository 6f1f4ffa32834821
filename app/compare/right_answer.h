#pragma once

#include <string>

namespace lvr {

// Whether an answer counts as right in a comparison: the same text, number or option letter, as
// the accuracy reward has it.
bool isRightAnswer(const std::string& answer, const std::string& expected);

}  // namespace lvr
