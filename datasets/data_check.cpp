#include "datasets/data_check.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/values/image_marks.h"
#include "core/vision/image_file.h"
#include "core/vision/patch_grid.h"
#include "datasets/record_length.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// Of an image: its size and grid, or why there is none.
struct Looked {
    PictureSize size;
    PatchGrid grid;
    std::string problem;
};
using Images = std::map<std::string, Looked>;

Looked look(const std::string& file, const PreprocessConfig& config, ImageCheck check) {
    try {
        PictureSize size;
        if (check == ImageCheck::Decode) {
            const auto image = readImage(file);
            size = {image.width, image.height};
        } else {
            size = readWholePictureSize(file);
        }
        const auto resized = smartResize({size.height, size.width}, config);
        const int cell = config.patchSize * config.mergeSize;
        return {size, {resized.height / cell, resized.width / cell}, ""};
    } catch (const Error& error) {
        return {{}, {}, error.what()};
    }
}

Images lookAtAll(const Dataset& dataset, const PreprocessConfig& config, ImageCheck check,
                 const std::function<void(std::size_t, std::size_t)>& seen,
                 const std::stop_token& stop) {
    Images images;
    for (const auto& record : dataset.records)
        for (const auto& file : record.images) images[file];
    std::size_t done = 0;
    for (auto& [file, looked] : images) {
        if (stop.stop_requested()) throw Cancelled();
        looked = look(file, config, check);
        if (seen) seen(++done, images.size());
    }
    return images;
}

bool isEmpty(const Box& box) { return !(box.x1 > box.x0 && box.y1 > box.y0); }

Box cleaned(Box box) {
    for (double* edge : {&box.x0, &box.y0, &box.x1, &box.y1}) *edge = std::clamp(*edge, 0.0, 1.0);
    return box;
}

std::string oddBox(const Box& box) {
    constexpr double kWhole = 0.9;
    const auto inside = cleaned(box);
    if (isEmpty(inside))
        return "is empty or outside of the image: it becomes the one token under its centre";
    if (!(inside == box)) return "reaches beyond the image: it is cut there";
    if ((box.x1 - box.x0) * (box.y1 - box.y0) > kWhole) return "covers almost the whole image";
    return "";
}

std::string pixels(PictureSize size) {
    return std::to_string(size.width) + " x " + std::to_string(size.height);
}

// Boxes in pixels are of the size that the record states.
std::string oddSize(const DataRecord& record, PictureSize size) {
    if (!record.stated) return "";
    const auto stated = *record.stated;
    if (stated.width == size.width && stated.height == size.height) return "";
    const auto sentence =
        "says its image has " + pixels(stated) + " pixels; the file has " + pixels(size);
    const bool turned = stated.width == size.height && stated.height == size.width;
    return sentence + (turned ? ", perhaps turned by its EXIF orientation: boxes of the picture "
                                "before it was turned lie elsewhere"
                              : "");
}

// Moves the records whose images can't be read.
void leaveOutUnreadable(Dataset& dataset, const Images& images) {
    const auto problem = [&](const DataRecord& record) {
        for (const auto& file : record.images)
            if (const auto& why = images.at(file).problem; !why.empty()) return why;
        return std::string();
    };
    const auto unreadable = [&](const DataRecord& record) {
        const auto why = problem(record);
        if (!why.empty())
            dataset.bad.push_back({.file = record.file, .number = record.number, .problem = why});
        return !why.empty();
    };
    std::erase_if(dataset.records, unreadable);
    std::ranges::sort(dataset.bad, {}, [](const auto& b) { return std::pair(b.file, b.number); });
}

class Tally {
public:
    Tally(const Images& images, const Speech* speech, DataReport& report)
        : images_(images), speech_(speech), report_(report) {
        for (const auto& [file, looked] : images)
            if (looked.problem.empty()) imageTokens_.push_back(looked.grid.count());
    }

    void add(const DataRecord& record, const std::string& name) {
        ++report_.datasets[record.kind()];
        if (!record.note.empty()) report_.notes.push_back({name, record.note});
        const auto odd = oddSize(record, images_.at(record.images.front()).size);
        if (!odd.empty()) report_.notes.push_back({name, odd});
        boxes_.push_back(static_cast<double>(record.boxes.size()));
        if (speech_) measure(record, name);
        std::size_t tokens = 0, all = 0;
        for (const auto& file : record.images) all += images_.at(file).grid.count();
        for (std::size_t b = 0; b < record.boxes.size(); ++b) {
            const auto& box = record.boxes[b];
            tokens += boxTokens(box, images_.at(record.images[box.image]).grid).size();
            if (const auto odd = oddBox(box); !odd.empty())
                report_.notes.push_back({name, "box " + std::to_string(b + 1) + " " + odd});
        }
        if (record.boxes.empty()) return;
        if (!record.usesItsBoxes()) {
            ++report_.unusedBoxes;
            report_.notes.push_back({name, "has boxes and no <lvr>: its boxes aren't used"});
            return;
        }
        roiTokens_.push_back(static_cast<double>(tokens));
        roiShare_.push_back(static_cast<double>(tokens) / static_cast<double>(all));
    }

    void finish() {
        report_.images = imageTokens_.size();
        report_.imageTokens = spreadOf(imageTokens_);
        report_.roiTokens = spreadOf(roiTokens_);
        report_.roiShare = spreadOf(roiShare_);
        report_.boxes = spreadOf(boxes_);
        report_.textTokens = spreadOf(textTokens_);
        report_.positions = spreadOf(positions_);
    }

private:
    void measure(const DataRecord& record, const std::string& name) {
        std::vector<PatchGrid> grids;
        for (const auto& file : record.images) grids.push_back(images_.at(file).grid);
        const auto length = lengthOf(record, grids, *speech_, {}, name);
        textTokens_.push_back(length.text);
        positions_.push_back(length.all);
    }

    const Images& images_;
    const Speech* speech_;
    DataReport& report_;
    std::vector<double> imageTokens_, roiTokens_, roiShare_, boxes_, textTokens_, positions_;
};

// Relative to `folder` where it is below it.
std::string shortened(const std::string& file, const fs::path& folder) {
    const auto relative = fs::path(file).lexically_relative(folder).generic_string();
    return relative.empty() || relative.starts_with("..") ? file : relative;
}

nlohmann::ordered_json toLvrJson(const DataRecord& record, const fs::path& folder) {
    using Json = nlohmann::ordered_json;
    Json images = Json::array(), boxes = Json::array(), boxImages = Json::array();
    std::string marks;
    const bool marked = cutAtImageMarks(record.question).size() > 1;
    for (const auto& file : record.images) {
        images.push_back(shortened(file, folder));
        if (!marked) marks += "<image>\n";
    }
    for (const auto& given : record.boxes) {
        const auto box = cleaned(given);
        boxes.push_back({box.x0, box.y0, box.x1, box.y1});
        boxImages.push_back(box.image);
    }
    Json json{
        {"dataset", record.dataset},
        {"question_id", record.questionId},
        {"image", images},
        {"conversations", Json::array({{{"from", "human"}, {"value", marks + record.question}},
                                       {{"from", "gpt"}, {"value", record.response}}})},
        {"bboxes", boxes}};
    if (record.images.size() > 1) json["bbox_images"] = boxImages;
    return json;
}

}  // namespace

Spread spreadOf(std::vector<double> values) {
    if (values.empty()) return {};
    std::ranges::sort(values);
    const auto at = [&](double share) {
        return values[static_cast<std::size_t>(
            std::lround(share * static_cast<double>(values.size() - 1)))];
    };
    return {values.front(), at(0.5), at(0.95), values.back(), values.size()};
}

DataReport checkData(Dataset& dataset, const PreprocessConfig& preprocess, ImageCheck check,
                     const std::function<void(std::size_t, std::size_t)>& seen,
                     const std::stop_token& stop, const Speech* speech) {
    DataReport report;
    report.records = dataset.records.size() + dataset.bad.size();
    const auto images = lookAtAll(dataset, preprocess, check, seen, stop);
    leaveOutUnreadable(dataset, images);
    for (const auto& bad : dataset.bad) {
        report.bad.push_back({dataset.name(bad.file, bad.number), bad.problem});
        report.withoutPicture += bad.noPicture;
    }
    Tally tally(images, speech, report);
    for (const auto& record : dataset.records) tally.add(record, dataset.name(record));
    tally.finish();
    return report;
}

void writeLvrJson(const std::vector<DataRecord>& records, const fs::path& file) {
    const auto folder = fs::absolute(file).parent_path();
    std::string text;
    for (const auto& record : records)
        text += (text.empty() ? "[\n" : ",\n") +
                toLvrJson(record, folder)
                    .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    if (text.empty()) throw Error("there is no good record to write to " + file.string());
    writeFileAtomically(file, text + "\n]\n");
}

}  // namespace lvr
