#include "datasets/benchmarks/item_row.h"

namespace lvr {
namespace {

std::string readyPrompt(const BenchmarkItem& item) {
    auto text = item.question + "\nSelect from the following choices.\n";
    for (std::size_t i = 0; i < item.options.size(); ++i)
        text += "(" + letterAt(i) + ") " + item.options[i] + "\n";
    return text;
}

// The test split's answers are hidden.
std::string goldOf(const std::string& answer, std::size_t options) {
    return answer == "hidden" || answer.empty() ? "" : letterOf(answer, options);
}

void addNumberedPictures(ItemRow& row, BenchmarkItem& item) {
    for (int i = 1;; ++i) {
        const auto field = "image_" + std::to_string(i);
        const bool isColumn = i <= 4 || row.entry.has(field.c_str());
        if (!isColumn) break;
        if (row.entry.has(field.c_str()))
            addPictures(row.pictures.read(row.entry.at(field.c_str()), field), item);
    }
    if (item.images.empty()) throw RecordProblem("field \"image_1\" is missing");
}

}  // namespace

BenchmarkItem readBlinkItem(ItemRow& row) {
    BenchmarkItem item;
    item.question = row.entry.text("question");
    if (row.entry.has("choices")) {
        item.id = row.entry.text("idx");
        item.category = row.entry.text("sub_task");
        item.split = item.id.starts_with("test") ? "test" : "val";
        item.options = textList(row.entry, "choices");
        item.prompt = row.entry.text("prompt");
        addNumberedPictures(row, item);
    } else {
        item.id = row.entry.textOrNumber("index");
        item.category = row.entry.text("category");
        item.split = row.entry.has("split") ? row.entry.text("split") : "val";
        item.options = optionColumns(row.entry);
        addTablePicture(row, item);
    }
    if (item.prompt.empty()) item.prompt = readyPrompt(item);
    item.gold = goldOf(row.entry.textOrNumber("answer"), item.options.size());
    return item;
}

}  // namespace lvr
