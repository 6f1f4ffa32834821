#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/vision/image_file.h"
#include "datasets/scenes/clutter_scenes.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

// What is written, whatever drew it.
struct DataSet {
    std::string name;  // opens the records' ids
    SceneThought thought;
    std::vector<ScenePicture> pictures;
};

std::string dataSetName(const char* kind, std::uint64_t seed) {
    return std::string(kind) + "-" + std::to_string(seed);
}

// images/000001.png for the first picture.
std::string imageName(std::size_t picture) {
    char name[40];
    std::snprintf(name, sizeof name, "images/%06zu.png", picture + 1);
    return name;
}

std::string questionId(const DataSet& set, std::size_t picture, std::size_t question) {
    char position[48];
    std::snprintf(position, sizeof position, "-%06zu-%02zu", picture + 1, question + 1);
    return set.name + position;
}

Json record(const Scene& scene, const SceneQuestion& question, SceneThought thought,
            const std::string& id, const std::string& image) {
    Json boxes = Json::array();
    if (thought != SceneThought::Words)
        for (const auto& roi : question.rois) boxes.push_back({roi.x0, roi.y0, roi.x1, roi.y1});
    std::string thoughts = boxes.empty() ? "" : "<lvr>";
    if (thought != SceneThought::Latents)
        for (const int target : question.targets)
            thoughts += (thoughts.empty() ? "" : " ") + colorWords()[scene.objects[target].color];
    const std::string answer = thoughts + "\n<answer> " + question.answer + " </answer>";
    return {
        {"dataset", question.kind},
        {"split", "train"},
        {"question_id", id},
        {"image", Json::array({image})},
        {"conversations", Json::array({{{"from", "human"}, {"value", "<image>\n" + question.text}},
                                       {{"from", "gpt"}, {"value", answer}}})},
        {"bboxes", boxes}};
}

// One record a line.
std::string dataJson(const DataSet& set, const std::stop_token& stop) {
    std::string text;
    for (std::size_t p = 0; p < set.pictures.size(); ++p) {
        if (stop.stop_requested()) throw Cancelled();
        const auto& [scene, questions] = set.pictures[p];
        for (std::size_t q = 0; q < questions.size(); ++q) {
            text += text.empty() ? "[\n" : ",\n";
            text += record(scene, questions[q], set.thought, questionId(set, p, q), imageName(p))
                        .dump();
        }
    }
    return text + "\n]\n";
}

bool isThere(const fs::path& path) {
    std::error_code failed;
    return fs::exists(path, failed);
}

bool holdsSomething(const fs::path& folder) {
    std::error_code failed;
    if (!fs::is_directory(folder, failed)) return false;
    const bool empty = fs::is_empty(folder, failed);
    if (failed) throw Error("can't look into " + folder.string() + ": " + failed.message());
    return !empty;
}

std::string readFile(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool holds(const fs::path& folder, const std::string& data, std::size_t pictures) {
    if (readFile(folder / "data.json") != data) return false;
    for (std::size_t p = 0; p < pictures; ++p)
        if (!isThere(folder / imageName(p))) return false;
    return true;
}

// Removes on destruction what a run that did not come to its end has made.
class Unfinished {
public:
    explicit Unfinished(const fs::path& folder) : folder_(folder), made_(!isThere(folder)) {
        std::error_code failed;
        fs::create_directories(folder / "images", failed);
        if (failed) fail(failed.message());
    }
    Unfinished(const Unfinished&) = delete;
    ~Unfinished() {
        std::error_code ignored;
        if (!finished_) fs::remove_all(folder_ / "images", ignored);
        if (!finished_) fs::remove(folder_ / kPart, ignored);
        if (!finished_ && made_) fs::remove(folder_, ignored);
    }
    void finish(const std::string& data) {
        std::ofstream out(folder_ / kPart, std::ios::binary);
        out << data;
        out.close();
        std::error_code failed;
        if (out) fs::rename(folder_ / kPart, folder_ / "data.json", failed);
        if (!out || failed) fail("disk full or not writable");
        finished_ = true;
    }

private:
    static constexpr const char* kPart = "data.json.part";
    [[noreturn]] void fail(const std::string& why) const {
        throw Error("can't write scenes to " + folder_.string() + ": " + why);
    }
    fs::path folder_;
    bool made_;
    bool finished_ = false;
};

void checkCount(int count) {
    if (count < 1)
        throw Error("can't make " + std::to_string(count) + " records; ask for 1 or more");
}

SceneFolder writeDataSet(const fs::path& folder, const DataSet& set, int count,
                         const SceneProgress& progress, const std::stop_token& stop) {
    const std::string data = dataJson(set, stop);
    if (holdsSomething(folder)) {
        if (holds(folder, data, set.pictures.size())) return SceneFolder::AlreadyThere;
        throw Error(folder.string() + " holds other files; give an empty or a new folder");
    }
    Unfinished output(folder);
    int done = 0;
    for (std::size_t p = 0; p < set.pictures.size(); ++p) {
        if (stop.stop_requested()) throw Cancelled();
        writePng(paint(set.pictures[p].scene), folder / imageName(p));
        done += static_cast<int>(set.pictures[p].questions.size());
        if (progress) progress(done, count);
    }
    output.finish(data);
    return SceneFolder::Written;
}

}  // namespace

SceneFolder writeScenes(const fs::path& folder, int count, std::uint64_t seed,
                        const SceneOptions& options, const SceneProgress& progress,
                        const std::stop_token& stop) {
    check(options);
    checkCount(count);
    return writeDataSet(
        folder,
        {dataSetName("scenes", seed), options.thought, scenePictures(seed, count, options, stop)},
        count, progress, stop);
}

SceneFolder writeClutter(const fs::path& folder, int count, std::uint64_t seed,
                         const ClutterOptions& options, const SceneProgress& progress,
                         const std::stop_token& stop) {
    check(options);
    checkCount(count);
    return writeDataSet(folder,
                        {dataSetName("clutter", seed), options.thought,
                         clutterPictures(seed, count, options, stop)},
                        count, progress, stop);
}

}  // namespace lvr
