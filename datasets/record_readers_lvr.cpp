#include <algorithm>
#include <array>

#include "core/eval/answer.h"
#include "core/values/image_marks.h"
#include "datasets/record_readers.h"

namespace lvr {
namespace {

const std::string kLvrMark = "<lvr>";

int occurrences(const std::string& text, const std::string& mark) {
    int count = 0;
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + mark.size()))
        ++count;
    return count;
}

// The text of turn `index`, which must come from `speaker`.
std::string readTurn(const JsonEntry& entry, std::size_t index, const std::string& speaker) {
    const Json& turns = entry.list("conversations");
    if (turns.size() != 2)
        throw RecordProblem("field \"conversations\" must hold one human and one gpt turn, not " +
                            std::to_string(turns.size()) + " turns");
    const Json& turn = turns[index];
    const std::string name = "conversations[" + std::to_string(index) + "]";
    if (!turn.is_object() || !turn.contains("from") || !turn.contains("value"))
        throw RecordProblem("field \"" + name + "\" must be an object with \"from\" and \"value\"");
    if (JsonEntry::text(turn["from"], name + ".from") != speaker)
        throw RecordProblem("field \"" + name + ".from\" must be \"" + speaker + "\"");
    return JsonEntry::text(turn["value"], name + ".value");
}

Box readBox(const Json& value) {
    constexpr double kFarOutside = 1;  // published boxes overshoot a little; pixels do by far
    if (!value.is_array() || value.size() != 4)
        throw RecordProblem("field \"bboxes\" must hold boxes [x0, y0, x1, y1]");
    std::array<double, 4> edges{};
    for (int i = 0; i < 4; ++i) {
        if (!value[i].is_number()) throw RecordProblem("field \"bboxes\" must hold numbers");
        edges[i] = value[i].get<double>();
        if (!(edges[i] >= -kFarOutside && edges[i] <= 1 + kFarOutside))
            throw RecordProblem("field \"bboxes\" must be fractions of the image, not " +
                                value.dump() + "; pixels go into Visual-CoT's field \"bboxs\"");
    }
    return {edges[0], edges[1], edges[2], edges[3]};
}

std::vector<Box> readBoxes(const JsonEntry& entry) {
    std::vector<Box> boxes;
    if (!entry.has("bboxes")) return boxes;
    for (const auto& box : entry.list("bboxes")) boxes.push_back(readBox(box));
    return boxes;
}

void readBoxImages(const JsonEntry& entry, DataRecord& record) {
    if (!entry.has("bbox_images")) return;
    const Json& list = entry.list("bbox_images");
    if (list.size() != record.boxes.size())
        throw RecordProblem("field \"bbox_images\" has " + std::to_string(list.size()) +
                            " entries for " + std::to_string(record.boxes.size()) + " boxes");
    const auto count = static_cast<int>(record.images.size());
    for (std::size_t b = 0; b < list.size(); ++b) {
        const Json& image = list[b];
        if (!image.is_number_integer() || image < 0 || image >= count)
            throw RecordProblem("field \"bbox_images\" must hold numbers of its images, 0 to " +
                                std::to_string(count - 1) + ", not " + image.dump());
        record.boxes[b].image = image.get<int>();
    }
}

void checkMarks(const DataRecord& record, int lvrMarks) {
    const int boxes = static_cast<int>(record.boxes.size());
    if (lvrMarks == boxes || lvrMarks == 0 || (lvrMarks == 1 && boxes > 0)) return;
    throw RecordProblem("field \"bboxes\" has " + std::to_string(boxes) + " boxes for " +
                        std::to_string(lvrMarks) + " <lvr>");
}

}  // namespace

std::string trimmed(const std::string& text) {
    const char* const blank = " \t\r\n";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::string questionAbout(std::size_t images, const std::string& human) {
    const auto pieces = cutAtImageMarks(human);
    const auto marks = pieces.size() - 1;
    if (marks != 0 && marks != images)
        throw RecordProblem("the human turn has " + std::to_string(marks) + " <image> for " +
                            std::to_string(images) + " images");
    const bool allFirst = std::all_of(pieces.begin(), pieces.end() - 1,
                                      [](const std::string& piece) { return piece.empty(); });
    return allFirst ? pieces.back() : human;
}

std::string responseFor(const std::string& answer, bool hasBoxes) {
    return (hasBoxes ? kLvrMark + "\n" : "") + "<answer> " + answer + " </answer>";
}

std::optional<PictureSize> statedSize(const JsonEntry& entry) {
    constexpr double kMost = 1'000'000;  // pixels a side
    const auto isSide = [&](const char* field) {
        return entry.has(field) && entry.at(field).is_number() && entry.at(field) >= 1 &&
               entry.at(field) <= kMost;
    };
    if (!isSide("width") || !isSide("height")) return std::nullopt;
    return PictureSize{entry.at("width").get<int>(), entry.at("height").get<int>()};
}

std::vector<Json> imagesOf(const JsonEntry& entry) {
    const char* const field = entry.has("image") || !entry.has("images") ? "image" : "images";
    const Json& value = entry.at(field);
    if (!value.is_array()) return {value};
    if (value.empty()) throw RecordProblem("field \"" + std::string(field) + "\" names no image");
    return {value.begin(), value.end()};
}

DataRecord readLvrRecord(const JsonEntry& entry, const ImagePaths& images,
                         const std::string& dataset) {
    const std::string human = readTurn(entry, 0, "human"), gpt = readTurn(entry, 1, "gpt");
    DataRecord record;
    record.dataset = entry.has("dataset") ? entry.text("dataset") : dataset;
    record.questionId = entry.textOrNumber(entry.has("question_id") ? "question_id" : "id");
    for (const auto& image : imagesOf(entry)) record.images.push_back(images.find(image));
    record.question = questionAbout(record.images.size(), human);
    record.response = gpt;
    record.answer = answerIn(gpt);
    record.boxes = readBoxes(entry);
    readBoxImages(entry, record);
    checkMarks(record, occurrences(gpt, kLvrMark));
    return record;
}

}  // namespace lvr
