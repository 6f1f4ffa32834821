#include "app/cli/config_file.h"

#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

#include "app/cli/nearest_option.h"
#include "core/error.h"
#include "core/files/json_file.h"

namespace lvr {
namespace {

// What a file can't say: which file to read, and what to do instead of training.
const std::set<std::string> kTypedOnly{"config", "help", "print-options", "resume"};

YAML::Node mapIn(const std::string& file) {
    std::string text;
    try {
        text = readTextFile(file);
    } catch (const Error& e) {
        throw UsageError(std::string("--config: ") + e.what());
    }
    YAML::Node root;
    try {
        root = YAML::Load(text);
    } catch (const YAML::ParserException& e) {
        throw UsageError(file + " is not YAML: line " + std::to_string(e.mark.line + 1) + ": " +
                         e.msg);
    }
    if (root.IsNull()) throw UsageError(file + " is empty; write lines such as \"lr: 1e-5\"");
    if (!root.IsMap())
        throw UsageError(file + " is no map of options; write lines such as \"lr: 1e-5\"");
    return root;
}

CLI::Option& optionOf(CLI::App& command, const std::string& file, const std::string& key) {
    if (kTypedOnly.contains(key))
        throw UsageError(file + ": --" + key + " is said on the command line, not in a file");
    if (auto* option = command.get_option_no_throw("--" + key)) return *option;
    const auto near = nearestOption(command, "--" + key);
    throw UsageError(
        file + ": lvr " + command.get_name() + " has no option \"" + key + "\"" +
        (near.empty() ? "; --help lists them" : "; did you mean \"" + near.substr(2) + "\"?"));
}

// YAML's own true is what a program writes for "on".
std::string textOf(const YAML::Node& value, const CLI::Option& option) {
    const auto text = value.Scalar();
    const auto choices = "|" + option.get_type_name() + "|";
    if (text == "true" && choices.find("|on|") != std::string::npos) return "on";
    if (text == "false" && choices.find("|off|") != std::string::npos) return "off";
    return text;
}

std::vector<std::string> textsOf(const YAML::Node& value, const CLI::Option& option,
                                 const std::string& where) {
    if (value.IsScalar()) return {textOf(value, option)};
    if (!value.IsSequence()) throw UsageError(where + " is a map; give a value, or a list of them");
    if (option.get_items_expected_max() <= 1)
        throw UsageError(where + " is a list; it takes one value");
    std::vector<std::string> texts;
    for (const auto& item : value) {
        if (!item.IsScalar()) throw UsageError(where + " is a list of something else than values");
        texts.push_back(textOf(item, option));
    }
    return texts;
}

void give(CLI::Option& option, const std::vector<std::string>& texts, const std::string& where) {
    for (const auto& text : texts) option.add_result(text);
    try {
        option.run_callback();
    } catch (const CLI::ParseError& e) {
        std::string why = e.what();
        const auto name = option.get_name() + ": ";
        if (why.starts_with(name)) why.erase(0, name.size());
        throw UsageError(where + ": " + why);
    }
}

// Whether it was typed, or another that takes its place.
bool isTyped(CLI::Option& option, const std::set<CLI::Option*>& typed) {
    const auto others = option.get_excludes();
    return typed.contains(&option) ||
           std::ranges::any_of(others, [&](CLI::Option* other) { return typed.contains(other); });
}

}  // namespace

void readConfig(CLI::App& command, const std::string& file) {
    std::set<CLI::Option*> typed;
    for (auto* option : command.get_options())
        if (option->count() > 0) typed.insert(option);
    std::set<std::string> seen;
    for (const auto& entry : mapIn(file)) {
        if (!entry.first.IsScalar()) throw UsageError(file + " has a key that is no text");
        const auto key = entry.first.Scalar();
        const auto where = file + ": \"" + key + "\"";
        auto& option = optionOf(command, file, key);
        if (!seen.insert(key).second) throw UsageError(where + " is said twice");
        if (entry.second.IsNull()) throw UsageError(where + " has no value");
        if (isTyped(option, typed)) continue;
        give(option, textsOf(entry.second, option, where), where);
    }
}

}  // namespace lvr
