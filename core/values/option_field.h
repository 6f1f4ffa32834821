#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace lvr {

// What a field may be. A number: lowest and highest. An enum: the names of its values in order. A
// text: what makes it valid, an Error otherwise.
struct NumberRange {
    double lowest = 0, highest = 0;
};
using EnumNames = std::vector<std::string>;
struct TextCheck {
    std::function<void(const std::string&)> check;
};
// Of an enum of two that a flag chooses between, which is said without a value: not said, said.
struct FlagNames {
    EnumNames names;
};
// Of texts that may hold commas: one each time the flag is said.
struct RepeatedText {
    std::function<void(const std::string&)> check;
};

// What follows in the list belongs under this heading: help shows it; who stores options passes
// over it.
template <class Visit>
void heading(const Visit& visit, const char* name) {
    if constexpr (requires { visit.heading(name); }) visit.heading(name);
}

// An option as a person meets it: a name, a help and a text, whatever its type. Forms show it; the
// command line refuses the same texts with the same words.
struct OptionField {
    enum class Shape { Integer, Number, Choice, Text, List } shape = Shape::Text;
    std::string name, help;
    std::string text;  // its default; of a list: joined by commas
    std::variant<NumberRange, EnumNames, TextCheck> rule;
};

std::string numberText(double value);  // as short as it can be read back

// Each throws Error that names what is valid.
void checkNumber(const std::string& text, const NumberRange& range);
void checkInteger(const std::string& text, const NumberRange& range);
std::size_t choiceOf(const std::string& text, const EnumNames& names);  // index; names the nearest
void check(const OptionField& field, const std::string& text);

// All fields of options that forEachField walks, with their present values.
template <class Options>
std::vector<OptionField> fieldsOf(Options options) {
    std::vector<OptionField> fields;
    forEachField(options, [&](const char* name, auto& value, const auto& rule, const char* help) {
        using Value = std::decay_t<decltype(value)>;
        OptionField field{.name = name, .help = help};
        if constexpr (std::is_same_v<std::decay_t<decltype(rule)>, RepeatedText>)
            field.rule = TextCheck{rule.check};
        else
            field.rule = rule;
        if constexpr (std::is_enum_v<Value>) {
            field.shape = OptionField::Shape::Choice;
            field.text = rule.at(static_cast<std::size_t>(value));
        } else if constexpr (std::is_same_v<Value, std::string>) {
            field.text = value;
        } else if constexpr (std::is_same_v<std::decay_t<decltype(rule)>, RepeatedText>) {
            if (!value.empty()) field.text = value.front();
        } else if constexpr (std::is_same_v<Value, std::vector<double>>) {
            field.shape = OptionField::Shape::List;
            for (const double each : value)
                field.text += (field.text.empty() ? "" : ",") + numberText(each);
        } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
            field.shape = OptionField::Shape::List;
            for (const auto& each : value) field.text += (field.text.empty() ? "" : ",") + each;
        } else if constexpr (std::is_integral_v<Value>) {
            field.shape = OptionField::Shape::Integer;
            field.text = std::to_string(value);
        } else {
            field.shape = OptionField::Shape::Number;
            field.text = numberText(value);
        }
        fields.push_back(std::move(field));
    });
    return fields;
}

}  // namespace lvr
