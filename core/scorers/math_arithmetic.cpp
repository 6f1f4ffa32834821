#include "core/scorers/math_cursor.h"
#include "core/scorers/math_parse.h"

namespace lvr {
namespace {

using Kind = MathValue::Kind;
using Parsed = std::optional<MathValue>;

class Arithmetic {
public:
    explicit Arithmetic(std::string_view text) : cursor_(text) {}
    Parsed whole() {
        auto value = sum();
        return value && cursor_.isAtEnd() ? value : std::nullopt;
    }

private:
    Parsed sum() {
        auto value = product();
        while (value && (cursor_.sees("+") || cursor_.sees("-"))) {
            const bool minus = cursor_.take("-") || !cursor_.take("+");
            auto next = product();
            if (!next) return std::nullopt;
            value = composed(Kind::Sum, {*value, minus ? negated(*next) : *next});
        }
        return value;
    }
    Parsed product() {
        auto value = signedPower();
        while (value && ((cursor_.sees("*") && !cursor_.sees("**")) || cursor_.sees("/"))) {
            const bool divides = cursor_.take("/") || !cursor_.take("*");
            auto next = signedPower();
            if (!next) return std::nullopt;
            if (divides) next = composed(Kind::Power, {*next, integerValue(-1)});
            value = composed(Kind::Product, {*value, *next});
        }
        return value;
    }
    Parsed signedPower() {
        if (cursor_.take("+")) return signedPower();
        if (cursor_.take("-")) {
            auto value = signedPower();
            return value ? Parsed(negated(*value)) : value;
        }
        auto base = atom();
        if (!base || !(cursor_.take("**") || cursor_.take("^"))) return base;
        auto to = signedPower();
        return to ? Parsed(composed(Kind::Power, {*base, *to})) : to;
    }
    Parsed atom() {
        if (cursor_.take("(")) {
            auto value = sum();
            return value && cursor_.take(")") ? value : std::nullopt;
        }
        cursor_.skipSpaces();
        std::size_t length = 0;
        const auto rest = cursor_.rest();
        while (length < rest.size() && (isMathDigit(rest[length]) || rest[length] == '.')) ++length;
        const auto digits = rest.substr(0, length);
        const auto value = mathNumber(digits);
        const bool isWhole = digits.find('.') == digits.npos;
        const bool hasLeadingZero = digits.size() > 1 && digits[0] == '0' && isWhole;
        if (!value || (hasLeadingZero && *value != 0)) return std::nullopt;
        cursor_.drop(length);
        return isWhole ? integerValue(*value) : decimalValue(*value);
    }

    MathCursor cursor_;
};

}  // namespace

std::optional<MathValue> parsedArithmetic(std::string_view text) {
    return Arithmetic(text).whole();
}

}  // namespace lvr
