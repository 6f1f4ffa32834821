#include "core/scorers/math_parse.h"

#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/scorers/math_cursor.h"

namespace lvr {
namespace {

using Kind = MathValue::Kind;
using Parsed = std::optional<MathValue>;

constexpr std::array<std::pair<std::string_view, const char*>, 12> kRelations{{{"\\leq", "<="},
                                                                               {"\\le", "<="},
                                                                               {"\\leqslant", "<="},
                                                                               {"\\geq", ">="},
                                                                               {"\\ge", ">="},
                                                                               {"\\geqslant", ">="},
                                                                               {"\\neq", "!="},
                                                                               {"\\ne", "!="},
                                                                               {"\\lt", "<"},
                                                                               {"\\gt", ">"},
                                                                               {"<", "<"},
                                                                               {">", ">"}}};

constexpr std::array<std::string_view, 22> kMathLetters{
    "\\angle",  "\\triangle", "\\alpha", "\\beta", "\\gamma", "\\delta", "\\epsilon", "\\theta",
    "\\lambda", "\\mu",       "\\nu",    "\\xi",   "\\rho",   "\\sigma", "\\tau",     "\\phi",
    "\\chi",    "\\psi",      "\\omega", "\\eta",  "\\zeta",  "\\kappa"};

constexpr std::array<std::string_view, 4> kFunctions{"\\sin", "\\cos", "\\tan", "\\exp"};

MathValue symbol(std::string name) {
    for (char& sign : name)
        sign = static_cast<char>(std::tolower(static_cast<unsigned char>(sign)));
    return composed(Kind::Symbol, {}, std::move(name));
}

MathValue constant(const char* name, double value) {
    auto made = composed(Kind::Constant, {}, name);
    made.number = value;
    return made;
}

MathValue inverse(MathValue value) {
    return composed(Kind::Power, {std::move(value), integerValue(-1)});
}

class Latex {
public:
    explicit Latex(std::string_view text) : cursor_(text) {}

    Parsed whole() {
        auto value = list();
        return value && cursor_.isAtEnd() ? value : std::nullopt;
    }

private:
    // "4, 3" is a set.
    Parsed list() {
        std::vector<MathValue> all;
        do {
            auto next = relation();
            if (!next) return std::nullopt;
            all.push_back(std::move(*next));
        } while (cursor_.take(",") || cursor_.take(";"));
        return all.size() == 1 ? all.front() : composed(Kind::Set, std::move(all));
    }

    std::optional<std::string> relationSign() {
        if (cursor_.take("=") || cursor_.take("\\in")) return "=";
        for (const auto& [latex, sign] : kRelations)
            if (cursor_.take(latex)) return sign;
        return std::nullopt;
    }

    Parsed relation() {
        cursor_.take("\\approx");
        auto left = sum();
        std::vector<MathValue> chain;
        while (left) {
            const auto sign = relationSign();
            if (!sign) break;
            auto right = sum();
            if (!right) return std::nullopt;
            chain.push_back(composed(Kind::Relation, {*left, *right}, *sign));
            left = std::move(right);
        }
        if (chain.size() == 1) return chain.front();
        return chain.empty() ? left : Parsed(composed(Kind::Chain, std::move(chain)));
    }

    Parsed sum() {
        auto value = product();
        while (value && (cursor_.sees("+") || cursor_.sees("-") || cursor_.sees("\\pm"))) {
            const bool both = cursor_.take("\\pm");
            const bool minus = !both && (cursor_.take("-") || !cursor_.take("+"));
            auto next = product();
            if (!next) return std::nullopt;
            auto other = composed(Kind::Sum, {*value, negated(*next)});
            value = composed(Kind::Sum, {*value, minus ? negated(*next) : *next});
            if (both) return composed(Kind::Set, {other, *value});
        }
        return value;
    }

    bool beginsFactor() {
        if (cursor_.isAtEnd()) return false;
        const char next = cursor_.rest().front();
        if (isMathDigit(next) || next == '.' || next == '(' || next == '{' ||
            std::isalpha(static_cast<unsigned char>(next)))
            return true;
        for (const std::string_view command :
             {"\\frac", "\\sqrt", "\\pi", "\\text", "\\mbox", "\\ln", "\\log", "\\infty"})
            if (cursor_.sees(command)) return true;
        for (const auto command : kFunctions)
            if (cursor_.sees(command)) return true;
        for (const auto letter : kMathLetters)
            if (cursor_.sees(letter)) return true;
        return false;
    }

    Parsed product() {
        auto value = signedFactor();
        while (value) {
            bool divides = false;
            if (cursor_.take("/") || cursor_.take("\\div") || cursor_.take(":"))
                divides = true;
            else if (!(cursor_.take("*") || cursor_.take("\\times") || cursor_.take("\\cdot") ||
                       beginsFactor()))
                break;
            auto next = signedFactor();
            if (!next) return std::nullopt;
            value = composed(Kind::Product, {*value, divides ? inverse(*next) : *next});
        }
        return value;
    }

    Parsed signedFactor() {
        if (cursor_.take("+")) return signedFactor();
        if (!cursor_.take("-")) return factor();
        auto value = signedFactor();
        return value ? Parsed(negated(*value)) : value;
    }

    // What stands behind an atom: powers, degrees, !, %.
    Parsed factor() {
        auto value = atom();
        while (value) {
            if (cursor_.take("^")) {
                if (cursor_.take("\\circ") || cursor_.take("{\\circ}")) continue;
                auto to = argument();
                value = to ? Parsed(composed(Kind::Power, {*value, *to})) : std::nullopt;
            } else if (cursor_.take("\\%") || cursor_.take("%")) {
                value = composed(Kind::Percent, {*value});
            } else if (cursor_.take("!")) {
                value = composed(Kind::Function, {*value}, "factorial");
            } else if (!cursor_.take("\\degree") && !cursor_.take("°")) {
                break;
            }
        }
        return value;
    }

    // {..}, one digit or one letter.
    Parsed argument() {
        if (cursor_.take("{")) {
            auto value = list();
            return value && cursor_.take("}") ? value : std::nullopt;
        }
        cursor_.skipSpaces();
        const auto rest = cursor_.rest();
        if (rest.empty()) return std::nullopt;
        if (isMathDigit(rest.front())) {
            cursor_.drop(1);
            return integerValue(rest.front() - '0');
        }
        return atom();
    }

    Parsed atom() {
        cursor_.skipSpaces();
        const auto rest = cursor_.rest();
        if (rest.empty()) return std::nullopt;
        if (isMathDigit(rest.front()) || rest.front() == '.') return number();
        if (cursor_.take("{")) {
            auto value = list();
            return value && cursor_.take("}") ? value : std::nullopt;
        }
        if (cursor_.take("\\{") || cursor_.take("\\lbrace")) return set();
        if (cursor_.sees("(") || cursor_.sees("[")) return bracketed();
        if (cursor_.take("|")) {
            auto value = sum();
            return value && cursor_.take("|") ? Parsed(composed(Kind::Function, {*value}, "abs"))
                                              : std::nullopt;
        }
        if (std::isalpha(static_cast<unsigned char>(rest.front()))) return letter();
        return command();
    }

    // Digits, in groups of three where there are commas.
    Parsed number() {
        const auto rest = cursor_.rest();
        std::string digits;
        std::size_t at = 0;
        const auto isGroup = [&](std::size_t from) {
            return from + 3 < rest.size() + 0 && rest[from] == ',' && isMathDigit(rest[from + 1]) &&
                   isMathDigit(rest[from + 2]) && isMathDigit(rest[from + 3]) &&
                   (from + 4 >= rest.size() || !isMathDigit(rest[from + 4]));
        };
        while (at < rest.size() && isMathDigit(rest[at])) digits += rest[at++];
        while (digits.size() >= 1 && isGroup(at)) {
            digits += std::string(rest.substr(at + 1, 3));
            at += 4;
        }
        bool isWhole = true;
        if (at < rest.size() && rest[at] == '.') {
            isWhole = false;
            digits += rest[at++];
            while (at < rest.size() && isMathDigit(rest[at])) digits += rest[at++];
        }
        const auto value = mathNumber(digits);
        if (!value) return std::nullopt;
        cursor_.drop(at);
        if (!isWhole) return decimalValue(*value);
        auto part = mixedFraction();
        return part ? composed(Kind::Sum, {integerValue(*value), *part}) : integerValue(*value);
    }

    // What makes 1\frac{1}{2} one and a half.
    Parsed mixedFraction() {
        const auto before = cursor_;
        if (!cursor_.take("\\frac")) return std::nullopt;
        auto value = fraction();
        if (value && evaluated(*value)) return value;
        cursor_ = before;
        return std::nullopt;
    }

    Parsed letter() {
        std::string name(1, cursor_.rest().front());
        cursor_.drop(1);
        if (name == "e") return constant("e", std::numbers::e);
        if (cursor_.take("_")) {
            auto index = argument();
            if (!index) return std::nullopt;
            name += "_" + (index->name.empty() ? std::to_string(static_cast<int>(index->number))
                                               : index->name);
        }
        return symbol(name);
    }

    Parsed set() {
        if (cursor_.take("\\}")) return composed(Kind::Set, {});
        auto value = list();
        if (!value || !(cursor_.take("\\}") || cursor_.take("\\rbrace"))) return std::nullopt;
        return value->kind == Kind::Set ? value : Parsed(composed(Kind::Set, {*value}));
    }

    static bool isBelow(const MathValue& from, const MathValue& to) {
        const auto low = evaluated(from), high = evaluated(to);
        return !low || !high || low->real() < high->real();
    }

    // (x), an interval, or a tuple.
    Parsed bracketed() {
        const bool leftOpen = cursor_.take("(") || !cursor_.take("[");
        auto value = list();
        if (!value) return std::nullopt;
        const bool rightOpen = cursor_.sees(")");
        if (!cursor_.take(")") && !cursor_.take("]")) return std::nullopt;
        if (value->kind != Kind::Set) return leftOpen && rightOpen ? value : std::nullopt;
        const bool isPair = value->parts.size() == 2;
        if (!isPair || (leftOpen && rightOpen && !isBelow(value->parts[0], value->parts[1])))
            return composed(Kind::Tuple, std::move(value->parts));
        auto interval = composed(Kind::Interval, std::move(value->parts));
        interval.leftOpen = leftOpen;
        interval.rightOpen = rightOpen;
        return interval;
    }

    Parsed command() {
        if (cursor_.take("\\frac")) return fraction();
        if (cursor_.take("\\sqrt")) return root();
        if (cursor_.take("\\pi") || cursor_.take("π")) return constant("pi", std::numbers::pi);
        if (cursor_.take("\\infty") || cursor_.take("∞")) return infinity();
        if (cursor_.take("\\text") || cursor_.take("\\mbox")) return word();
        if (cursor_.take("\\ln")) return applied("ln");
        if (cursor_.take("\\log")) return logarithm();
        for (const auto function : kFunctions)
            if (cursor_.take(function)) return applied(std::string(function.substr(1)));
        for (const auto letter : kMathLetters)
            if (cursor_.take(letter)) return symbol(std::string(letter.substr(1)));
        return std::nullopt;
    }

    static MathValue infinity() {
        MathValue value{.kind = Kind::Infinity};
        value.number = std::numeric_limits<double>::infinity();
        return value;
    }

    Parsed fraction() {
        auto above = argument();
        auto below = above ? argument() : std::nullopt;
        if (!below) return std::nullopt;
        return composed(Kind::Product, {*above, inverse(*below)});
    }

    Parsed root() {
        auto degree = Parsed(integerValue(2));
        if (cursor_.take("[")) {
            degree = sum();
            if (!degree || !cursor_.take("]")) return std::nullopt;
        }
        auto of = argument();
        return of ? Parsed(composed(Kind::Power, {*of, inverse(*degree)})) : of;
    }

    Parsed word() {
        if (!cursor_.take("{")) return std::nullopt;
        const auto rest = cursor_.rest();
        const auto end = rest.find('}');
        if (end == rest.npos) return std::nullopt;
        std::string text(rest.substr(0, end));
        std::erase(text, ' ');
        cursor_.drop(end + 1);
        return text.empty() ? std::nullopt : Parsed(symbol(text));
    }

    Parsed applied(const std::string& function) {
        Parsed power;
        if (cursor_.take("^")) power = argument();
        auto of = signedFactor();
        if (!of) return std::nullopt;
        auto value = composed(Kind::Function, {*of}, function);
        return power ? composed(Kind::Power, {value, *power}) : value;
    }

    Parsed logarithm() {
        auto base = Parsed(integerValue(10));
        if (cursor_.take("_")) base = argument();
        auto of = signedFactor();
        if (!base || !of) return std::nullopt;
        return composed(Kind::Product, {composed(Kind::Function, {*of}, "ln"),
                                        inverse(composed(Kind::Function, {*base}, "ln"))});
    }

    MathCursor cursor_;
};

}  // namespace

std::optional<MathValue> parsedLatex(const std::string& cleaned) { return Latex(cleaned).whole(); }

}  // namespace lvr
