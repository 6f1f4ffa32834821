#include "datasets/benchmarks/xlsx.h"

#include <zip.h>

#include <cctype>
#include <cstring>
#include <memory>
#include <pugixml.hpp>
#include <vector>

#include "core/error.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr zip_uint64_t kLargestPart = 1 << 30;  // bytes; a workbook of results has a few million

// The XML files that a workbook is a zip of.
class Workbook {
public:
    explicit Workbook(const fs::path& file) : file_(file) {
        int problem = 0;
        zip_.reset(zip_open(file.c_str(), ZIP_RDONLY, &problem));
        if (!zip_) fail("is not a readable Excel workbook; fetch or export it again");
    }

    bool has(const std::string& name) const {
        return zip_name_locate(zip_.get(), name.c_str(), 0) >= 0;
    }

    pugi::xml_document part(const std::string& name) const {
        zip_stat_t about;
        if (zip_stat(zip_.get(), name.c_str(), 0, &about) != 0) fail("has no part " + name);
        if (about.size > kLargestPart) fail("has a part " + name + " that is too large");
        std::string text(about.size, 0);
        const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> open(
            zip_fopen(zip_.get(), name.c_str(), 0), &zip_fclose);
        if (!open || zip_fread(open.get(), text.data(), text.size()) != std::ssize(text))
            fail("has a damaged part " + name + "; fetch it again");
        pugi::xml_document document;
        // Cells of spaces alone are text too.
        const auto parsed = document.load_buffer(
            text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
        if (!parsed) fail("has a part " + name + " that is not XML: " + parsed.description());
        return document;
    }

    [[noreturn]] void fail(const std::string& why) const {
        throw Error(file_.string() + " " + why);
    }

private:
    fs::path file_;
    std::unique_ptr<zip_t, decltype(&zip_discard)> zip_{nullptr, &zip_discard};
};

// Without the prefix that some writers give every element.
bool isNamed(const pugi::xml_node& node, const char* name) {
    const auto* colon = std::strrchr(node.name(), ':');
    return std::strcmp(colon ? colon + 1 : node.name(), name) == 0;
}

pugi::xml_node childNamed(const pugi::xml_node& node, const char* name) {
    return node.find_child([&](const pugi::xml_node& child) { return isNamed(child, name); });
}

std::string attributeNamed(const pugi::xml_node& node, const char* name) {
    for (const auto& attribute : node.attributes()) {
        const auto* colon = std::strrchr(attribute.name(), ':');
        if (std::strcmp(colon ? colon + 1 : attribute.name(), name) == 0 &&
            (colon || std::strcmp(name, "id") != 0))
            return attribute.value();
    }
    return "";
}

// "_x000D_" stands for a character that XML can't hold.
std::string withoutEscapes(const std::string& text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool isEscape = text.compare(at, 2, "_x") == 0 && at + 6 < text.size() &&
                              text[at + 6] == '_' && text[at + 2] == '0' && text[at + 3] == '0';
        const auto digits = isEscape ? text.substr(at + 4, 2) : "";
        if (isEscape && std::isxdigit(static_cast<unsigned char>(digits[0])) &&
            std::isxdigit(static_cast<unsigned char>(digits[1])) && digits[0] < '8') {
            plain += static_cast<char>(std::stoi(digits, nullptr, 16));
            at += 6;
        } else {
            plain += text[at];
        }
    }
    return plain;
}

// Plain or in runs of their own looks; what is only there to be pronounced is left out.
std::string textIn(const pugi::xml_node& node) {
    std::string text;
    for (const auto& child : node.children()) {
        if (isNamed(child, "t")) text += child.text().get();
        if (isNamed(child, "r")) text += childNamed(child, "t").text().get();
    }
    return withoutEscapes(text);
}

std::vector<std::string> sharedTexts(const Workbook& book) {
    std::vector<std::string> texts;
    if (!book.has("xl/sharedStrings.xml")) return texts;
    const auto document = book.part("xl/sharedStrings.xml");
    for (const auto& item : document.document_element().children()) texts.push_back(textIn(item));
    return texts;
}

std::string firstSheet(const Workbook& book) {
    const auto document = book.part("xl/workbook.xml");
    const auto sheet = childNamed(document.document_element(), "sheets").first_child();
    const auto id = attributeNamed(sheet, "id");
    if (sheet && book.has("xl/_rels/workbook.xml.rels")) {
        const auto relations = book.part("xl/_rels/workbook.xml.rels");
        for (const auto& relation : relations.document_element().children())
            if (id == relation.attribute("Id").value()) {
                const std::string target = relation.attribute("Target").value();
                return target.starts_with("/") ? target.substr(1) : "xl/" + target;
            }
    }
    return "xl/worksheets/sheet1.xml";
}

// "AB12": 27
std::size_t columnOf(const std::string& reference) {
    std::size_t column = 0;
    for (const char c : reference) {
        if (c < 'A' || c > 'Z') break;
        column = column * 26 + std::size_t(c - 'A' + 1);
    }
    return column - 1;
}

std::string cellText(const pugi::xml_node& cell, const std::vector<std::string>& shared) {
    const std::string type = cell.attribute("t").value();
    if (type == "inlineStr") return textIn(childNamed(cell, "is"));
    const std::string value = childNamed(cell, "v").text().get();
    if (type == "s") {
        const auto index = std::strtoul(value.c_str(), nullptr, 10);
        return index < shared.size() ? shared[index] : "";
    }
    if (type == "b") return value == "1" ? "TRUE" : "FALSE";
    return type == "str" ? withoutEscapes(value) : value;
}

std::vector<std::string> rowCells(const pugi::xml_node& row,
                                  const std::vector<std::string>& shared) {
    constexpr std::size_t kMostColumns = 16384;
    std::vector<std::string> cells;
    for (const auto& cell : row.children()) {
        if (!isNamed(cell, "c")) continue;
        const std::string reference = cell.attribute("r").value();
        const auto column = reference.empty() ? cells.size() : columnOf(reference);
        if (column >= kMostColumns) continue;
        if (cells.size() <= column) cells.resize(column + 1);
        cells[column] = cellText(cell, shared);
    }
    return cells;
}

}  // namespace

void forEachSheetRow(const fs::path& file, const OnEntry& visit) {
    std::error_code failed;
    if (!fs::is_regular_file(file, failed)) throw Error("there is no file " + file.string());
    const Workbook book(file);
    const auto shared = sharedTexts(book);
    const auto sheet = book.part(firstSheet(book));
    std::vector<std::string> columns;
    int count = 0;
    for (const auto& row : childNamed(sheet.document_element(), "sheetData").children()) {
        const auto cells = rowCells(row, shared);
        if (columns.empty()) {
            columns = cells;
            continue;
        }
        FileEntry entry{++count, Json::object(), ""};
        for (std::size_t i = 0; i < std::min(cells.size(), columns.size()); ++i)
            if (!cells[i].empty() && !columns[i].empty()) entry.value[columns[i]] = cells[i];
        visit(entry);
    }
    if (columns.empty()) book.fail("has no header in its first sheet");
    if (count == 0) book.fail("holds no rows");
}

}  // namespace lvr
