#include "datasets/benchmarks/tables.h"

#include <charconv>
#include <cstring>
#include <fstream>
#include <string_view>

#include "core/error.h"
#include "core/files/json_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr int kNoMore = std::char_traits<char>::eof();

// A file's bytes, a piece at a time: cells of megabytes are searched as fast as memory is.
class Bytes {
public:
    explicit Bytes(const fs::path& file) : in_(file, std::ios::binary) {
        if (!in_) throw Error("can't read " + file.string());
        skipByteOrderMark(in_);
    }

    int peek() { return more() ? static_cast<unsigned char>(piece_[at_]) : kNoMore; }
    int take() {
        const int next = peek();
        at_ += next != kNoMore;
        return next;
    }
    // Appends what stands before the first of these characters, or before the end.
    void takeUntil(std::string_view stops, std::string& to) {
        while (more()) {
            const char* from = piece_.data() + at_;
            auto count = piece_.size() - at_;
            const auto all = count;
            for (const char stop : stops)
                if (const void* found = std::memchr(from, stop, count))
                    count = std::size_t(static_cast<const char*>(found) - from);
            to.append(from, count);
            at_ += count;
            if (count < all) return;
        }
    }

private:
    bool more() {
        if (at_ < piece_.size()) return true;
        constexpr std::size_t kPiece = 1 << 20;
        piece_.resize(kPiece);
        in_.read(piece_.data(), std::ssize(piece_));
        piece_.resize(std::size_t(in_.gcount()));
        at_ = 0;
        return !piece_.empty();
    }

    std::ifstream in_;
    std::string piece_;
    std::size_t at_ = 0;
};

// Cells of a table, record by record.
class TableCutter {
public:
    explicit TableCutter(const fs::path& file)
        : in_(file), separator_(file.extension() == ".csv" ? ',' : '\t') {}

    // Of the next record that isn't an empty line; none: there is no more.
    std::optional<std::vector<std::string>> next() {
        for (;;) {
            if (in_.peek() == kNoMore) return std::nullopt;
            auto cells = record();
            if (cells.size() > 1 || !cells.front().empty()) return cells;
        }
    }
    bool endsInQuotes() const { return endsInQuotes_; }
    bool endsWithoutLineEnd() const { return endsWithoutLineEnd_; }

private:
    std::vector<std::string> record() {
        std::vector<std::string> cells(1);
        while (readCell(cells.back())) cells.emplace_back();
        return cells;
    }

    // True: another cell of the same record follows.
    bool readCell(std::string& cell) {
        if (in_.peek() == '"') readQuoted(cell);
        const char stops[] = {'\n', '\r', separator_};
        in_.takeUntil({stops, sizeof stops}, cell);
        const int stop = in_.take();
        if (stop == kNoMore) endsWithoutLineEnd_ = true;
        if (stop == '\r' && in_.peek() == '\n') in_.take();
        return stop == separator_;
    }

    void readQuoted(std::string& cell) {
        in_.take();
        for (;;) {
            in_.takeUntil("\"", cell);
            if (in_.take() == kNoMore) break;
            if (in_.peek() != '"') return;
            cell += static_cast<char>(in_.take());
        }
        endsInQuotes_ = true;
    }

    Bytes in_;
    char separator_;
    bool endsInQuotes_ = false, endsWithoutLineEnd_ = false;
};

void mustBeFile(const fs::path& file) {
    std::error_code failed;
    if (!fs::is_regular_file(file, failed)) throw Error("there is no file " + file.string());
}

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
    mustBeFile(file);
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
    mustBeFile(file);
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
