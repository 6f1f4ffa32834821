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

// Its picture isn't there.
struct NoPicture : RecordProblem {
    using RecordProblem::RecordProblem;
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

// One entry of a file of records.
struct FileEntry {
    int number = 0;  // from 1
    Json value;
    std::string problem;  // why it can't be read; empty: it can
};
using OnEntry = std::function<void(const FileEntry&)>;

// Calls `visit` with each entry of a .json list, or of a file with an object a line (.jsonl, or
// whatever begins with one), and lets go of it afterwards: published lists hold 400,000. One that
// isn't JSON is an entry with a problem. NaN and Infinity, which Python writes, are null: they
// spoil the record that needs the number, and no other. Throws
// Error naming the file: missing, not a file, unreadable, no list, cut off, empty.
void forEachEntry(const std::filesystem::path& file, const OnEntry& visit);

}  // namespace lvr
