#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "app/training/train_arguments.h"

namespace lvr {
namespace {

using Json = nlohmann::json;

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
