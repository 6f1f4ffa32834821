#include "app/ask/history_folder.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <system_error>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/fingerprint.h"
#include "core/trace/trace_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr int kRegionsVersion = 1;

Box regionFrom(const nlohmann::json& json) {
    const Box box{json.at(0), json.at(1), json.at(2), json.at(3), json.at(4)};
    const bool inside = box.x0 >= 0 && box.y0 >= 0 && box.x1 <= 1 && box.y1 <= 1;
    if (!inside || box.x0 >= box.x1 || box.y0 >= box.y1 || box.image < 0)
        throw Error("a region lies outside its picture");
    return box;
}

std::vector<Box> regionsFrom(const nlohmann::json& json) {
    if (json.at("version") > kRegionsVersion) throw Error("a newer version wrote it");
    std::vector<Box> boxes;
    for (const auto& region : json.at("regions")) boxes.push_back(regionFrom(region));
    return boxes;
}

struct KeptRegions {
    std::vector<Box> boxes;
    std::vector<std::string> names;  // may be fewer
};

// {"version": 1, "regions": [[x0, y0, x1, y1, image], ...], "names": ["cup", ...]}, in fractions of
// the picture, exact; names where there are some. Absent where there is no file.
std::optional<KeptRegions> readRegions(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return std::nullopt;
    std::ifstream stream(file);
    try {
        const auto json = nlohmann::json::parse(stream);
        return KeptRegions{regionsFrom(json), json.value("names", std::vector<std::string>())};
    } catch (const std::exception& error) {
        throw Error("the regions in " + file.string() + " can't be read (" + error.what() +
                    "); draw them again");
    }
}

void writeRegions(const KeptRegions& kept, const std::filesystem::path& file) {
    auto regions = nlohmann::json::array();
    for (const Box& box : kept.boxes)
        regions.push_back({box.x0, box.y0, box.x1, box.y1, box.image});
    nlohmann::json json{{"version", kRegionsVersion}, {"regions", regions}};
    if (!kept.names.empty()) json["names"] = kept.names;
    writeFileAtomically(file, json.dump() + "\n");
}

constexpr const char* kEnding = ".lvrtrace";
constexpr const char* kRegions = "regions.json";
constexpr std::size_t kTimeDigits = 13;

// Names sort by time. The number at the end keeps apart what two windows write at once.
std::string newId(std::int64_t askedAt) {
    char id[40];
    std::snprintf(id, sizeof id, "%013lld-%08x", static_cast<long long>(askedAt),
                  static_cast<unsigned>(std::random_device()()));
    return id;
}

// When the answer was asked for, by its file's name; absent when we did not name it.
std::optional<std::int64_t> timeIn(const std::string& id) {
    std::int64_t time = 0;
    const auto* end = id.data() + std::min(id.size(), kTimeDigits);
    const auto result = std::from_chars(id.data(), end, time);
    const bool ours = id.size() == kTimeDigits + 9 && result.ptr == end && *end == '-';
    return ours ? std::optional(time) : std::nullopt;
}

std::int64_t timeOfFile(const fs::path& file) {
    std::error_code ignored;
    const auto written = fs::last_write_time(file, ignored);
    const auto time = std::chrono::file_clock::to_sys(written);
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// All answers in a folder, or below it; none when it is not there.
template <class Iterator>
std::vector<fs::path> answersIn(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code failed;
    for (Iterator entry(folder, fs::directory_options::skip_permission_denied, failed), end;
         !failed && entry != end; entry.increment(failed))
        if (entry->path().extension() == kEnding) files.push_back(entry->path());
    std::sort(files.begin(), files.end());
    return files;
}

void makeFolder(const fs::path& folder) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) throw Error("cannot create " + folder.string() + ": " + failed.message());
}

void removeFile(const fs::path& file) {
    std::error_code failed;
    fs::remove(file, failed);
    if (failed) throw Error("cannot delete " + file.string() + ": " + failed.message());
}

void removeIfEmpty(const fs::path& folder) {
    std::error_code notEmpty;
    fs::remove(folder, notEmpty);
}

}  // namespace

std::string HistoryFolder::pictureOf(const std::vector<Image>& images) {
    return fingerprint(images);
}

fs::path HistoryFolder::fileOf(const std::string& picture, const std::string& id) const {
    return root_ / picture / (id + kEnding);
}

Conversation HistoryFolder::read(const std::string& picture) const {
    Conversation conversation{.picture = picture, .exchanges = {}, .leftOut = {}};
    try {
        conversation.regions = regions(picture);
        conversation.regionNames = regionNames(picture);
    } catch (const std::exception& error) {
        conversation.leftOut.emplace_back(error.what());
    }
    for (const auto& file : answersIn<fs::directory_iterator>(root_ / picture)) {
        const auto id = file.stem().string();
        try {
            auto outline = readTraceOutline(file);
            conversation.exchanges.push_back(
                {id, timeIn(id).value_or(timeOfFile(file)), std::move(outline)});
        } catch (const std::exception& error) {
            conversation.leftOut.emplace_back(error.what());
        }
    }
    std::stable_sort(conversation.exchanges.begin(), conversation.exchanges.end(),
                     [](const Exchange& a, const Exchange& b) { return a.askedAt < b.askedAt; });
    return conversation;
}

std::vector<HistoryFolder::Place> HistoryFolder::all() const {
    std::vector<Place> places;
    for (const auto& file : answersIn<fs::recursive_directory_iterator>(root_))
        places.push_back({file.parent_path().filename().string(), file.stem().string(), file});
    std::ranges::stable_sort(places, std::greater(), whenAsked);
    return places;
}

std::int64_t HistoryFolder::whenAsked(const Place& place) {
    return timeIn(place.id).value_or(0) > 0 ? *timeIn(place.id) : timeOfFile(place.file);
}

std::string HistoryFolder::add(const Trace& trace, std::int64_t askedAt) const {
    const auto picture = pictureOf(trace.question.images);
    const auto id = newId(askedAt);
    const auto file = fileOf(picture, id);
    makeFolder(file.parent_path());
    writeTrace(trace, file);
    makeRoom(file);
    return id;
}

Trace HistoryFolder::answer(const std::string& picture, const std::string& id) const {
    const auto file = fileOf(picture, id);
    auto trace = readTrace(file);
    if (pictureOf(trace.question.images) != picture)
        throw Error(file.string() + " is an answer about another picture; open it with Open trace");
    return trace;
}

std::optional<std::vector<Box>> HistoryFolder::regions(const std::string& picture) const {
    auto kept = readRegions(root_ / picture / kRegions);
    return kept ? std::optional(std::move(kept->boxes)) : std::nullopt;
}

std::vector<std::string> HistoryFolder::regionNames(const std::string& picture) const {
    return readRegions(root_ / picture / kRegions).value_or(KeptRegions()).names;
}

void HistoryFolder::keepRegions(const std::string& picture, const std::vector<Box>& boxes,
                                const std::vector<std::string>& names) const {
    makeFolder(root_ / picture);
    writeRegions({boxes, names}, root_ / picture / kRegions);
}

void HistoryFolder::remove(const std::string& picture, const std::string& id) const {
    removeFile(fileOf(picture, id));
    removeIfEmpty(root_ / picture);
}

void HistoryFolder::removeAll(const std::string& picture) const {
    for (const auto& file : answersIn<fs::directory_iterator>(root_ / picture)) removeFile(file);
    removeIfEmpty(root_ / picture);
}

void HistoryFolder::removeAll() const {
    for (const auto& file : answersIn<fs::recursive_directory_iterator>(root_)) {
        removeFile(file);
        removeIfEmpty(file.parent_path());
    }
}

void HistoryFolder::makeRoom(const fs::path& newest) const {
    auto files = answersIn<fs::recursive_directory_iterator>(root_);
    std::erase_if(files, [](const fs::path& file) { return !timeIn(file.stem().string()); });
    std::sort(files.begin(), files.end(),
              [](const fs::path& a, const fs::path& b) { return a.filename() > b.filename(); });
    std::uintmax_t bytes = 0;
    for (const auto& file : files) {  // from the newest
        std::error_code gone;         // another window may be at it too
        const auto size = fs::file_size(file, gone);
        if (gone) continue;
        bytes += size;
        if (bytes <= mostBytes_ || file == newest) continue;
        fs::remove(file, gone);
        removeIfEmpty(file.parent_path());
    }
}

}  // namespace lvr
