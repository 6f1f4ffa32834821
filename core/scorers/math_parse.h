#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/scorers/math_value.h"

namespace lvr {

// What a formula in LaTeX says, cleaned up as math-verify does before it parses (units, text,
// fractions without braces, \boxed). Understands numbers, letters, words in \text, + - * / ^ !,
// fractions, roots, sin, cos, tan, ln, log, exp, |x|, percent, degrees (left out), pi, e,
// infinity, sets, tuples, intervals, equations and inequalities, also in chains. Nothing where it
// holds more than that: matrices, integrals, unions.
enum class Boxes { All, Last };  // which \boxed count where there are several
std::string cleanLatex(std::string_view latex, Boxes boxes);
std::optional<MathValue> parsedLatex(const std::string& cleaned);

// Arithmetic as Python reads it, "6 + 1", "2^10"; nothing where Python would not.
std::optional<MathValue> parsedArithmetic(std::string_view text);

}  // namespace lvr
