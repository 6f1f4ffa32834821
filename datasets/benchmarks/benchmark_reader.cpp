#include "datasets/benchmarks/benchmark_reader.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "core/files/fingerprint.h"
#include "core/vision/image_file.h"
#include "datasets/benchmarks/item_row.h"
#include "datasets/benchmarks/layouts.h"
#include "datasets/benchmarks/prompt_text.h"
#include "datasets/benchmarks/set_rules.h"
#include "datasets/benchmarks/tables.h"
#include "datasets/parquet.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

using ReadItem = BenchmarkItem (*)(ItemRow&);

ReadItem readerOf(const std::string& benchmark) {
    static const std::map<std::string, ReadItem> readers = {
        {"vstar", readVstarItem},      {"mmvp", readMmvpItem},
        {"blink", readBlinkItem},      {"cv_bench", readCvBenchItem},
        {"hr_bench", readHrBenchItem}, {"mme_realworld_lite", readMmeRealWorldItem},
        {"viscot", readVisualCotItem}};
    return readers.at(benchmark);
}

// Where the paths of a layout start: its own folder, and what archives and VLMEvalKit put around.
std::vector<fs::path> pictureFolders(const BenchmarkFiles& files) {
    const auto& root = files.root;
    auto name = files.files.front().stem().string();
    if (const auto local = name.rfind("_local"); local != name.npos) name.resize(local);
    return {root,
            root / "imgs",
            root / "data" / "imgs",
            root / "images" / name,
            root.parent_path() / "images" / name,
            root.parent_path()};
}

class SetReader {
public:
    SetReader(BenchmarkSet& set, const BenchmarkFiles& files, const BenchmarkSource& source,
              const ReadHooks& hooks)
        : set_(set), files_(files), source_(source), hooks_(hooks), pictures_(foldersOf()) {}

    void readAll() {
        for (const auto& file : files_.files)
            if (holdsOf(source_, file)) readFile(file);
        giveSharedPictures();
    }

private:
    std::vector<fs::path> foldersOf() const {
        auto folders = pictureFolders(files_);
        if (!source_.where.imageRoot.empty())
            folders.insert(folders.begin(), source_.where.imageRoot);
        return folders;
    }

    // Shards of one split count on: "test-00001-of-00002" goes on where the one before it ended.
    static std::string splitName(const fs::path& file) {
        const auto path = file.string();
        const auto shard = path.rfind("-of-");
        return shard == path.npos || shard < 6 ? path : path.substr(0, shard - 6);
    }

    void readFile(const fs::path& file) {
        auto& rows = rows_[splitName(file)];
        const auto read = [&](const FileEntry& given) {
            report();
            row_ = rows++;
            const auto place = file.string() + ", record " + std::to_string(given.number);
            try {
                if (!given.problem.empty()) throw RecordProblem(given.problem);
                if (!given.value.is_object()) throw RecordProblem("must be an object");
                readRow(given, file, place);
            } catch (const RecordProblem& problem) {
                set_.leftOut.push_back(place + ": " + problem.what());
            }
        };
        if (file.extension() == ".parquet")
            forEachRow(file, read);
        else if (file.extension() == ".tsv" || file.extension() == ".csv")
            forEachTableRow(file, read);
        else
            forEachEntry(file, read);
    }

    void readRow(const FileEntry& given, const fs::path& file, const std::string& place) {
        ItemRow row{JsonEntry(given.value), file, files_.root, pictures_, given.number};
        auto item = readerOf(files_.benchmark)(row);
        item.benchmark = files_.benchmark;
        item.row = row_;
        if (!isAskedFor(source_, item)) return;
        if (item.id.empty()) throw RecordProblem("has no id");
        if (!ids_.insert(item.id).second)
            throw RecordProblem("the id " + item.id + " was there before");
        if (!row.sharedWith.empty()) sharing_[set_.items.size()] = {row.sharedWith, place};
        set_.items.push_back(std::move(item));
    }

    void report() const {
        if (hooks_.stop.stop_requested()) throw Cancelled();
        const auto count = static_cast<int>(set_.items.size() + set_.leftOut.size());
        if (hooks_.onRecords && count % 50 == 0) hooks_.onRecords(count);
    }

    // A table's cell may name another row instead of a picture.
    void giveSharedPictures() {
        std::map<std::string, std::size_t> byId;
        for (std::size_t i = 0; i < set_.items.size(); ++i) byId[idInFile(set_.items[i])] = i;
        std::vector<std::size_t> without;
        for (const auto& [index, shared] : sharing_) {
            auto& item = set_.items[index];
            const auto giver = byId.find(shared.first);
            if (giver != byId.end() && !set_.items[giver->second].images.empty()) {
                item.images = set_.items[giver->second].images;
                item.extents = set_.items[giver->second].extents;
                continue;
            }
            set_.leftOut.push_back(shared.second + ": field \"image\" names the row " +
                                   shared.first + ", which is not there or has no picture");
            without.push_back(index);
        }
        for (auto index = without.rbegin(); index != without.rend(); ++index)
            set_.items.erase(set_.items.begin() + std::ptrdiff_t(*index));
    }

    BenchmarkSet& set_;
    const BenchmarkFiles& files_;
    const BenchmarkSource& source_;
    const ReadHooks& hooks_;
    ItemPictures pictures_;
    std::set<std::string> ids_;
    std::map<std::string, int> rows_;  // read so far, by split
    int row_ = 0;
    std::map<std::size_t, std::pair<std::string, std::string>> sharing_;
};

// The best of what was found; two that are alike can't be told apart.
BenchmarkFiles chosen(const std::vector<BenchmarkFiles>& layouts, const BenchmarkSource& source,
                      BenchmarkSet& set) {
    const auto& best = layouts.front();
    std::string others;
    for (const auto& layout : layouts) {
        const auto& title = findBenchmark(layout.benchmark)->title;
        const auto where = layout.files.size() == 1 ? layout.files.front() : layout.root;
        if (layout.benchmark != best.benchmark)
            throw Error(source.where.data.string() + " holds " +
                        findBenchmark(best.benchmark)->title + " and " + title +
                        "; say which by --data " + findBenchmark(best.benchmark)->flag + ":" +
                        source.where.data.string());
        if (&layout != &best && layout.rank == best.rank)
            throw Error(source.where.data.string() + " holds " + title + " twice, at " +
                        best.root.string() + " and " + layout.root.string() + "; name one");
        if (&layout != &best)
            others += (others.empty() ? "" : ", ") + where.string() + " (" + layout.layout + ")";
    }
    if (!others.empty())
        set.notes.push_back("read from " + best.root.string() + " (" + best.layout +
                            "); not from " + others);
    return best;
}

std::string fingerprintOf(const BenchmarkSet& set) {
    Fingerprint content;
    const auto add = [&](const std::string& text) {
        content.add(text.data(), text.size());
        content.add("\n", 1);
    };
    for (const auto& item : set.items) {
        for (const auto* text : {&item.id, &item.question, &item.gold, &item.prompt}) add(*text);
        for (const auto& option : item.options) add(option);
        for (std::size_t i = 0; i < item.images.size(); ++i) {
            std::error_code failed;
            add(std::to_string(fs::file_size(item.images[i], failed)));
            if (i < item.extents.size())
                add(std::to_string(item.extents[i].width) + "x" +
                    std::to_string(item.extents[i].height));
        }
    }
    return "xxh3-128:" + content.hex();
}

void finish(BenchmarkSet& set, const BenchmarkSource& source) {
    if (set.items.empty() && !set.leftOut.empty())
        throw Error(set.leftOut.front() +
                    (set.leftOut.size() == 1
                         ? ""
                         : "; the other " + std::to_string(set.leftOut.size() - 1) +
                               " records can't be used either"));
    if (set.items.empty())
        throw Error(source.where.data.string() + " holds no items of " + set.title);
    set.hash = fingerprintOf(set);
}

Box fractionOf(const BenchmarkTarget& target, const BenchmarkItem& item) {
    const auto& extent = item.extents.at(target.image);
    const double w = extent.width, h = extent.height;
    return {target.x / w, target.y / h, (target.x + target.width) / w,
            (target.y + target.height) / h, target.image};
}

BenchmarkItem itemOf(const Dataset& data, const DataRecord& record) {
    BenchmarkItem item{.benchmark = "data", .id = record.questionId, .category = record.kind()};
    item.question = record.question;
    item.gold = record.answer;
    item.images = record.images;
    item.cluster = record.images.empty() ? data.name(record) : record.images.front();
    for (const auto& image : record.images) {
        const auto size = readPictureSize(image);
        item.extents.push_back({size.width, size.height});
    }
    for (const auto& box : record.boxes) {
        const auto& extent = item.extents.at(box.image);
        const double w = extent.width, h = extent.height;
        item.targets.push_back(
            {"", box.x0 * w, box.y0 * h, (box.x1 - box.x0) * w, (box.y1 - box.y0) * h, box.image});
    }
    return item;
}

// The file and number of a record are its id where it has none, or another's.
std::string placeOf(const Dataset& data, const DataRecord& record) {
    return fs::path(data.files[record.file]).filename().string() + ":" +
           std::to_string(record.number);
}

bool isUnknownFile(const fs::path& file) {
    std::error_code failed;
    const auto ending = file.extension();
    const bool isList = ending == ".json" || ending == ".jsonl" || ending == ".parquet";
    return isList && fs::is_regular_file(file, failed) && fs::file_size(file, failed) > 0 &&
           !isLfsPointer(file) && !layoutOf(file, "");
}

// A folder stands for its data.json, or for the one list that is in it.
DataSource dataAmong(const BenchmarkFiles& files, const BenchmarkSource& source) {
    auto where = source.where;
    std::error_code failed;
    if (!fs::is_directory(where.data, failed) || fs::exists(where.data / "data.json", failed))
        return where;
    if (files.files.size() > 1)
        throw Error(where.data.string() + " holds several data files, " +
                    files.files[0].filename().string() + " and " +
                    files.files[1].filename().string() + " among them; name one");
    where.data = files.files.front();
    return where;
}

}  // namespace

BenchmarkSet readOwnData(const DataSource& source, const ReadHooks& hooks) {
    BenchmarkSet set{.benchmark = "data", .title = source.data.filename().string()};
    const auto data = readDataset(source, hooks);
    set.edition = "own data";
    set.source = fs::absolute(source.data).lexically_normal().string();
    for (const auto& bad : data.bad)
        set.leftOut.push_back(data.name(bad.file, bad.number) + ": " + bad.problem);
    std::set<std::string> ids;
    for (const auto& record : data.records) {
        if (hooks.stop.stop_requested()) throw Cancelled();
        try {
            auto item = itemOf(data, record);
            if (item.id.empty() || !ids.insert(item.id).second) item.id = placeOf(data, record);
            set.items.push_back(std::move(item));
        } catch (const Error& problem) {
            set.leftOut.push_back(data.name(record) + ": " + problem.what());
        }
    }
    finish(set, {"data", "", source});
    return set;
}

BenchmarkSet readBenchmark(const BenchmarkSource& source, const ReadHooks& hooks) {
    if (source.benchmark == "data") return readOwnData(source.where, hooks);
    if (source.benchmark.empty() && isUnknownFile(source.where.data))
        return readOwnData(source.where, hooks);  // its reader says best what is wrong with it
    BenchmarkSet set;
    const auto files = chosen(layoutsAt(source.where.data, source.benchmark), source, set);
    if (files.benchmark == "data") return readOwnData(dataAmong(files, source), hooks);
    checkShards(files);
    set.benchmark = files.benchmark;
    set.title = findBenchmark(files.benchmark)->title;
    set.edition = files.layout;
    set.source = fs::absolute(files.files.size() == 1 ? files.files.front() : files.root)
                     .lexically_normal()
                     .string();
    const BenchmarkSource exact{files.benchmark, source.variant, source.where};
    SetReader(set, files, exact, hooks).readAll();
    applySetRules(set, exact);
    finish(set, exact);
    return set;
}

Sample readSample(const BenchmarkItem& item, PromptStyle style) {
    Sample sample{.id = item.id,
                  .kind = item.category,
                  .question = {.images = {}, .text = promptText(item, style)},
                  .answer = item.gold,
                  .rois = {}};
    for (const auto& target : item.targets) sample.rois.push_back(fractionOf(target, item));
    try {
        for (const auto& image : item.images) sample.question.images.push_back(readImage(image));
    } catch (const Error& problem) {
        throw Error(item.benchmark + " " + item.id + ": " + problem.what());
    }
    return sample;
}

}  // namespace lvr
