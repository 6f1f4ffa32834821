#include "app/cli/option_fields.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
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

// What the check says, as CLI11 wants it.
CLI::Validator passes(const TextCheck& rule) {
    return CLI::Validator(
        [rule](const std::string& text) {
            try {
                if (rule.check) rule.check(text);
                return std::string();
            } catch (const Error& e) {
                return std::string(e.what());
            }
        },
        "");
}

template <class Options>
void addFlags(CLI::App& command, Options& options) {
    forEachField(
        options, [&](const std::string& name, auto& field, const auto& rule, const char* help) {
            using Field = std::decay_t<decltype(field)>;
            const auto flag = "--" + name;
            if constexpr (std::is_enum_v<Field>)
                addEnum(command, flag, field, rule, help);
            else if constexpr (std::is_same_v<Field, std::vector<std::string>>)
                command.add_option(flag, field, help)
                    ->delimiter(',')
                    ->check(passes(rule))
                    ->capture_default_str();
            else if constexpr (std::is_same_v<Field, std::string>)
                command.add_option(flag, field, help)->check(passes(rule));
            else
                command.add_option(flag, field, help)->check(inRange(rule))->capture_default_str();
        });
}

template <class Options>
nlohmann::json toJson(Options options) {
    nlohmann::json json;
    forEachField(options, [&](const char* name, auto& field, const auto& rule, const char*) {
        if constexpr (std::is_enum_v<std::decay_t<decltype(field)>>)
            json[name] = rule.at(static_cast<std::size_t>(field));
        else
            json[name] = field;
    });
    return json;
}

template <class Options>
void fromJson(const nlohmann::json& json, Options& options) {
    forEachField(options, [&](const char* name, auto& field, const auto& rule, const char*) {
        using Field = std::decay_t<decltype(field)>;
        if (!json.contains(name)) return;  // of before this option: its default
        if constexpr (std::is_enum_v<Field>)
            field = static_cast<Field>(std::find(rule.begin(), rule.end(), json.at(name)) -
                                       rule.begin());
        else
            field = json.at(name).template get<Field>();
    });
}

}  // namespace

void addFields(CLI::App& command, SftOptions& options) { addFlags(command, options); }
void addFields(CLI::App& command, GrpoOptions& options) { addFlags(command, options); }

std::string toJsonText(const SftOptions& options) {
    auto json = toJson(options);
    json["kind-weights"] = options.kindWeights;
    return json.dump();
}
std::string toJsonText(const GrpoOptions& options) { return toJson(options).dump(); }

void fromJsonText(const std::string& json, SftOptions& options) {
    fromJson(nlohmann::json::parse(json), options);
}
void fromJsonText(const std::string& json, GrpoOptions& options) {
    fromJson(nlohmann::json::parse(json), options);
}

}  // namespace lvr
