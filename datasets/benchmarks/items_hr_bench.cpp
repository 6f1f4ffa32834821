#include "datasets/benchmarks/item_row.h"

namespace lvr {
namespace {

// "hrbench_4k": the file's name says it.
std::string splitOf(const std::filesystem::path& file) {
    const auto name = file.filename().string();
    for (const char* size : {"4k", "4K", "8k", "8K"})
        if (name.find(size) != name.npos) return std::string("hrbench_") + size[0] + "k";
    return "hrbench";
}

}  // namespace

// Four rows ask one question about one picture, their options in another order each.
BenchmarkItem readHrBenchItem(ItemRow& row) {
    BenchmarkItem item;
    item.split = splitOf(row.file);
    item.id = item.split + "/" + row.entry.textOrNumber("index");
    const auto size = item.split.size() > 8 ? item.split.substr(8, 1) + "K/" : "";
    item.category = size + row.entry.text("category");
    item.part = row.entry.textOrNumber("cycle_category");
    item.question = row.entry.text("question");
    item.options = optionColumns(row.entry);
    item.gold = letterOf(row.entry.textOrNumber("answer"), item.options.size());
    addTablePicture(row, item);
    return item;
}

}  // namespace lvr
