#pragma once

#include <QString>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/error.h"

// Small files that tests write and look at, and what is said of wrong ones.
namespace lvr {

namespace fs = std::filesystem;

// The sentence of the Error, or nothing when all went well.
template <class Action>
QString errorOf(Action&& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

inline void writeText(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    fs::remove(file);  // some file systems wait for the disk when a file is rewritten in place
    std::ofstream(file, std::ios::binary) << text;
}

inline std::string readText(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline std::vector<std::string> filesIn(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace lvr
