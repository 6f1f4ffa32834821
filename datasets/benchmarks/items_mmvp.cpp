#include <algorithm>

#include "datasets/benchmarks/item_row.h"
#include "datasets/record_readers.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// "(a) Left (b) Right"
std::vector<std::string> optionsOf(const std::string& text) {
    std::vector<std::string> options;
    auto at = text.find("(a)");
    for (char letter = 'b'; at != text.npos; ++letter) {
        const auto mark = std::string("(") + letter + ")";
        auto next = text.find(" " + mark, at + 3);
        next = next == text.npos ? text.find(mark, at + 3) : next + 1;
        options.push_back(trimmed(text.substr(at + 3, next - at - 3)));
        at = next;
    }
    if (options.size() < 2)
        throw RecordProblem("field \"Options\" must be \"(a) .. (b) ..\", not \"" + text + "\"");
    return options;
}

std::string joinedOptions(const std::vector<std::string>& options) {
    std::string text;
    for (std::size_t i = 0; i < options.size(); ++i)
        text += std::string(i ? " (" : "(") + static_cast<char>('a' + i) + ") " + options[i];
    return text;
}

// Two files for one number: which is meant can't be known.
ItemPicture numberedPicture(ItemRow& row, const std::string& number) {
    std::vector<std::string> there;
    for (const char* ending : {".jpg", ".jpeg", ".png", ".JPG"})
        for (const char* folder : {"MMVP Images", "MMVP_Images", "images"}) {
            const auto name = fs::path(folder) / (number + ending);
            std::error_code failed;
            if (fs::exists(row.root / name, failed)) there.push_back(name.string());
        }
    if (there.size() > 1)
        throw RecordProblem("there are two pictures " + number + ": " + there[0] + " and " +
                            there[1] + "; remove one");
    auto picture = row.pictures.readFile(
        there.empty() ? "MMVP Images/" + number + ".jpg" : there.front(), "Index");
    picture.name = fs::path(picture.file).filename().string();
    return picture;
}

}  // namespace

// item.prompt is the question and its options as the source has them, a space between.
BenchmarkItem readMmvpItem(ItemRow& row) {
    BenchmarkItem item;
    if (row.entry.has("Options")) {
        item.id = row.entry.textOrNumber("Index");
        item.question = row.entry.text("Question");
        const auto options = row.entry.text("Options");
        item.options = optionsOf(options);
        item.prompt = item.question + " " + options;
        item.gold = letterOf(row.entry.text("Correct Answer"), item.options.size());
        if (row.entry.has("image"))
            addPictures(row.pictures.read(row.entry.at("image"), "image"), item);
        else
            addPictures({numberedPicture(row, item.id)}, item);
    } else {
        item.id = row.entry.textOrNumber("index");
        item.question = row.entry.text("question");
        item.options = optionColumns(row.entry);
        item.prompt = item.question + " " + joinedOptions(item.options);
        item.gold = letterOf(row.entry.textOrNumber("answer"), item.options.size());
        addTablePicture(row, item);
    }
    return item;
}

}  // namespace lvr
