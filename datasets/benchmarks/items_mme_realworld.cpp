#include "datasets/benchmarks/item_row.h"

namespace lvr {
namespace {

// "(A) White" -> "White"; what has no letter in front stays as it is.
std::string withoutLetter(const std::string& option) {
    const bool isLettered = option.size() >= 4 && option[0] == '(' && option[1] >= 'A' &&
                            option[1] <= 'Z' && option[2] == ')' && option[3] == ' ';
    return isLettered ? option.substr(4) : option;
}

}  // namespace

// item.prompt is the question and its options as the source has them: both harnesses put their
// words behind it.
BenchmarkItem readMmeRealWorldItem(ItemRow& row) {
    BenchmarkItem item;
    const bool isRaw = row.entry.has("Question_id");
    item.question = row.entry.text(isRaw ? "Text" : "question");
    item.prompt = item.question + " The choices are listed below:\n";
    for (const auto& option :
         textList(row.entry, isRaw ? "Answer choices" : "multi-choice options")) {
        item.prompt += option + "\n";
        item.options.push_back(withoutLetter(option));
    }
    if (isRaw) {
        item.id = row.entry.textOrNumber("Question_id");
        item.category = row.entry.text("Task") + "/" + row.entry.text("Subtask");
        item.part = row.entry.text("Category");
        addPictures({row.pictures.readFile(row.entry.text("Image"), "Image")}, item);
    } else {
        item.id = row.entry.textOrNumber("index");
        item.category = row.entry.text("category");
        item.part = row.entry.text("l2-category");
        if (row.entry.has("bytes"))
            addPictures(row.pictures.read(row.entry.at("bytes"), "bytes"), item);
        else
            addTablePicture(row, item);
    }
    item.gold =
        letterOf(row.entry.textOrNumber(isRaw ? "Ground truth" : "answer"), item.options.size());
    return item;
}

}  // namespace lvr
