#include "app/cli/option_fields.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/model_size.h"
#include "core/error.h"
#include "core/values/option_field.h"
#include "core/values/recipe.h"

namespace lvr {
namespace {

// What a check says, as CLI11 wants it.
template <class Check>
CLI::Validator passes(const Check& check) {
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

CLI::Validator passes(const TextCheck& rule) {
    return passes([rule](const std::string& text) {
        if (rule.check) rule.check(text);
    });
}

template <class Number>
CLI::Validator inRange(const NumberRange& range) {
    return passes([range](const std::string& text) {
        if constexpr (std::is_integral_v<Number>)
            checkInteger(text, range);
        else
            checkNumber(text, range);
    });
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
        try {
            field = static_cast<Field>(choiceOf(text, names));
        } catch (const Error& e) {
            throw CLI::ValidationError(flag, e.what());
        }
    };
    command.add_option_function<std::string>(flag, set, help)
        ->type_name(joined(names))
        ->default_str(names.at(static_cast<std::size_t>(field)));
}

template <class Options>
void addFlags(CLI::App& command, Options& options) {
    forEachField(
        options, [&](const std::string& name, auto& field, const auto& rule, const char* help) {
            using Field = std::decay_t<decltype(field)>;
            const auto flag = "--" + name;
            if constexpr (std::is_enum_v<Field>)
                addEnum(command, flag, field, rule, help);
            else if constexpr (std::is_same_v<std::decay_t<decltype(rule)>, RepeatedText>)
                command.add_option(flag, field, help)
                    ->allow_extra_args(false)
                    ->check(passes(TextCheck{rule.check}));
            else if constexpr (std::is_same_v<Field, std::vector<double>>)
                command.add_option(flag, field, help)->delimiter(',')->check(inRange<double>(rule));
            else if constexpr (std::is_same_v<Field, std::vector<std::string>>)
                command.add_option(flag, field, help)
                    ->delimiter(',')
                    ->check(passes(rule))
                    ->capture_default_str();
            else if constexpr (std::is_same_v<Field, std::string>)
                command.add_option(flag, field, help)->check(passes(rule));
            else
                command.add_option(flag, field, help)
                    ->check(inRange<Field>(rule))
                    ->capture_default_str();
        });
    command.get_option("--recipe")
        ->description(std::string(kRecipeHelp) + ". The other defaults shown here are tiny's")
        ->default_str("paper for models above 100 million parameters");
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
            field = static_cast<Field>(choiceOf(json.at(name).template get<std::string>(), rule));
        else
            field = json.at(name).template get<Field>();
    });
}

template <class Options>
void fill(const CLI::App& command, const std::string& model, Options& options) {
    if (command.count("--recipe") == 0) {
        if (model.empty()) throw Error("say --recipe, or the --model whose size decides it");
        options.recipe = recipeFor(sizeOf(findCheckpoint(model)).parameters);
    }
    auto defaults = toJson(defaultsOf<Options>(options.recipe));
    forEachField(options, [&](const std::string& name, auto&, const auto&, const char*) {
        const auto* flag = command.get_option_no_throw("--" + name);
        if (!flag || flag->count() > 0) defaults.erase(name);
    });
    fromJson(defaults, options);
}

}  // namespace

void addFields(CLI::App& command, SftOptions& options) { addFlags(command, options); }
void addFields(CLI::App& command, GrpoOptions& options) { addFlags(command, options); }

void fillFromRecipe(const CLI::App& command, const std::string& model, SftOptions& options) {
    fill(command, model, options);
}
void fillFromRecipe(const CLI::App& command, const std::string& model, GrpoOptions& options) {
    fill(command, model, options);
}

void sayRecipe(Recipe recipe) {
    std::cout << "recipe " << toText(recipe) << "; --print-options shows all it stands for"
              << std::endl;
}

void addPrintOptions(CLI::App& command, bool& print) {
    command
        .add_flag("--print-options", print,
                  "Write every option with its value as JSON, and do nothing else")
        ->excludes("--resume");
}

std::string toJsonText(const SftOptions& options, int indent) {
    auto json = toJson(options);
    json["kind-weights"] = options.kindWeights;
    return json.dump(indent);
}
std::string toJsonText(const GrpoOptions& options, int indent) {
    return toJson(options).dump(indent);
}

void fromJsonText(const std::string& json, SftOptions& options) {
    fromJson(nlohmann::json::parse(json), options);
}
void fromJsonText(const std::string& json, GrpoOptions& options) {
    fromJson(nlohmann::json::parse(json), options);
}

}  // namespace lvr
