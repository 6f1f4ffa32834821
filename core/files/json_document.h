#pragma once

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/files/json_file.h"

namespace lvr {

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
