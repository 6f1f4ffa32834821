#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/scorers/math_value.h"

namespace lvr {

// What math-verify 0.9 finds in a text: the value of its last formula or number, and the text it
// was read from. Where the formula can't be parsed only the text is there; empty: nothing is.
struct MathAnswer {
    std::optional<MathValue> value;
    std::string text;
};
std::optional<MathAnswer> mathAnswerIn(std::string_view text);

// Whether the formula of a text is that of the gold one; which goes first matters to inequalities
// and intervals. Our own code after the library's rules: extraction and comparison are the same,
// formulas go as far as core/scorers/math_parse.h, and equality of formulas with letters is tested
// at several points instead of proved.
bool mathVerify(std::string_view gold, std::string_view text);

}  // namespace lvr
