#include "app/cli/number_check.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>

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

}  // namespace lvr
