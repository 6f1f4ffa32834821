#include "datasets/record_file.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/vision/image_file.h"
#include "datasets/record_readers.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using Records = nlohmann::ordered_json;

Records recordsIn(const fs::path& file) {
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return Records::array();
    if (fs::is_directory(file, ignored))
        throw Error(file.string() + " is a folder; name a file in it");
    if (fs::is_empty(file, ignored)) return Records::array();
    std::ifstream stream(file);
    const auto records = Records::parse(stream, nullptr, /*allow_exceptions=*/false);
    if (!records.is_array())
        throw Error(file.string() +
                    " is no list of records in the LVR JSON format; choose another "
                    "file");
    return records;
}

// One record a line, as lvr writes its own.
std::string listText(const Records& records) {
    std::string text;
    for (const auto& record : records) text += (text.empty() ? "[\n" : ",\n") + record.dump();
    return text + "\n]\n";
}

// As it stands in the file: what lies below the file's folder is named from there.
std::string pictureName(const fs::path& picture, const fs::path& file) {
    const auto folder = fs::absolute(file).parent_path();
    const auto relative = fs::absolute(picture).lexically_relative(folder);
    const bool isBelow = !relative.empty() && *relative.begin() != "..";
    return (isBelow ? relative : fs::absolute(picture)).generic_string();
}

fs::path writePicture(const Image& image, const std::string& name, const fs::path& file) {
    auto folder = file;
    folder.replace_extension();
    folder += "-pictures";
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) throw Error("cannot create " + folder.string() + ": " + failed.message());
    const auto picture = folder / (name + ".png");
    writePng(image, picture);
    return picture;
}

std::vector<std::string> pictureNames(const NewRecord& record, const fs::path& file) {
    std::vector<std::string> names;
    const auto& images = record.sample.question.images;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const bool isThere = i < record.pictures.size() && !record.pictures[i].empty();
        const auto own = record.sample.id + (i == 0 ? "" : "-" + std::to_string(i + 1));
        names.push_back(
            pictureName(isThere ? record.pictures[i] : writePicture(images[i], own, file), file));
    }
    return names;
}

Records jsonOf(const NewRecord& record, const std::vector<std::string>& pictures) {
    const Sample& sample = record.sample;
    Records boxes = Records::array(), boxImages = Records::array();
    for (const Box& box : sample.rois) {
        boxes.push_back({box.x0, box.y0, box.x1, box.y1});
        boxImages.push_back(box.image);
    }
    std::string marks;
    for (std::size_t i = 0; i < pictures.size(); ++i) marks += "<image>\n";
    Records json{{"dataset", sample.kind.empty() ? "drawn" : sample.kind},
                 {"question_id", sample.id},
                 {"image", pictures},
                 {"conversations",
                  Records::array({{{"from", "human"}, {"value", marks + sample.question.text}},
                                  {{"from", "gpt"},
                                   {"value", responseFor(sample.answer, !sample.rois.empty())}}})},
                 {"bboxes", boxes}};
    if (pictures.size() > 1) json["bbox_images"] = boxImages;
    const auto isNamed = [](const std::string& label) { return !label.empty(); };
    if (std::ranges::any_of(record.labels, isNamed)) json["labels"] = record.labels;
    return json;
}

}  // namespace

std::size_t appendRecord(const NewRecord& record, const fs::path& file) {
    if (trimmed(record.sample.question.text).empty())
        throw Error("the record has no question; type one");
    if (trimmed(record.sample.answer).empty()) throw Error("the record has no answer; type one");
    for (const char* mark : {"<lvr>", "<answer>", "</answer>"})
        if (record.sample.answer.find(mark) != std::string::npos)
            throw Error(std::string("the answer holds ") + mark +
                        ", which the record puts around it itself; write the answer alone");
    if (record.sample.question.images.empty()) throw Error("the record has no picture; open one");
    auto records = recordsIn(file);
    records.push_back(jsonOf(record, pictureNames(record, file)));
    writeFileAtomically(file, listText(records));
    return records.size();
}

}  // namespace lvr
