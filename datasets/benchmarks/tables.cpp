#include "datasets/benchmarks/tables.h"

#include <charconv>
#include <fstream>

#include "core/error.h"
#include "core/files/json_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr int kNoMore = std::char_traits<char>::eof();

// Cells of a table, record by record.
class TableCutter {
public:
    explicit TableCutter(const fs::path& file)
        : file_(file), in_(file, std::ios::binary), separator_(separatorOf(file)) {
        std::error_code failed;
        if (!fs::is_regular_file(file, failed)) throw Error("there is no file " + file.string());
        if (!in_) throw Error("can't read " + file.string());
        skipByteOrderMark(in_);
    }

    // Of the next record that isn't an empty line; none: there is no more.
    std::optional<std::vector<std::string>> next() {
        for (;;) {
            if (peek() == kNoMore) return std::nullopt;
            auto cells = record();
            if (cells.size() > 1 || !cells.front().empty()) return cells;
        }
    }
    bool endsInQuotes() const { return endsInQuotes_; }
    bool endsWithoutLineEnd() const { return endsWithoutLineEnd_; }

private:
    static char separatorOf(const fs::path& file) {
        return file.extension() == ".csv" ? ',' : '\t';
    }
    int peek() { return in_.rdbuf()->sgetc(); }
    int take() { return in_.rdbuf()->sbumpc(); }

    std::vector<std::string> record() {
        std::vector<std::string> cells(1);
        while (readCell(cells.back())) cells.emplace_back();
        return cells;
    }

    // True: another cell of the same record follows.
    bool readCell(std::string& cell) {
        if (peek() == '"') readQuoted(cell);
        for (int next = take();; next = take()) {
            if (next == kNoMore) return endsWithoutLineEnd_ = true, false;
            if (next == separator_) return true;
            if (next == '\r' && peek() == '\n') take();
            if (next == '\r' || next == '\n') return false;
            cell += static_cast<char>(next);
        }
    }

    void readQuoted(std::string& cell) {
        take();
        for (int next = take(); next != kNoMore; next = take()) {
            if (next == '"' && peek() != '"') return;
            if (next == '"') take();
            cell += static_cast<char>(next);
        }
        endsInQuotes_ = true;
    }

    fs::path file_;
    std::ifstream in_;
    int separator_;
    bool endsInQuotes_ = false, endsWithoutLineEnd_ = false;
};

FileEntry entryOf(const std::vector<std::string>& columns, std::vector<std::string>& cells,
                  int number) {
    FileEntry entry{number, Json::object(), ""};
    if (cells.size() != columns.size())
        entry.problem = "has " + std::to_string(cells.size()) + " cells where the header has " +
                        std::to_string(columns.size()) + " columns";
    for (std::size_t i = 0; i < std::min(cells.size(), columns.size()); ++i)
        if (!cells[i].empty()) entry.value[columns[i]] = std::move(cells[i]);
    return entry;
}

void appendUtf8(std::string& out, unsigned code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
        return;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    const unsigned lead[] = {0, 0xC0, 0xE0, 0xF0};
    out += static_cast<char>(lead[more] | (code >> (6 * more)));
    for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
}

// What stands after a backslash, which `at` is on.
void takePythonEscape(const std::string& text, std::size_t& at, std::string& out) {
    const char kind = text[++at];
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    unsigned code = 0;
    const auto* first = text.data() + at + 1;
    if (digits > 0 && at + digits < text.size() &&
        std::from_chars(first, first + digits, code, 16).ptr == first + digits) {
        at += digits;
        return appendUtf8(out, code);
    }
    out += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind == 'r' ? '\r' : kind;
}

// One text of a Python list, from its quote on. False: it is none.
bool takePythonText(const std::string& text, std::size_t& at, std::string& out) {
    const char quote = text[at++];
    if (quote != '\'' && quote != '"') return false;
    for (; at < text.size(); ++at) {
        if (text[at] == quote) return ++at, true;
        if (text[at] == '\\' && at + 1 < text.size())
            takePythonEscape(text, at, out);
        else
            out += text[at];
    }
    return false;
}

}  // namespace

void forEachTableRow(const fs::path& file, const OnEntry& visit) {
    TableCutter table(file);
    const auto columns = table.next();
    if (!columns) throw Error(file.string() + " is empty; fetch it again");
    int count = 0;
    while (auto cells = table.next()) {
        const bool isCut =
            table.endsInQuotes() || (table.endsWithoutLineEnd() && cells->size() < columns->size());
        if (isCut)
            throw Error(file.string() + " is cut off in record " + std::to_string(count + 1) +
                        "; fetch it again");
        visit(entryOf(*columns, *cells, ++count));
    }
    if (count == 0) throw Error(file.string() + " holds no records");
}

std::vector<std::string> tableColumns(const fs::path& file) {
    return TableCutter(file).next().value_or(std::vector<std::string>());
}

std::optional<std::vector<std::string>> pythonTexts(const std::string& text) {
    constexpr auto kBetween = " \t\r\n,";
    const auto begin = text.find_first_not_of(" \t\r\n");
    const auto end = text.find_last_not_of(" \t\r\n");
    if (begin == text.npos || text[begin] != '[' || text[end] != ']') return std::nullopt;
    std::vector<std::string> texts;
    for (auto at = text.find_first_not_of(kBetween, begin + 1); at < end;
         at = text.find_first_not_of(kBetween, at))
        if (!takePythonText(text, at, texts.emplace_back())) return std::nullopt;
    return texts;
}

}  // namespace lvr
