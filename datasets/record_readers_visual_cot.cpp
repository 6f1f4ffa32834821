#include <array>
#include <cmath>
#include <optional>

#include "core/vision/image_file.h"
#include "datasets/record_readers.h"

namespace lvr {
namespace {

using Edges = std::array<double, 4>;

const std::string kBoxMark = "###";
// How the LVR authors ask the same questions.
const std::string kShortAnswer = "\nProvide a short and direct response.";

Edges readEdges(const Json& value, const std::string& field) {
    Edges edges{};
    if (!value.is_array() || value.size() != 4)
        throw RecordProblem("field \"" + field + "\" must hold boxes [x0, y0, x1, y1]");
    for (int i = 0; i < 4; ++i) {
        if (!value[i].is_number()) throw RecordProblem("field \"" + field + "\" must hold numbers");
        edges[i] = value[i].get<double>();
    }
    return edges;
}

// Pixels to fractions. Published boxes overshoot the picture a little; a box of another picture, or
// one in fractions already, does not fit.
Box fromPixels(const Edges& e, PictureSize size, const std::string& field) {
    const double w = size.width, h = size.height;
    const auto shown = [&] {
        return Json(e).dump() + " of a picture of " + std::to_string(size.width) + " x " +
               std::to_string(size.height);
    };
    if (e[2] > 2 * w || e[3] > 2 * h || e[0] < -w || e[1] < -h)
        throw RecordProblem("field \"" + field + "\": the box " + shown() + " is outside of it");
    if (e[2] <= 1 && e[3] <= 1)
        throw RecordProblem("field \"" + field + "\" must hold pixels, not " + shown());
    return {e[0] / w, e[1] / h, e[2] / w, e[3] / h};
}

// The shorter side was padded by (side - shorter) / 2, rounded down, at its beginning.
Box fromPaddedSquare(const Edges& e, PictureSize size) {
    for (const double edge : e)
        if (edge < -1 || edge > 2)
            throw RecordProblem("field \"conversations\": the box " + Json(e).dump() +
                                " must be fractions of the padded picture");
    const int side = std::max(size.width, size.height);
    const double left = (side - size.width) / 2, top = (side - size.height) / 2;
    return {(e[0] * side - left) / size.width, (e[1] * side - top) / size.height,
            (e[2] * side - left) / size.width, (e[3] * side - top) / size.height};
}

double furthest(const Box& a, const Box& b) {
    return std::max({std::abs(a.x0 - b.x0), std::abs(a.y0 - b.y0), std::abs(a.x1 - b.x1),
                     std::abs(a.y1 - b.y1)});
}

PictureSize sizeOf(const std::string& file) {
    try {
        return readPictureSize(file);
    } catch (const std::exception& error) {
        throw RecordProblem(error.what());
    }
}

// Where a box in pixels is.
PictureSize pixelSize(const JsonEntry& entry, const std::string& file) {
    if (const auto stated = statedSize(entry)) return *stated;
    if (entry.has("width") && entry.has("height"))
        throw RecordProblem("fields \"width\" and \"height\" must be pixels");
    return sizeOf(file);
}

std::string turnText(const Json& turn) {
    return turn.is_object() && turn.contains("value") && turn["value"].is_string()
               ? turn["value"].get<std::string>()
               : "";
}

// "[0.1, 0.2, 0.3, 0.4]" as a gpt turn; none when it is anything else.
std::optional<Edges> spokenBox(const std::string& text) {
    const auto parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!parsed.is_array() || parsed.size() != 4) return std::nullopt;
    for (const auto& edge : parsed)
        if (!edge.is_number()) return std::nullopt;
    return readEdges(parsed, "conversations");
}

// The question without the sentence that asks for the box first.
std::string questionIn(const std::string& text) {
    const auto request = text.find("Please provide the bounding box");
    return trimmed(questionAbout(1, text.substr(0, request)));
}

}  // namespace

DataRecord readVisualCotRecord(const JsonEntry& entry, const ImagePaths& images) {
    DataRecord record;
    record.dataset = entry.has("dataset") ? entry.text("dataset") : "";
    record.questionId = entry.textOrNumber("question_id");
    for (const auto& image : imagesOf(entry))
        record.images.push_back(images.find(image, record.dataset));
    record.question =
        trimmed(questionAbout(record.images.size(), entry.text("question"))) + kShortAnswer;
    record.answer = trimmed(entry.text("answer"));
    const auto size = pixelSize(entry, record.images.front());
    for (const auto& box : entry.list("bboxs"))
        record.boxes.push_back(fromPixels(readEdges(box, "bboxs"), size, "bboxs"));
    record.response = responseFor(record.answer, !record.boxes.empty());
    return record;
}

bool isLlavaRecord(const JsonEntry& entry) {
    if (!entry.has("conversations") || !(entry.has("image") || entry.has("images"))) return false;
    for (const auto& name : imagesOf(entry))
        if (name.is_string() && name.get<std::string>().find(kBoxMark) != std::string::npos)
            return true;
    const Json& turns = entry.at("conversations");
    return turns.is_array() && turns.size() == 4 && spokenBox(turnText(turns[1])).has_value();
}

DataRecord readLlavaRecord(const JsonEntry& entry, const ImagePaths& images) {
    const Json& turns = entry.list("conversations");
    if (turns.size() < 2 || turns.size() % 2 != 0)
        throw RecordProblem("field \"conversations\" must hold human and gpt turns in pairs");
    DataRecord record;
    record.dataset = entry.has("dataset") ? entry.text("dataset") : "";
    record.questionId = entry.textOrNumber(entry.has("question_id") ? "question_id" : "id");
    record.question = questionIn(turnText(turns.front())) + kShortAnswer;
    record.answer = trimmed(turnText(turns.back()));
    std::vector<Edges> pixels;
    for (const auto& image : imagesOf(entry)) {
        const auto name = image.is_string() ? image.get<std::string>() : "";
        const auto mark = name.find(kBoxMark);
        const auto file = images.find(
            mark == std::string::npos ? image : Json(name.substr(0, mark)), record.dataset);
        if (record.images.empty()) record.images.push_back(file);
        if (mark == std::string::npos) continue;
        const auto box = Json::parse(name.substr(mark + kBoxMark.size()), nullptr, false);
        pixels.push_back(readEdges(box, "image"));
    }
    const auto size = sizeOf(record.images.front());
    const auto spoken = turns.size() > 2 ? spokenBox(turnText(turns[1])) : std::nullopt;
    for (const auto& box : pixels) record.boxes.push_back(fromPixels(box, size, "image"));
    if (pixels.empty() && spoken) record.boxes.push_back(fromPaddedSquare(*spoken, size));
    constexpr double kRounding = 0.01;
    if (pixels.size() == 1 && spoken &&
        furthest(record.boxes.front(), fromPaddedSquare(*spoken, size)) > kRounding)
        record.note =
            "the box in pixels and the one the gpt says are of different places; the "
            "pixels are used";
    record.response = responseFor(record.answer, !record.boxes.empty());
    return record;
}

}  // namespace lvr
