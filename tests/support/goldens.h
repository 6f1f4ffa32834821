#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// Reference values (tests/goldens/README.md). Tests that compare with them read another set of the
// same layout, with models, prompts and sizes of its own, when the variable LVR_GOLDENS names its
// folder. Tests that only need some model or picture take those of this tree: own().
namespace golden {

inline std::filesystem::path path(const std::string& name) {
    const char* folder = std::getenv("LVR_GOLDENS");
    return std::filesystem::path(folder && *folder ? folder : LVR_GOLDENS) / name;
}

inline std::filesystem::path own(const std::string& name) {
    return std::filesystem::path(LVR_GOLDENS) / name;
}

inline nlohmann::json read(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return nlohmann::json::parse(stream);
}
inline nlohmann::json json(const std::string& name) { return read(path(name)); }
inline nlohmann::json ownJson(const std::string& name) { return read(own(name)); }

// The models of files named PREFIX + model + ".json", sorted: modelsOf("forward_"). folder: below
// the set's.
inline std::vector<std::string> modelsOf(const std::string& prefix,
                                         const std::string& folder = "") {
    std::vector<std::string> models;
    for (const auto& entry : std::filesystem::directory_iterator(path(folder))) {
        const auto name = entry.path().filename().string();
        if (name.starts_with(prefix) && name.ends_with(".json"))
            models.push_back(name.substr(prefix.size(), name.size() - prefix.size() - 5));
    }
    std::sort(models.begin(), models.end());
    return models;
}

inline std::filesystem::path modelFolder(const std::string& model) {
    return path("models") / model;
}

}  // namespace golden
