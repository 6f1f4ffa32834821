#include "core/scorers/math_value.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

namespace lvr {
namespace {

using Kind = MathValue::Kind;
using Complex = std::complex<double>;
using Symbols = std::map<std::string, double>;

Complex factorial(Complex of) { return std::tgamma(of.real() + 1); }

std::optional<Complex> functionOf(const std::string& name, Complex x) {
    if (name == "sin") return std::sin(x);
    if (name == "cos") return std::cos(x);
    if (name == "tan") return std::tan(x);
    if (name == "ln") return std::log(x);
    if (name == "exp") return std::exp(x);
    if (name == "abs") return std::abs(x);
    if (name == "factorial") return factorial(x);
    return std::nullopt;
}

// A real root of a real number is real where there is one: (-8)^(1/3) stays complex, as in sympy.
Complex raised(Complex base, Complex to) {
    const bool isWhole = to.imag() == 0 && to.real() == std::floor(to.real());
    if (isWhole && std::abs(to.real()) < 1e6) return std::pow(base, static_cast<int>(to.real()));
    return std::pow(base, to);
}

std::optional<std::vector<Complex>> evaluatedParts(const MathValue& value, const Symbols& symbols) {
    std::vector<Complex> parts;
    for (const auto& part : value.parts) {
        const auto one = evaluated(part, symbols);
        if (!one) return std::nullopt;
        parts.push_back(*one);
    }
    return parts;
}

void collectSymbols(const MathValue& value, std::set<std::string>& names) {
    if (value.kind == Kind::Symbol) names.insert(value.name);
    for (const auto& part : value.parts) collectSymbols(part, names);
}

bool isNear(Complex a, Complex b) {
    constexpr double kSame = 1e-12;
    if (std::isnan(a.real()) || std::isnan(b.real())) return false;
    return std::abs(a - b) <= kSame * std::max({1.0, std::abs(a), std::abs(b)});
}

// Of the points that formulas are compared at.
double coordinate(std::size_t symbol, int point) {
    return 0.7313 + 0.61803398875 * static_cast<double>((symbol + 1) * (point + 1));
}

// At points that no ordinary identity holds at by chance.
bool equalEverywhere(const MathValue& a, const MathValue& b) {
    std::set<std::string> names;
    collectSymbols(a, names);
    collectSymbols(b, names);
    for (int point = 0; point < (names.empty() ? 1 : 3); ++point) {
        Symbols symbols;
        for (const auto& name : names) symbols[name] = coordinate(symbols.size(), point);
        const auto x = evaluated(a, symbols), y = evaluated(b, symbols);
        if (!x || !y || !isNear(*x, *y)) return false;
    }
    return true;
}

bool hasSymbols(const MathValue& value) {
    std::set<std::string> names;
    collectSymbols(value, names);
    return !names.empty();
}

// The value itself, or what a percent sign stands behind.
const MathValue& withoutPercent(const MathValue& value) {
    return value.kind == Kind::Percent ? value.parts.front() : value;
}

bool isAtom(const MathValue& value, Kind kind) { return withoutPercent(value).kind == kind; }

double sixDecimals(double value) { return std::nearbyint(value * 1e6); }

bool sameNumbers(const MathValue& a, const MathValue& b) {
    if (isAtom(a, Kind::Decimal) || isAtom(b, Kind::Decimal)) {
        const auto x = evaluated(a), y = evaluated(b);
        return x && y && sixDecimals(x->real()) == sixDecimals(y->real()) &&
               std::abs(x->imag() - y->imag()) < 1e-6;
    }
    if (isAtom(a, Kind::Integer) && isAtom(b, Kind::Integer))
        return withoutPercent(a).number == withoutPercent(b).number;
    return equalEverywhere(a, b);
}

// A product of letters is the word they spell: "a n s" against "\text{ans}".
std::optional<std::string> spelled(const MathValue& value) {
    if (value.kind == Kind::Symbol || value.kind == Kind::Constant) return value.name;
    if (value.kind != Kind::Product) return std::nullopt;
    std::string word;
    for (const auto& part : value.parts) {
        const bool isLetter = part.kind == Kind::Symbol || part.name == "e";
        if (!isLetter) return std::nullopt;
        word += part.name;
    }
    return word;
}

bool isCollection(const MathValue& value) {
    return value.kind == Kind::Set || value.kind == Kind::Tuple || value.kind == Kind::Interval;
}

bool isRelational(const MathValue& value) {
    return value.kind == Kind::Relation || value.kind == Kind::Chain;
}

bool isEquation(const MathValue& value) {
    if (value.kind == Kind::Relation) return value.name == "=";
    return value.kind == Kind::Chain &&
           std::all_of(value.parts.begin(), value.parts.end(), isEquation);
}

const MathValue& firstRelation(const MathValue& value) {
    return value.kind == Kind::Chain ? value.parts.front() : value;
}
const MathValue& lastRelation(const MathValue& value) {
    return value.kind == Kind::Chain ? value.parts.back() : value;
}

// x = .., where the left side is nothing but letters.
bool isAssignment(const MathValue& value) {
    return isEquation(value) && spelled(firstRelation(value).parts.front()).has_value();
}

MathValue difference(const MathValue& relation) {
    return composed(Kind::Sum, {relation.parts[0], negated(relation.parts[1])});
}

std::string turnedRound(const std::string& sign) {
    if (sign == "<") return ">";
    if (sign == ">") return "<";
    if (sign == "<=") return ">=";
    if (sign == ">=") return "<=";
    return sign;
}

// Whether one is the other times a number, at several points.
bool isMultiple(const MathValue& a, const MathValue& b, const std::set<std::string>& names) {
    std::optional<Complex> factor;
    for (int point = 0; point < 3; ++point) {
        Symbols symbols;
        for (const auto& name : names) symbols[name] = coordinate(symbols.size(), point);
        const auto x = evaluated(a, symbols), y = evaluated(b, symbols);
        if (!x || !y || *y == 0.0) return false;
        if (factor && !isNear(*factor, *x / *y)) return false;
        factor = *x / *y;
    }
    return true;
}

// Whether the sides of two relations are as far apart, wherever. Of equations in several letters
// the library solves both, and so finds 2x = 2y to say x = y; 2x = 6 it does not find to say x = 3.
bool sameSides(const MathValue& a, const MathValue& b) {
    const auto x = difference(a), y = difference(b);
    if (equalEverywhere(x, y)) return true;
    std::set<std::string> names;
    collectSymbols(x, names);
    collectSymbols(y, names);
    return a.name == "=" && names.size() > 1 && isMultiple(x, y, names);
}

bool sameRelations(const MathValue& gold, const MathValue& other) {
    if (gold.kind == Kind::Chain && other.kind == Kind::Chain)
        return gold.parts.size() == other.parts.size() &&
               std::equal(gold.parts.begin(), gold.parts.end(), other.parts.begin(), sameRelations);
    if (gold.kind != Kind::Relation || other.kind != Kind::Relation) return false;
    if (gold.name == other.name && sameSides(gold, other)) return true;
    if (turnedRound(gold.name) != other.name) return false;
    auto turned = other;
    std::swap(turned.parts[0], turned.parts[1]);
    return sameSides(gold, turned);
}

bool sameElements(std::vector<MathValue> gold, const std::vector<MathValue>& other) {
    if (gold.size() != other.size()) return false;
    for (const auto& element : other) {
        const auto found = std::find_if(gold.begin(), gold.end(), [&](const auto& candidate) {
            return sameMath(candidate, element);
        });
        if (found == gold.end()) return false;
        gold.erase(found);
    }
    return true;
}

bool sameInOrder(const std::vector<MathValue>& gold, const std::vector<MathValue>& other) {
    return gold.size() == other.size() &&
           std::equal(gold.begin(), gold.end(), other.begin(), sameMath);
}

bool sameInterval(const MathValue& gold, const MathValue& other) {
    return gold.leftOpen == other.leftOpen && gold.rightOpen == other.rightOpen &&
           sameInOrder(gold.parts, other.parts);
}

// An open interval of two ends may have been meant as a pair.
bool isPair(const MathValue& value) {
    return value.kind == Kind::Interval && value.leftOpen && value.rightOpen;
}

bool sameCollections(MathValue gold, MathValue other) {
    if (gold.kind == Kind::Interval && other.kind == Kind::Interval)
        return sameInterval(gold, other);
    if (!isCollection(gold)) gold = composed(Kind::Set, {gold});
    if (!isCollection(other)) other = composed(Kind::Set, {other});
    if (gold.kind == Kind::Interval || other.kind == Kind::Interval) {
        const auto& interval = gold.kind == Kind::Interval ? gold : other;
        return isPair(interval) && sameInOrder(gold.parts, other.parts);
    }
    if (gold.kind == Kind::Set) return sameElements(gold.parts, other.parts);
    return sameInOrder(gold.parts, other.parts);
}

MathValue interval(MathValue from, bool leftOpen, MathValue to, bool rightOpen) {
    auto value = composed(Kind::Interval, {std::move(from), std::move(to)});
    value.leftOpen = leftOpen;
    value.rightOpen = rightOpen;
    return value;
}

MathValue infinity(double sign) {
    MathValue value{.kind = Kind::Infinity};
    value.number = sign * std::numeric_limits<double>::infinity();
    return value;
}

// The interval that "x < 2" or "2 > x" describes.
std::optional<MathValue> asInterval(const MathValue& relation) {
    if (relation.kind != Kind::Relation) return std::nullopt;
    auto sign = relation.name;
    auto letter = relation.parts[0], bound = relation.parts[1];
    if (letter.kind != Kind::Symbol) {
        std::swap(letter, bound);
        sign = turnedRound(sign);
    }
    if (letter.kind != Kind::Symbol || hasSymbols(bound)) return std::nullopt;
    if (sign == "<" || sign == "<=") return interval(infinity(-1), true, bound, sign == "<");
    if (sign == ">" || sign == ">=") return interval(bound, sign == ">", infinity(1), true);
    return std::nullopt;
}

// The solutions of an inequality, or of two that enclose a letter.
std::optional<MathValue> solutions(const MathValue& relation) {
    if (relation.kind != Kind::Chain) return asInterval(relation);
    if (relation.parts.size() != 2) return std::nullopt;
    const auto one = asInterval(relation.parts[0]), two = asInterval(relation.parts[1]);
    if (!one || !two) return std::nullopt;
    const auto low = [](const MathValue& value) { return value.parts[0].kind != Kind::Infinity; };
    const auto& from = low(*one) ? *one : *two;
    const auto& to = low(*one) ? *two : *one;
    if (!low(from) || low(to)) return std::nullopt;
    return interval(from.parts[0], from.leftOpen, to.parts[1], to.rightOpen);
}

// Of a chain of equations the two ends.
MathValue shortened(const MathValue& value) {
    if (!isAssignment(value)) return value;
    return composed(Kind::Relation, {firstRelation(value).parts[0], lastRelation(value).parts[1]},
                    "=");
}

bool sameFormulas(const MathValue& gold, const MathValue& other) {
    if (gold.kind == Kind::Infinity || other.kind == Kind::Infinity)
        return gold.kind == other.kind && gold.number == other.number;
    if (gold.kind == Kind::Symbol || other.kind == Kind::Symbol) {
        const auto one = spelled(gold), two = spelled(other);
        return one && two && *one == *two;
    }
    const auto isNumber = [](const MathValue& value) {
        return isAtom(value, Kind::Integer) || isAtom(value, Kind::Decimal);
    };
    if ((isNumber(gold) || isNumber(other)) && sameNumbers(gold, other)) return true;
    return equalEverywhere(gold, other);
}

}  // namespace

MathValue integerValue(double number) { return {.kind = Kind::Integer, .number = number}; }

MathValue decimalValue(double number) { return {.kind = Kind::Decimal, .number = number}; }

MathValue composed(Kind kind, std::vector<MathValue> parts, std::string name) {
    MathValue value{.kind = kind};
    value.name = std::move(name);
    value.parts = std::move(parts);
    return value;
}

MathValue negated(MathValue value) {
    const bool isNumber =
        value.kind == Kind::Integer || value.kind == Kind::Decimal || value.kind == Kind::Infinity;
    if (!isNumber) return composed(Kind::Product, {integerValue(-1), std::move(value)});
    value.number = -value.number;
    return value;
}

std::optional<Complex> evaluated(const MathValue& value, const Symbols& symbols) {
    if (value.kind == Kind::Symbol) {
        const auto found = symbols.find(value.name);
        return found == symbols.end() ? std::nullopt : std::optional<Complex>(found->second);
    }
    const auto parts = evaluatedParts(value, symbols);
    if (!parts) return std::nullopt;
    Complex total = value.kind == Kind::Product ? 1 : 0;
    switch (value.kind) {
        case Kind::Integer:
        case Kind::Decimal:
        case Kind::Infinity:
        case Kind::Constant:
            return value.number;
        case Kind::Sum:
            for (const auto& part : *parts) total += part;
            return total;
        case Kind::Product:
            for (const auto& part : *parts) total *= part;
            return total;
        case Kind::Power:
            return raised((*parts)[0], (*parts)[1]);
        case Kind::Function:
            return functionOf(value.name, (*parts)[0]);
        case Kind::Percent:
            return (*parts)[0] / 100.0;
        case Kind::Symbol:
        case Kind::Set:
        case Kind::Tuple:
        case Kind::Interval:
        case Kind::Relation:
        case Kind::Chain:
            break;
    }
    return std::nullopt;
}

bool sameMath(const MathValue& givenGold, const MathValue& givenOther) {
    auto gold = shortened(givenGold), other = shortened(givenOther);
    if (isEquation(other) && !isEquation(gold))
        other = MathValue(lastRelation(other).parts[1]);
    else if (isAssignment(gold) && !isEquation(other))
        gold = MathValue(lastRelation(gold).parts[1]);
    if (isRelational(gold) && (other.kind == Kind::Set || other.kind == Kind::Interval))
        if (auto set = solutions(gold)) gold = std::move(*set);
    if (gold == other) return true;
    if (isRelational(gold) && isRelational(other)) return sameRelations(gold, other);
    if (isCollection(gold) || isCollection(other)) return sameCollections(gold, other);
    if (isRelational(gold) || isRelational(other)) return false;
    return sameFormulas(gold, other);
}

}  // namespace lvr
