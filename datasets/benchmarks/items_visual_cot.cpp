#include "datasets/benchmarks/item_row.h"
#include "datasets/image_paths.h"
#include "datasets/record_readers.h"

namespace lvr {
namespace {

// Pixels of the first picture.
BenchmarkTarget pixelTarget(const Box& box, const PictureExtent& extent) {
    return {"",
            box.x0 * extent.width,
            box.y0 * extent.height,
            (box.x1 - box.x0) * extent.width,
            (box.y1 - box.y0) * extent.height,
            0};
}

// The paths of the release start at the folder above "cot/".
std::string firstFile(const JsonEntry& entry) {
    const auto name = JsonEntry::text(imagesOf(entry).front(), "image");
    return name.substr(0, name.find("###"));
}

// {img_path, expression, bbox, question_id}: a region to find by its description.
BenchmarkItem readRegionToFind(ItemRow& row) {
    BenchmarkItem item;
    item.id = row.file.stem().string() + "/" + row.entry.textOrNumber("question_id");
    item.question = row.entry.text("expression");
    addPictures({row.pictures.readFile(row.entry.text("img_path"), "img_path")}, item);
    auto boxes = row.entry.list("bbox");
    if (!boxes.empty() && boxes[0].is_number()) boxes = Json::array({boxes});
    for (const auto& box : boxes) {
        if (!box.is_array() || box.size() != 4 || !box[0].is_number())
            throw RecordProblem("field \"bbox\" must hold boxes [x0, y0, x1, y1]");
        const double x0 = box[0], y0 = box[1], x1 = box[2], y1 = box[3];
        item.targets.push_back({"", x0, y0, x1 - x0, y1 - y0, 0});
    }
    return item;
}

}  // namespace

BenchmarkItem readVisualCotItem(ItemRow& row) {
    if (row.entry.has("expression")) {
        auto item = readRegionToFind(row);
        item.category = row.file.stem().string();
        return item;
    }
    BenchmarkItem item;
    item.category = row.file.stem().string();
    const auto name = firstFile(row.entry);
    addPictures({row.pictures.readFile(name, "image")}, item);
    // The record's own rules find the picture below the folder where it was found.
    const std::filesystem::path file = item.images.front();
    const auto root = file.string().ends_with(name)
                          ? file.string().substr(0, file.string().size() - name.size())
                          : row.root.string();
    const auto record = readLlavaRecord(row.entry, ImagePaths(root, {}));
    item.id = item.category + "/" +
              (record.questionId.empty() ? std::to_string(row.number) : record.questionId);
    item.question = record.question;
    item.gold = record.answer;
    for (const auto& box : record.boxes)
        item.targets.push_back(pixelTarget(box, item.extents.front()));
    return item;
}

}  // namespace lvr
