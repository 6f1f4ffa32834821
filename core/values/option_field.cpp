#include "core/values/option_field.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <sstream>

#include "core/error.h"
#include "core/values/nearest_name.h"

namespace lvr {
namespace {

std::string shortNumber(double value) {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%g", value);
    return text.data();
}

// Whatever the locale says of commas.
template <class Number>
bool readsAs(const std::string& text, const NumberRange& range) {
    Number value = 0;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    return read.ec == std::errc() && read.ptr == end &&
           static_cast<double>(value) >= range.lowest &&
           static_cast<double>(value) <= range.highest;
}

[[noreturn]] void refuse(const std::string& text, const char* what, const NumberRange& range) {
    throw Error("\"" + text + "\" is not " + what + " from " + shortNumber(range.lowest) + " to " +
                shortNumber(range.highest));
}

}  // namespace

std::string numberText(double value) {
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

void checkNumber(const std::string& text, const NumberRange& range) {
    if (!readsAs<double>(text, range)) refuse(text, "a number", range);
}

void checkInteger(const std::string& text, const NumberRange& range) {
    if (!readsAs<long long>(text, range) && !readsAs<unsigned long long>(text, range))
        refuse(text, "a whole number", range);
}

std::size_t choiceOf(const std::string& text, const EnumNames& names) {
    const auto nearest = nearestName(names, text);
    if (names.at(nearest) != text)
        throw Error("unknown value \"" + text + "\"; did you mean \"" + names[nearest] + "\"?");
    return nearest;
}

void check(const OptionField& field, const std::string& text) {
    switch (field.shape) {
        case OptionField::Shape::Integer:
            return checkInteger(text, std::get<NumberRange>(field.rule));
        case OptionField::Shape::Number:
            return checkNumber(text, std::get<NumberRange>(field.rule));
        case OptionField::Shape::Choice:
            choiceOf(text, std::get<EnumNames>(field.rule));
            return;
        case OptionField::Shape::Text:
        case OptionField::Shape::List:
            break;
    }
    if (text == field.text) return;
    const auto checkPart = [&](const std::string& part) {
        if (const auto* range = std::get_if<NumberRange>(&field.rule))
            checkNumber(part, *range);
        else if (const auto& rule = std::get<TextCheck>(field.rule).check)
            rule(part);
    };
    if (field.shape == OptionField::Shape::Text) return checkPart(text);
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) checkPart(part);
}

}  // namespace lvr
