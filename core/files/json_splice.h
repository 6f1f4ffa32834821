#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace lvr {

// Tells what stands inside of strings from what stands outside, character by character.
class JsonStrings {
public:
    // Is this character part of a string, its quotes included?
    bool takes(char character);

private:
    bool inside_ = false, escaped_ = false;
};

// Python writes NaN, Infinity and -Infinity, which no JSON reader takes: each outside of a string
// becomes what `instead` says.
std::string withoutNonFinite(const std::string& json,
                             const std::function<std::string(std::string_view)>& instead);

// Changes to JSON text that leave every other byte as it is. json: valid JSON, an object at its
// root; path: keys from there.

// The text of a value; empty when there is none at that path.
std::string_view valueAt(std::string_view json, const std::vector<std::string>& path);
// With more at the end of the array or object at a path, indented as its other members are. more:
// an array or an object like it. Throws Error when nothing of that kind is there.
std::string withAppended(const std::string& json, const std::vector<std::string>& path,
                         const nlohmann::ordered_json& more);

}  // namespace lvr
