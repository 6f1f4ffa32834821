#include "datasets/benchmarks/item_row.h"

namespace lvr {
namespace {

// "2D" or "3D": a column's, else the file's name.
std::string kindOf(const ItemRow& row, const char* column) {
    if (row.entry.has(column)) return row.entry.text(column);
    const auto name = row.file.filename().string();
    return name.find("3D") != name.npos || name.find("3d") != name.npos ? "3D" : "2D";
}

}  // namespace

BenchmarkItem readCvBenchItem(ItemRow& row) {
    BenchmarkItem item;
    item.question = row.entry.text("question");
    item.prompt = row.entry.text("prompt");
    item.part = row.entry.text("source");
    if (row.entry.has("choices")) {
        item.id = row.entry.textOrNumber("idx");
        item.split = kindOf(row, "type");
        item.category = item.split + "/" + row.entry.text("task");
        item.options = textList(row.entry, "choices");
        if (row.entry.has("image"))
            addPictures(row.pictures.read(row.entry.at("image"), "image"), item);
        else
            addPictures({row.pictures.readFile(row.entry.text("filename"), "filename")}, item);
        item.picture = row.entry.has("filename") ? row.entry.text("filename") : "";
    } else {
        item.id = row.entry.textOrNumber("index");
        item.split = kindOf(row, "split");
        item.category =
            item.split + (row.entry.has("category") ? "/" + row.entry.text("category") : "");
        item.options = optionColumns(row.entry);
        addTablePicture(row, item);
    }
    item.gold = letterOf(row.entry.textOrNumber("answer"), item.options.size());
    return item;
}

}  // namespace lvr
