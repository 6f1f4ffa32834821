#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace lvr {

using Json = nlohmann::json;

// Passes over the byte order mark that editors on Windows put before UTF-8.
void skipByteOrderMark(std::istream& text);

// The whole of a regular file of at most 100 MB, without a byte order mark. Throws Error naming it.
std::string readTextFile(const std::filesystem::path& file);

// Parses what came from outside; `source` names it in the message. Stricter than the library: a key
// that occurs twice in one object, a NUL byte and more than 64 levels are errors too.
Json parseJson(const std::string& text, const std::string& source);

// For looking around: null when the file is absent or not JSON.
Json readJsonOrNull(const std::filesystem::path& file);

// The text of a JSON value; throws Error when a string in it is not UTF-8 or a number not finite,
// because neither would be read back equal.
std::string toJsonText(const Json& value, const std::string& source, int indent = -1);
// A file of it, indented, put into its place in one piece. Throws Error.
void writeJson(const Json& value, const std::filesystem::path& file);

// One JSON object of a file, read field by field. Every Error names the source and the field; null
// counts as absent.
class JsonFields {
public:
    static JsonFields read(const std::filesystem::path& file);
    JsonFields(const std::string& text, const std::string& source);

    bool has(const std::string& key) const;
    bool isArray(const std::string& key) const;
    // T: bool, int64_t, uint64_t, double, std::string, or a vector of int64_t or double.
    template <class T>
    std::optional<T> find(const std::string& key) const;
    template <class T>
    T get(const std::string& key) const {
        if (auto value = find<T>(key)) return *std::move(value);
        failMissing(key);
    }
    template <class T>
    T get(const std::string& key, T fallback) const {
        return find<T>(key).value_or(std::move(fallback));
    }
    std::optional<JsonFields> object(const std::string& key) const;
    std::vector<JsonFields> objects(const std::string& key) const;  // an array of objects
    std::vector<std::string> keys() const;

    void allowOnly(const std::vector<std::string>& keys) const;  // throws at any other key
    [[noreturn]] void fail(const std::string& key, const std::string& problem) const;
    [[noreturn]] void failMissing(const std::string& key) const;

private:
    JsonFields(std::shared_ptr<const Json> object, std::string source, std::string prefix);
    const Json* node(const std::string& key) const;

    std::shared_ptr<const Json> object_;  // shares the document it is a part of
    std::string source_;
    std::string prefix_;  // "vision_config." inside that object
};

}  // namespace lvr
