#include "app/training/train_arguments.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "core/error.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

fs::path absoluteOf(const fs::path& path) {
    if (path.empty()) return path;
    const auto whole = fs::absolute(path).lexically_normal();
    return whole.has_filename() ? whole : whole.parent_path();  // "DIR/" is DIR
}

template <class Field>
Json jsonOf(const Field& field) {
    if constexpr (std::is_same_v<Field, std::vector<fs::path>>) {
        Json list = Json::array();
        for (const auto& path : field) list.push_back(path.string());
        return list;
    } else if constexpr (std::is_same_v<Field, fs::path>)
        return field.string();
    else if constexpr (std::is_same_v<Field, std::optional<std::int64_t>>)
        return field ? Json(*field) : Json();
    else
        return field;
}

template <class Field>
void read(const Json& json, Field& field) {
    if constexpr (std::is_same_v<Field, std::vector<fs::path>>) {
        field.clear();
        // A text: of before there could be several.
        for (const auto& path : json.is_array() ? json : Json::array({json}))
            if (!path.get<std::string>().empty()) field.push_back(path.get<std::string>());
    } else if constexpr (std::is_same_v<Field, fs::path>)
        field = json.get<std::string>();
    else if constexpr (std::is_same_v<Field, std::optional<std::int64_t>>)
        field = json.is_null() ? std::nullopt : std::optional(json.get<std::int64_t>());
    else
        field = json.get<Field>();
}

bool isNothing(const Json& value) {
    return value.is_null() || (value.is_string() && value.get<std::string>().empty()) ||
           (value.is_array() && value.empty());
}

std::string textOf(const Json& value) {
    if (!value.is_array()) return value.is_string() ? value.get<std::string>() : value.dump();
    std::string list;
    for (const auto& each : value) list += (list.empty() ? "" : ", ") + textOf(each);
    return list;
}

bool areSamePath(const std::string& a, const std::string& b) {
    return a.starts_with('/') && b.starts_with('/') &&
           fs::weakly_canonical(a) == fs::weakly_canonical(b);
}

// "cuda" of "cuda:1": another GPU of the machine is as good.
std::string kindOf(const std::string& device) { return device.substr(0, device.find(':')); }

bool agree(const std::string& flag, const Json& started, const Json& now) {
    if (started == now) return true;
    if (started.is_array() && now.is_array())
        return started.size() == now.size() &&
               std::equal(started.begin(), started.end(), now.begin(),
                          [&](const Json& a, const Json& b) { return agree(flag, a, b); });
    if (!started.is_string() || !now.is_string()) return false;
    const auto before = textOf(started), told = textOf(now);
    if (flag == "device") return told == "auto" || kindOf(told) == kindOf(before);
    if (flag == "dtype") return told == "auto";
    return areSamePath(before, told);
}

void checkAgree(const std::string& flag, const Json& started, const Json& now,
                const std::string& run) {
    if (agree(flag, started, now)) return;
    throw UsageError("--" + flag + " " + textOf(now) + " contradicts " + run + ", which began " +
                     (isNothing(started) ? "without it" : "with " + textOf(started)) +
                     "; leave it out to go on, or start a new run");
}

// Where the program was started is not kept.
Json toJson(TrainArguments a) {
    if (fs::is_directory(a.model)) a.model = absoluteOf(a.model).string();
    for (auto* path : {&a.out, &a.featureCache}) *path = absoluteOf(*path);
    for (auto* mix : {&a.source, &a.validation.source})
        for (auto* paths : {&mix->data, &mix->imageRoots})
            for (auto& path : *paths) path = absoluteOf(path);
    Json json;
    forEachField(a,
                 [&](const char* name, auto& field, WhenResumed) { json[name] = jsonOf(field); });
    return json;
}

bool saysNothing(const Json& value) {
    return value.is_null() || value.is_object() ||  // weights of kinds are found in the data
           (value.is_string() && value.get<std::string>().empty()) ||
           (value.is_array() && value.empty());
}

void emit(YAML::Emitter& out, const Json& value) {
    if (value.is_string()) {
        out << value.get<std::string>();
    } else if (value.is_array()) {
        out << YAML::Flow << YAML::BeginSeq;
        for (const auto& item : value) emit(out, item);
        out << YAML::EndSeq;
    } else {
        out << value.dump();  // numbers as short as they can be read back
    }
}

}  // namespace

std::string toJsonText(const TrainArguments& arguments) { return toJson(arguments).dump(); }

void goOnAs(const std::string& text, const std::string& run, TrainArguments& arguments) {
    const auto started = Json::parse(text), now = toJson(arguments);
    const std::set<std::string> told(arguments.told.begin(), arguments.told.end());
    forEachField(arguments, [&](const char* name, auto& field, WhenResumed when) {
        const bool isThere = started.contains(name);  // not in a run of before this option
        if (!told.contains(name)) {
            if (isThere) read(started.at(name), field);
            return;
        }
        if (when == WhenResumed::MayChange) return;
        checkAgree(name, isThere ? started.at(name) : Json(), now.at(name), run);
        const bool another = std::string(name) == "device" && now.at(name) != "auto";
        if (isThere && !another) read(started.at(name), field);
    });
}

OptionsToGoOnWith optionsToGoOnWith(const std::string& startedText, const std::string& nowText,
                                    const ChangingOptions& changing, const std::string& run,
                                    const TrainArguments& arguments) {
    const auto started = Json::parse(startedText), now = Json::parse(nowText);
    auto options = started;
    std::set<std::string> known{"store", "resume", "config"};
    auto copy = arguments;
    forEachField(copy, [&](const char* name, auto&, WhenResumed) { known.insert(name); });
    std::optional<int> more;
    for (const auto& flag : arguments.told) {
        if (known.contains(flag)) continue;
        if (!now.contains(flag))
            throw UsageError("--" + flag + " can't be said to " + run +
                             ", which goes on as it began");
        const auto& free = changing.mayChange;
        if (flag == changing.steps && now.at(flag) > started.at(flag))
            more = now.at(flag).get<int>();
        else if (std::find(free.begin(), free.end(), flag) != free.end())
            options[flag] = now.at(flag);
        else
            checkAgree(flag, started.value(flag, Json()), now.at(flag), run);
    }
    return {options.dump(), more};
}

std::string toConfigText(const std::string& kind, const TrainArguments& arguments,
                         const std::string& optionsJson) {
    auto all = Json::parse(toJsonText(arguments));
    all.update(Json::parse(optionsJson));
    if (all.at("epochs") == 0)
        all.erase("epochs");
    else  // which make the number of steps
        for (const auto* steps : {"steps", "max-steps"}) all.erase(steps);
    YAML::Emitter out;
    out << YAML::Comment("lvr " + kind + " --config training.yaml --out OUT starts the same again")
        << YAML::Newline << YAML::BeginMap;
    for (const auto& [name, value] : all.items()) {
        if (saysNothing(value)) continue;
        out << YAML::Key << name << YAML::Value;
        emit(out, value);
    }
    out << YAML::EndMap;
    return std::string(out.c_str()) + "\n";
}

}  // namespace lvr
