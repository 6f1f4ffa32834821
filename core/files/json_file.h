#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
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
    JsonFields(Json object, const std::string& source);

    bool has(const std::string& key) const;
    bool isArray(const std::string& key) const;
    // T: bool, int64_t, uint64_t, double, std::string, or a vector of int64_t, double or
    // std::string.
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
    int natural(const std::string& key) const;  // a whole number from 0 that an int holds
    // Index of the text among the names.
    std::size_t choice(const std::string& key, const std::vector<std::string>& names) const;
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

// A JSON value that knows where it stands. Every Error names the file and the field.
class JsonField {
public:
    JsonField(const Json& value, const std::filesystem::path& file)
        : value_(&value), file_(file.string()) {}

    const Json& operator*() const { return *value_; }
    bool has(const std::string& key) const;  // and it is not null
    JsonField operator[](const std::string& key) const;
    JsonField operator[](std::size_t index) const;
    const Json& array() const { return must(value_->is_array(), "must be an array"); }
    const Json& object() const { return must(value_->is_object(), "must be an object"); }
    std::string text() const { return must(value_->is_string(), "must be a string"); }
    bool flag() const { return must(value_->is_boolean(), "must be true or false"); }

    const Json& must(bool holds, const std::string& problem) const {
        if (!holds) fail(problem);
        return *value_;
    }
    [[noreturn]] void fail(const std::string& problem) const;
    // For a key or "[index]" of a list that is not in the tree.
    [[noreturn]] void failAt(const std::string& item, const std::string& problem) const;
    std::string place() const;  // "FILE: field 'a.b[2]'"

private:
    const Json* value_;
    std::string file_;
    std::string path_;
};

// The keys that lead to a document's two long lists; nothing where it has none.
struct ListPaths {
    std::optional<std::vector<std::string>> vocabulary;
    std::optional<std::vector<std::string>> merges;
};

// A JSON file with what its fields look into. Its vocabulary and merges are kept as flat lists and
// are empty in the tree: as 300,000 nodes they would take most of the time that opening a tokenizer
// takes. Throws Error when the file is not JSON, repeats a key or is nested too deeply.
struct JsonDocument {
    explicit JsonDocument(const std::filesystem::path& file, const ListPaths& paths = {});
    JsonDocument(const JsonDocument&) = delete;  // root points into json
    JsonDocument& operator=(const JsonDocument&) = delete;

    Json json;
    JsonField root;
    std::vector<std::pair<std::string, Json>> vocabulary;
    std::vector<Json> merges;
};

}  // namespace lvr
