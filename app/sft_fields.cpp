#include "app/sft_fields.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/values/nearest_name.h"

namespace lvr {
namespace {

std::string shortNumber(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

CLI::Validator inRange(const NumberRange& range) {
    return CLI::Validator(
        [range](const std::string& text) {
            char* end = nullptr;
            const double value = std::strtod(text.c_str(), &end);
            const bool fits =
                !text.empty() && *end == '\0' && value >= range.lowest && value <= range.highest;
            return fits ? std::string()
                        : "\"" + text + "\" is not a number from " + shortNumber(range.lowest) +
                              " to " + shortNumber(range.highest);
        },
        "");
}

std::string joined(const EnumNames& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : "|") + name;
    return text;
}

template <class Field>
void addEnum(CLI::App& command, const std::string& flag, Field& field, const EnumNames& names,
             const char* help) {
    const auto set = [&field, flag, names](const std::string& text) {
        const auto nearest = nearestName(names, text);
        if (names[nearest] != text)
            throw CLI::ValidationError(
                flag, "unknown value \"" + text + "\"; did you mean \"" + names[nearest] + "\"?");
        field = static_cast<Field>(nearest);
    };
    command.add_option_function<std::string>(flag, set, help)
        ->type_name(joined(names))
        ->default_str(names.at(static_cast<std::size_t>(field)));
}

}  // namespace

void addFields(CLI::App& command, SftOptions& options) {
    forEachField(options,
                 [&](const std::string& name, auto& field, const auto& range, const char* help) {
                     if constexpr (std::is_enum_v<std::decay_t<decltype(field)>>)
                         addEnum(command, "--" + name, field, range, help);
                     else
                         command.add_option("--" + name, field, help)
                             ->check(inRange(range))
                             ->capture_default_str();
                 });
}

std::string toJsonText(SftOptions options) {
    nlohmann::json json;
    forEachField(options, [&](const char* name, auto& field, const auto& range, const char*) {
        if constexpr (std::is_same_v<std::decay_t<decltype(range)>, EnumNames>)
            json[name] = range.at(static_cast<std::size_t>(field));
        else
            json[name] = field;
    });
    json["kind-weights"] = options.kindWeights;
    return json.dump();
}

SftOptions sftOptionsFrom(const std::string& text) {
    const auto json = nlohmann::json::parse(text);
    SftOptions options;
    forEachField(options, [&](const char* name, auto& field, const auto& range, const char*) {
        using Field = std::decay_t<decltype(field)>;
        if constexpr (std::is_enum_v<Field>)
            field = static_cast<Field>(std::find(range.begin(), range.end(), json.at(name)) -
                                       range.begin());
        else
            field = json.at(name).template get<Field>();
    });
    return options;
}

}  // namespace lvr
