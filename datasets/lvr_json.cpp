#include "datasets/lvr_json.h"

#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

const std::string kImageMark = "<image>", kLvrMark = "<lvr>";

// One object of the list, with what an error about it needs to say.
class Entry {
public:
    Entry(const Json& object, const fs::path& file, int number)
        : object_(object), where_(file.string() + ", record " + std::to_string(number)) {}

    [[noreturn]] void fail(const std::string& problem) const {
        throw Error(where_ + ": " + problem);
    }

    bool has(const char* field) const { return object_.contains(field); }
    const Json& at(const char* field) const {
        if (!has(field)) fail("field \"" + std::string(field) + "\" is missing");
        return object_.at(field);
    }
    const Json& list(const char* field) const {
        const Json& value = at(field);
        if (!value.is_array()) fail("field \"" + std::string(field) + "\" must be an array");
        return value;
    }
    std::string text(const char* field) const { return text(at(field), field); }
    std::string text(const Json& value, const std::string& field) const {
        if (!value.is_string()) fail("field \"" + field + "\" must be a string");
        return value.get<std::string>();
    }

private:
    const Json& object_;
    std::string where_;
};

using Visit = std::function<void(const Entry&)>;

// Lets go of each record once visited: published lists hold 400,000.
Json::parser_callback_t visitRecords(const fs::path& file, const Visit& visit, int& count) {
    return [&](int depth, Json::parse_event_t event, Json& parsed) {
        using Event = Json::parse_event_t;
        if (depth == 0 && (event == Event::object_start || event == Event::value))
            throw Error(file.string() + ": must hold an array of records");
        if (depth != 1 || event == Event::object_start) return true;
        if (event != Event::object_end)
            throw Error(file.string() + ", record " + std::to_string(count + 1) +
                        ": must be an object");
        visit(Entry(parsed, file, ++count));
        return false;
    };
}

// Whatever can't be looked at counts as not there.
fs::file_type kindOf(const fs::path& path) {
    std::error_code failed;
    const auto kind = fs::status(path, failed).type();
    return failed ? fs::file_type::not_found : kind;
}

void forEachRecord(const fs::path& file, const Visit& visit) {
    const auto kind = kindOf(file);
    if (kind == fs::file_type::not_found)
        throw Error("there is no " + file.string() +
                    "; give a JSON list of records or a folder that holds data.json");
    if (kind != fs::file_type::regular) throw Error(file.string() + " is not a regular file");
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Error("can't read " + file.string());
    int count = 0;
    try {
        const auto rest = Json::parse(in, visitRecords(file, visit, count));
    } catch (const Json::exception& e) {
        throw Error(file.string() + " is not valid JSON after record " + std::to_string(count) +
                    ": " + e.what());
    }
    if (count == 0) throw Error(file.string() + " holds no records");
}

std::string trimmed(const std::string& text) {
    const char* const blank = " \t\r\n";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

int occurrences(const std::string& text, const std::string& mark) {
    int count = 0;
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + mark.size()))
        ++count;
    return count;
}

std::string withoutImageMarks(std::string text) {
    for (auto at = text.find(kImageMark); at != std::string::npos; at = text.find(kImageMark)) {
        auto end = at + kImageMark.size();
        if (end < text.size() && text[end] == '\n') ++end;
        if (at > 0 && text[at - 1] == '\n') --at;
        text.erase(at, end - at);
    }
    return text;
}

std::string answerIn(const std::string& response) {
    const std::string open = "<answer>";
    const auto from = response.find(open);
    const auto to = response.find("</answer>", from);
    if (from == std::string::npos || to == std::string::npos) return trimmed(response);
    return trimmed(response.substr(from + open.size(), to - from - open.size()));
}

// As lvr-spec 2.1: joined to the root unless it exists as it is.
std::string imagePath(const Entry& entry, const std::string& given, const fs::path& root) {
    for (const fs::path& path : {root / given, fs::path(given)})
        if (kindOf(path) != fs::file_type::not_found)
            return fs::absolute(path).lexically_normal().string();
    if (given.starts_with("http"))
        entry.fail("field \"image\": " + given + " is on the web; download it and name the file");
    entry.fail("field \"image\": there is no " + (root / given).string());
}

std::vector<std::string> readImages(const Entry& entry, const fs::path& root) {
    std::vector<std::string> paths;
    const Json& image = entry.at("image");
    if (!image.is_array()) return {imagePath(entry, entry.text(image, "image"), root)};
    for (const auto& path : image)
        paths.push_back(imagePath(entry, entry.text(path, "image"), root));
    if (paths.empty()) entry.fail("field \"image\" names no image");
    return paths;
}

// The text of turn `index`, which must come from `speaker`.
std::string readTurn(const Entry& entry, std::size_t index, const std::string& speaker) {
    const Json& turns = entry.list("conversations");
    if (turns.size() != 2)
        entry.fail("field \"conversations\" must hold one human and one gpt turn, not " +
                   std::to_string(turns.size()) + " turns");
    const Json& turn = turns[index];
    const std::string name = "conversations[" + std::to_string(index) + "]";
    if (!turn.is_object() || !turn.contains("from") || !turn.contains("value"))
        entry.fail("field \"" + name + "\" must be an object with \"from\" and \"value\"");
    if (entry.text(turn["from"], name + ".from") != speaker)
        entry.fail("field \"" + name + ".from\" must be \"" + speaker + "\"");
    return entry.text(turn["value"], name + ".value");
}

Box readBox(const Entry& entry, const Json& value) {
    constexpr double kFarOutside = 1;  // published boxes overshoot a little; pixels do by far
    if (!value.is_array() || value.size() != 4)
        entry.fail("field \"bboxes\" must hold boxes [x0, y0, x1, y1]");
    std::array<double, 4> edges{};
    for (int i = 0; i < 4; ++i) {
        if (!value[i].is_number()) entry.fail("field \"bboxes\" must hold numbers");
        edges[i] = value[i].get<double>();
        if (!(edges[i] >= -kFarOutside && edges[i] <= 1 + kFarOutside))
            entry.fail("field \"bboxes\" must be fractions of the image, not " + value.dump());
    }
    return {edges[0], edges[1], edges[2], edges[3]};
}

std::vector<Box> readBoxes(const Entry& entry) {
    std::vector<Box> boxes;
    if (!entry.has("bboxes")) return boxes;
    for (const auto& box : entry.list("bboxes")) boxes.push_back(readBox(entry, box));
    return boxes;
}

void checkMarks(const Entry& entry, const LvrRecord& record, int imageMarks, int lvrMarks) {
    const int images = static_cast<int>(record.images.size());
    if (imageMarks != 0 && imageMarks != images)
        entry.fail("the human turn has " + std::to_string(imageMarks) + " <image> for " +
                   std::to_string(images) + " images");
    const int boxes = static_cast<int>(record.boxes.size());
    if (lvrMarks == boxes || lvrMarks == 0 || (lvrMarks == 1 && boxes > 0)) return;
    entry.fail("field \"bboxes\" has " + std::to_string(boxes) + " boxes for " +
               std::to_string(lvrMarks) + " <lvr>");
}

// Provenance only, and in some lists a number.
std::string readQuestionId(const Entry& entry) {
    if (!entry.has("question_id")) return "";
    const Json& id = entry.at("question_id");
    return id.is_number() ? id.dump() : entry.text("question_id");
}

LvrRecord readRecord(const Entry& entry, const fs::path& root, const std::string& dataset) {
    const std::string human = readTurn(entry, 0, "human"), gpt = readTurn(entry, 1, "gpt");
    LvrRecord record;
    record.dataset = entry.has("dataset") ? entry.text("dataset") : dataset;
    record.questionId = readQuestionId(entry);
    record.images = readImages(entry, root);
    record.question = withoutImageMarks(human);
    record.response = gpt;
    const auto mark = gpt.rfind(kLvrMark);
    record.answer = answerIn(mark == std::string::npos ? gpt : gpt.substr(mark + kLvrMark.size()));
    record.boxes = readBoxes(entry);
    checkMarks(entry, record, occurrences(human, kImageMark), occurrences(gpt, kLvrMark));
    return record;
}

void readMetaEntry(const Entry& entry, const fs::path& root, std::vector<LvrRecord>& records) {
    const std::string name = entry.text("ds_name");
    const fs::path data = root / entry.text("data_path"),
                   images = root / entry.text("image_folder");
    forEachRecord(
        data, [&](const Entry& record) { records.push_back(readRecord(record, images, name)); });
}

}  // namespace

std::vector<LvrRecord> readLvrJson(const fs::path& fileOrFolder, const fs::path& imageRoot) {
    const bool folder = kindOf(fileOrFolder) == fs::file_type::directory;
    const fs::path file = fs::absolute(folder ? fileOrFolder / "data.json" : fileOrFolder);
    const fs::path root = imageRoot.empty() ? file.parent_path() : fs::absolute(imageRoot);
    std::vector<LvrRecord> records;
    std::set<std::string> names;
    forEachRecord(file, [&](const Entry& entry) {
        if (!entry.has("ds_name")) {
            if (!names.empty()) entry.fail("field \"ds_name\" is missing");
            return records.push_back(readRecord(entry, root, ""));
        }
        if (names.empty() && !records.empty()) entry.fail("a \"ds_name\" among plain records");
        if (!names.insert(entry.text("ds_name")).second)
            entry.fail("field \"ds_name\": " + entry.text("ds_name") + " occurs twice");
        readMetaEntry(entry, root, records);
    });
    return records;
}

}  // namespace lvr
