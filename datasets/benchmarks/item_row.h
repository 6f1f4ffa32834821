#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/values/benchmark.h"
#include "datasets/benchmarks/item_pictures.h"
#include "datasets/json_entries.h"

namespace lvr {

// One row of a benchmark's files, on its way to be an item.
struct ItemRow {
    JsonEntry entry;
    const std::filesystem::path& file;
    const std::filesystem::path& root;  // of the layout
    ItemPictures& pictures;
    int number = 0;               // within its file, from 1
    std::string sharedWith = {};  // set by the reader: the id of the row whose picture this one has
};

// A row as an item. Each throws RecordProblem naming the field.
BenchmarkItem readVstarItem(ItemRow& row);
BenchmarkItem readMmvpItem(ItemRow& row);
BenchmarkItem readBlinkItem(ItemRow& row);
BenchmarkItem readCvBenchItem(ItemRow& row);
BenchmarkItem readHrBenchItem(ItemRow& row);
BenchmarkItem readMmeRealWorldItem(ItemRow& row);
BenchmarkItem readVisualCotItem(ItemRow& row);

// ---- Shared by them ----

// A right answer given as "B", "(b)", "B." or, from 0, as an option's number, as its letter. Throws
// RecordProblem: it is neither, or there is no such option.
std::string letterOf(const std::string& label, std::size_t options);
// "(C)" for 2, or another bracket.
std::string letterAt(std::size_t option);
// The options in the columns A, B, ...; an empty cell between others is an empty option.
std::vector<std::string> optionColumns(const JsonEntry& entry);
// A list of texts, or a text that is one in Python. Numbers are texts too.
std::vector<std::string> textList(const JsonEntry& entry, const char* field);
// The picture cell of a table (`image`, else `image_path`). At most 64 characters that name no file
// are the index of another row: ItemRow::sharedWith.
void addTablePicture(ItemRow& row, BenchmarkItem& item);
void addPictures(const std::vector<ItemPicture>& pictures, BenchmarkItem& item);
// What V* says at the end of each question, and other harnesses add.
extern const char* const kAnswerWithTheLetter;

}  // namespace lvr
