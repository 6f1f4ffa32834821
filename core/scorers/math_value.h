#pragma once

#include <complex>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lvr {

// A formula, a set, an interval or a relation, as math-verify tells them apart.
struct MathValue {
    enum class Kind {
        Integer,
        Decimal,   // written with a point: compared to six decimals
        Infinity,  // signed by `number`
        Constant,  // pi, e
        Symbol,    // a letter or a word
        Sum,
        Product,
        Power,
        Function,  // sin, cos, tan, ln, exp, abs, factorial
        Percent,   // a hundredth of its part
        Set,
        Tuple,
        Interval,
        Relation,  // op: "=", "<", "<=", ">", ">=", "!="
        Chain      // of relations, all of which hold
    };
    Kind kind = Kind::Integer;
    double number = 0;             // of numbers and constants
    std::string name;              // of symbols, functions and constants; the sign of a relation
    std::vector<MathValue> parts;  // interval: its ends
    bool leftOpen = false, rightOpen = false;
    bool operator==(const MathValue&) const = default;
};

MathValue integerValue(double number);
MathValue decimalValue(double number);
MathValue composed(MathValue::Kind kind, std::vector<MathValue> parts, std::string name = {});
MathValue negated(MathValue value);

// Its value where each symbol has the given one; nothing where it has none: a set, a relation.
std::optional<std::complex<double>> evaluated(const MathValue& value,
                                              const std::map<std::string, double>& symbols = {});

// Whether two values count as equal, the first being the gold one, as math-verify's `verify` has it
// for what evaluates: decimals to six places, otherwise exactly (symbols at several points), 50 =
// 50 %, x = 3 with 3, sets without order, relations turned round, and an inequality with the
// interval it describes when that is the second.
bool sameMath(const MathValue& gold, const MathValue& other);

}  // namespace lvr
