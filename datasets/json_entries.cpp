#include "datasets/json_entries.h"

#include <fstream>

#include "core/error.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using Visit = std::function<void(const Json&, int)>;

Json::parser_callback_t visitEntries(const fs::path& file, const Visit& visit, int& count) {
    return [&](int depth, Json::parse_event_t event, Json& parsed) {
        using Event = Json::parse_event_t;
        if (depth == 0 && (event == Event::object_start || event == Event::value))
            throw Error(file.string() + ": must hold an array of records");
        if (depth != 1 || event == Event::object_start || event == Event::array_start) return true;
        visit(event == Event::object_end ? parsed : Json(), ++count);
        return false;
    };
}

void visitList(const fs::path& file, std::istream& in, const Visit& visit, int& count) {
    try {
        const auto rest = Json::parse(in, visitEntries(file, visit, count));
    } catch (const Json::exception& e) {
        throw Error(file.string() + " is not valid JSON after record " + std::to_string(count) +
                    ": " + e.what());
    }
}

void visitLines(std::istream& in, const Visit& visit, int& count) {
    for (std::string line; std::getline(in, line);) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        const auto parsed = Json::parse(line, nullptr, /*allow_exceptions=*/false);
        visit(parsed.is_discarded() ? Json() : parsed, ++count);
    }
}

}  // namespace

bool JsonEntry::has(const char* field) const {
    return object_.contains(field) && !object_.at(field).is_null();
}

const Json& JsonEntry::at(const char* field) const {
    if (!has(field)) throw RecordProblem("field \"" + std::string(field) + "\" is missing");
    return object_.at(field);
}

const Json& JsonEntry::list(const char* field) const {
    const Json& value = at(field);
    if (!value.is_array())
        throw RecordProblem("field \"" + std::string(field) + "\" must be an array");
    return value;
}

std::string JsonEntry::text(const Json& value, const std::string& field) {
    if (!value.is_string()) throw RecordProblem("field \"" + field + "\" must be a string");
    return value.get<std::string>();
}

std::string JsonEntry::textOrNumber(const char* field) const {
    if (!has(field)) return "";
    return at(field).is_number() ? at(field).dump() : text(field);
}

void forEachEntry(const fs::path& file, const Visit& visit) {
    std::error_code failed;
    const auto kind = fs::status(file, failed).type();
    if (failed || kind == fs::file_type::not_found)
        throw Error("there is no " + file.string() +
                    "; give a JSON list of records or a folder that holds data.json");
    if (kind != fs::file_type::regular) throw Error(file.string() + " is not a regular file");
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Error("can't read " + file.string());
    int count = 0;
    if (file.extension() == ".jsonl")
        visitLines(in, visit, count);
    else
        visitList(file, in, visit, count);
    if (count == 0) throw Error(file.string() + " holds no records");
}

}  // namespace lvr
