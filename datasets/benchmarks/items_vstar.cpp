#include <fstream>

#include "core/files/json_file.h"
#include "datasets/benchmarks/item_row.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

std::string withoutEndSpace(const std::string& text) {
    const auto last = text.find_last_not_of(" \t\r\n");
    return last == text.npos ? "" : text.substr(0, last + 1);
}

std::string optionMark(const std::string& before, std::size_t option) {
    return before + "(" + letterAt(option) + ")";
}

// The question, then "\n(A) ..", then the instruction: apart.
void splitText(const std::string& text, BenchmarkItem& item) {
    auto end = text.rfind(kAnswerWithTheLetter);
    if (end == text.npos) end = text.size();
    const auto listed = text.substr(0, end);
    // Each in a line of its own; else all in one line.
    const std::string before = listed.find(optionMark("\n", 0)) == listed.npos ? " " : "\n";
    auto at = listed.find(optionMark(before, 0));
    if (at == listed.npos) throw RecordProblem("field \"text\" lists no options as (A), (B), ...");
    item.question = withoutEndSpace(listed.substr(0, at));
    for (std::size_t option = 0; at != listed.npos; ++option) {
        const auto begin = listed.find_first_not_of(" \t", at + 4);
        const auto next = listed.find(optionMark(before, option + 1), at + 4);
        item.options.push_back(
            begin == listed.npos ? "" : withoutEndSpace(listed.substr(begin, next - begin)));
        at = next;
    }
}

std::string joinedText(const BenchmarkItem& item) {
    auto text = item.question;
    for (std::size_t i = 0; i < item.options.size(); ++i)
        text += "\n(" + letterAt(i) + ") " + item.options[i];
    return text + "\n" + kAnswerWithTheLetter;
}

// X.json beside X.jpg. The release cuts the name at its first dot.
std::optional<fs::path> sidecarOf(const fs::path& picture) {
    const auto name = picture.filename().string();
    for (const auto& stem : {picture.stem().string(), name.substr(0, name.find('.'))}) {
        std::error_code failed;
        const auto file = picture.parent_path() / (stem + ".json");
        if (fs::is_regular_file(file, failed)) return file;
    }
    return std::nullopt;
}

BenchmarkTarget targetOf(const Json& box, const Json& name) {
    if (!box.is_array() || box.size() != 4)
        throw RecordProblem("its sidecar's \"bbox\" must hold boxes [x, y, w, h]");
    for (const auto& edge : box)
        if (!edge.is_number()) throw RecordProblem("its sidecar's \"bbox\" must hold numbers");
    return {JsonEntry::text(name, "target_object"), box[0], box[1], box[2], box[3], 0};
}

void readSidecar(const fs::path& file, BenchmarkItem& item) {
    std::ifstream in(file);
    const auto json = Json::parse(in, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) throw RecordProblem(file.string() + " is not a JSON object");
    const JsonEntry sidecar(json);
    const auto& boxes = sidecar.list("bbox");
    const auto& names = sidecar.list("target_object");
    if (boxes.size() != names.size())
        throw RecordProblem(file.string() + " has " + std::to_string(boxes.size()) + " boxes for " +
                            std::to_string(names.size()) + " objects");
    for (std::size_t i = 0; i < boxes.size(); ++i)
        item.targets.push_back(targetOf(boxes[i], names[i]));
    if (sidecar.has("options") && sidecar.list("options").size() > 0)
        item.statement = JsonEntry::text(sidecar.list("options")[0], "options");
}

}  // namespace

BenchmarkItem readVstarItem(ItemRow& row) {
    BenchmarkItem item;
    item.category = row.entry.text("category");
    if (row.entry.has("text")) {
        item.id = row.entry.textOrNumber("question_id");
        item.prompt = row.entry.text("text");
        splitText(item.prompt, item);
        item.gold = letterOf(row.entry.textOrNumber("label"), item.options.size());
        addPictures(row.pictures.read(row.entry.at("image"), "image"), item);
        // Copies keep the name alone; in the snapshot it lies in its category's folder.
        if (!item.picture.empty() && item.picture.find('/') == item.picture.npos)
            item.picture = item.category + "/" + item.picture;
        if (const auto sidecar = sidecarOf(item.images.front())) readSidecar(*sidecar, item);
    } else {
        item.id = row.entry.textOrNumber("index");
        item.question = row.entry.text("question");
        item.options = optionColumns(row.entry);
        item.prompt = joinedText(item);
        item.gold = letterOf(row.entry.textOrNumber("answer"), item.options.size());
        addTablePicture(row, item);
    }
    return item;
}

}  // namespace lvr
