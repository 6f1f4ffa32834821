#include "app/cli/passes.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/values/option_field.h"

namespace lvr {
namespace {

template <class Number>
bool isWhole(const std::string& text, Number& value) {
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    return read.ec == std::errc() && read.ptr == end;
}

std::string problemOfFinite(const std::string& text) {
    double value = 0;
    return isWhole(text, value) && std::isfinite(value) ? ""
                                                        : "\"" + text + "\" is not a finite number";
}

template <class Number>
std::string problemOfInteger(const std::string& text) {
    Number value = 0;
    return isWhole(text, value) ? "" : "\"" + text + "\" is not a whole number that fits";
}

}  // namespace

void checkNumbers(CLI::App& app) {
    for (auto* option : app.get_options()) {
        const auto type = option->get_type_name();
        const auto check = [&](auto problem) { option->check(CLI::Validator(problem, "")); };
        if (type.starts_with("FLOAT")) check(problemOfFinite);
        if (type.starts_with("INT")) check(problemOfInteger<std::int64_t>);
        if (type.starts_with("UINT")) check(problemOfInteger<std::uint64_t>);
    }
    for (auto* command : app.get_subcommands([](CLI::App*) { return true; }))
        checkNumbers(*command);
}

CLI::Validator passes(const std::function<void(const std::string&)>& check) {
    return CLI::Validator(
        [check](const std::string& text) {
            try {
                check(text);
                return std::string();
            } catch (const Error& e) {
                return std::string(e.what());
            }
        },
        "");
}

CLI::Validator wholeFrom(int lowest) {
    return passes([lowest](const std::string& text) {
        checkInteger(text, {static_cast<double>(lowest), std::numeric_limits<int>::max()});
    });
}

CLI::Validator endsIn(const std::string& ending) {
    return passes([ending](const std::string& file) {
        if (!file.ends_with(ending))
            throw Error(file + " does not end in " + ending + ", which is what is written");
    });
}

}  // namespace lvr
