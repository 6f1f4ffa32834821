#include "datasets/benchmarks/item_row.h"

#include <algorithm>
#include <cctype>

#include "datasets/benchmarks/tables.h"

namespace lvr {
namespace {

bool isDigits(const std::string& text) {
    return !text.empty() && text.size() < 4 &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
}

// "(b)." -> "b"
std::string unwrapped(const std::string& label) {
    constexpr auto kAround = " \t\r\n().:";
    const auto first = label.find_first_not_of(kAround);
    if (first == label.npos) return "";
    return label.substr(first, label.find_last_not_of(kAround) - first + 1);
}

std::string textOf(const Json& value, const char* field) {
    return value.is_number() ? value.dump() : JsonEntry::text(value, field);
}

}  // namespace

const char* const kAnswerWithTheLetter =
    "Answer with the option's letter from the given choices directly.";

std::string letterAt(std::size_t option) { return {static_cast<char>('A' + option)}; }

std::string letterOf(const std::string& label, std::size_t options) {
    const auto bare = unwrapped(label);
    const bool isLetter = bare.size() == 1 && std::isalpha(static_cast<unsigned char>(bare[0]));
    if (!isLetter && !isDigits(bare))
        throw RecordProblem("the right answer \"" + label.substr(0, 40) +
                            "\" is neither a letter nor the number of an option");
    const auto option = isLetter
                            ? std::size_t(std::toupper(static_cast<unsigned char>(bare[0])) - 'A')
                            : std::stoul(bare);
    if (option >= options)
        throw RecordProblem("the right answer \"" + label + "\" is none of the " +
                            std::to_string(options) + " options");
    return letterAt(option);
}

std::vector<std::string> optionColumns(const JsonEntry& entry) {
    std::vector<std::string> options;
    for (char letter = 'A'; letter <= 'Z'; ++letter) {
        const char column[] = {letter, 0};
        if (!entry.has(column)) continue;
        options.resize(letter - 'A' + 1);
        options.back() = entry.textOrNumber(column);
    }
    if (options.empty()) throw RecordProblem("there are no options in the columns A, B, ...");
    return options;
}

std::vector<std::string> textList(const JsonEntry& entry, const char* field) {
    const Json& value = entry.at(field);
    std::vector<std::string> texts;
    if (value.is_array()) {
        for (const auto& text : value) texts.push_back(textOf(text, field));
    } else if (const auto listed = pythonTexts(textOf(value, field))) {
        texts = *listed;
    }
    if (texts.empty())
        throw RecordProblem("field \"" + std::string(field) + "\" must be a list of texts");
    return texts;
}

void addPictures(const std::vector<ItemPicture>& pictures, BenchmarkItem& item) {
    for (const auto& picture : pictures) {
        if (item.images.empty()) item.picture = picture.name;
        item.images.push_back(picture.file);
        item.extents.push_back(picture.extent);
    }
}

void addTablePicture(ItemRow& row, BenchmarkItem& item) {
    constexpr std::size_t kLongestIndex = 64;
    const char* field = row.entry.has("image") ? "image" : "image_path";
    const Json& cell = row.entry.at(field);
    const auto text = cell.is_string() ? cell.get<std::string>() : cell.dump();
    const bool isIndex = row.entry.has("image") && text.size() <= kLongestIndex &&
                         text.front() != '[' && !row.pictures.find(text) &&
                         !std::filesystem::path(text).has_extension();
    if (isIndex)
        row.sharedWith = text;
    else
        addPictures(row.pictures.read(cell, field), item);
}

}  // namespace lvr
