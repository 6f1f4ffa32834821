#include "datasets/json_entries.h"

#include <algorithm>
#include <fstream>
#include <string_view>

#include "core/error.h"
#include "core/files/json_file.h"
#include "core/files/json_splice.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kBlank = " \t\r\n";

bool isBlank(std::string_view text) { return text.find_first_not_of(kBlank) == text.npos; }

// Where the text stops being JSON, and what stands around it as far as it can be shown.
std::string placeIn(const std::string& text, std::size_t byte) {
    constexpr std::size_t kBefore = 12, kAfter = 12;
    const auto at = byte == 0 ? 0 : byte - 1;
    if (at >= text.size()) return "is not valid JSON: it ends too early";
    const auto canBeShown = [&](std::size_t i) { return text[i] >= ' ' && text[i] <= '~'; };
    auto begin = at, end = at;
    while (begin > 0 && at - begin < kBefore && canBeShown(begin - 1)) --begin;
    while (end < text.size() && end - at < kAfter && canBeShown(end)) ++end;
    return "is not valid JSON from byte " + std::to_string(at + 1) + " on, near " +
           text.substr(begin, end - begin);
}

FileEntry parseEntry(const std::string& given, int number) {
    const bool isOdd = given.find("NaN") != given.npos || given.find("Infinity") != given.npos;
    const auto text = isOdd ? withoutNonFinite(given, [](auto) { return "null"; }) : given;
    try {
        return {number, Json::parse(text), ""};
    } catch (const Json::parse_error& e) {
        return {number, Json(), placeIn(text, e.byte)};
    } catch (const Json::exception&) {
        return {number, Json(), "is not valid JSON: a number in it is too large"};
    }
}

// Cuts a list, as it streams by, into the texts of its entries: one that can't be parsed does not
// take the others with it.
class ListCutter {
public:
    ListCutter(const fs::path& file, std::istream& in) : file_(file), in_(*in.rdbuf()) {}

    void visitAll(const OnEntry& visit, int& count) {
        if (nextVisible() != '[')
            throw Error(file_.string() + ": must hold an array of records, or a record a line");
        for (char end = ','; end == ',';) {
            std::string text;
            end = readEntry(text, count);
            const bool none = isBlank(text);
            if (none && count == 0 && end == ']') break;
            if (none) fail(count, "an entry is empty");
            ++count;
            visit(parseEntry(text, count));
        }
        if (nextVisible() != kEnd) fail(count, "it goes on after the end of its list");
    }

private:
    static constexpr int kEnd = std::char_traits<char>::eof();

    [[noreturn]] void fail(int count, const std::string& why) const {
        throw Error(file_.string() + " is not valid JSON after record " + std::to_string(count) +
                    ": " + why);
    }
    int nextVisible() {
        int next = in_.sbumpc();
        while (next != kEnd && kBlank.find(static_cast<char>(next)) != kBlank.npos)
            next = in_.sbumpc();
        return next;
    }
    // Gives what ended it: a comma, or the bracket of the list.
    char readEntry(std::string& text, int count) {
        JsonStrings strings;
        int depth = 0;
        for (int next = in_.sbumpc(); next != kEnd; next = in_.sbumpc()) {
            const char character = static_cast<char>(next);
            if (!strings.takes(character)) {
                if (depth == 0 && (character == ',' || character == ']')) return character;
                depth += character == '{' || character == '[';
                depth -= character == '}' || character == ']';
                if (depth < 0) fail(count, "a bracket closes what was not opened");
            }
            text += character;
        }
        fail(count, "it ends in the middle of its list; fetch it again");
    }

    const fs::path& file_;
    std::streambuf& in_;
};

void visitLines(std::istream& in, const OnEntry& visit, int& count) {
    for (std::string line; std::getline(in, line);)
        if (!isBlank(line)) {
            ++count;
            visit(parseEntry(line, count));
        }
}

bool beginsWithARecord(std::istream& in) {
    const auto start = in.tellg();
    std::string line;
    std::getline(in, line);
    in.clear();
    in.seekg(start);
    const auto first = parseEntry(line, 1).value;
    return first.is_object() && !first.empty();
}

// A list, or a record a line? What the file begins with says so; its name where the first record is
// broken. A list may be one line of gigabytes, and isn't read here.
bool isLines(const fs::path& file, std::istream& in) {
    in >> std::ws;
    if (in.peek() == '[') return false;
    in.clear();
    return file.extension() == ".jsonl" || beginsWithARecord(in);
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

void forEachEntry(const fs::path& file, const OnEntry& visit) {
    std::error_code failed;
    const auto kind = fs::status(file, failed).type();
    if (failed || kind == fs::file_type::not_found)
        throw Error("there is no " + file.string() +
                    "; give a JSON list of records or a folder that holds data.json");
    if (kind != fs::file_type::regular) throw Error(file.string() + " is not a regular file");
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Error("can't read " + file.string());
    skipByteOrderMark(in);
    int count = 0;
    if (isLines(file, in))
        visitLines(in, visit, count);
    else
        ListCutter(file, in).visitAll(visit, count);
    if (count == 0) throw Error(file.string() + " holds no records");
}

}  // namespace lvr
