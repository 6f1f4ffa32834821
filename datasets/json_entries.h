#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace lvr {

using Json = nlohmann::json;

// What is wrong with one record; the reader of the file knows which.
struct RecordProblem : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// One object of a list, read field by field. Everything throws RecordProblem naming the field.
class JsonEntry {
public:
    explicit JsonEntry(const Json& object) : object_(object) {}

    bool has(const char* field) const;  // and it is not null
    const Json& at(const char* field) const;
    const Json& list(const char* field) const;
    std::string text(const char* field) const { return text(at(field), field); }
    static std::string text(const Json& value, const std::string& field);
    std::string textOrNumber(const char* field) const;  // empty when there is none

private:
    const Json& object_;
};

// Calls `visit` with each object of a .json list or each line of a .jsonl file, and its number from
// 1; lets go of it afterwards: published lists hold 400,000. What is no object is visited as null.
// Throws Error naming the file: missing, not a file, unreadable, not JSON, no list, empty.
void forEachEntry(const std::filesystem::path& file,
                  const std::function<void(const Json&, int number)>& visit);

}  // namespace lvr
