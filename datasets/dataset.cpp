#include "datasets/dataset.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "datasets/parquet.h"
#include "datasets/record_readers.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr int kReportEvery = 1000;  // records

class Reader {
public:
    Reader(Dataset& dataset, const ReadHooks& hooks) : dataset_(dataset), hooks_(hooks) {}

    void readFile(const fs::path& file, const ImagePaths& images, const std::string& name) {
        const int index = static_cast<int>(dataset_.files.size());
        dataset_.files.push_back(file.string());
        std::set<std::string> parts;  // of a meta list
        const auto read = [&](const FileEntry& given) {
            report();
            try {
                if (!given.problem.empty()) throw RecordProblem(given.problem);
                if (!given.value.is_object()) throw RecordProblem("must be an object");
                const JsonEntry entry(given.value);
                if (entry.has("ds_name") || !parts.empty())
                    return readPart(entry, file, index, given.number, images, parts);
                auto record = readRecord(entry, images, name);
                record.file = index;
                record.number = given.number;
                dataset_.records.push_back(std::move(record));
            } catch (const NoPicture& problem) {
                dataset_.bad.push_back({index, given.number, problem.what(), true});
            } catch (const RecordProblem& problem) {
                dataset_.bad.push_back({index, given.number, problem.what()});
            }
        };
        if (file.extension() == ".parquet")
            forEachRow(file, read);
        else
            forEachEntry(file, read);
    }

private:
    void report() {
        if (hooks_.stop.stop_requested()) throw Cancelled();
        const auto count = static_cast<int>(dataset_.records.size() + dataset_.bad.size());
        if (hooks_.onRecords && count % kReportEvery == 0) hooks_.onRecords(count);
    }

    // An entry of a meta list: a mistake here is one in the list, not in a record.
    void readPart(const JsonEntry& entry, const fs::path& file, int index, int number,
                  const ImagePaths& images, std::set<std::string>& names) {
        try {
            const auto name = entry.text("ds_name");
            if (!names.insert(name).second)
                throw RecordProblem("field \"ds_name\": " + name + " occurs twice");
            readFile(file.parent_path() / entry.text("data_path"),
                     images.below(entry.text("image_folder")), name);
        } catch (const RecordProblem& problem) {
            throw Error(dataset_.name(index, number) + ": " + problem.what());
        }
    }

    static DataRecord readRecord(const JsonEntry& entry, const ImagePaths& images,
                                 const std::string& name) {
        auto record = readFormat(entry, images, name);
        if (record.answer.empty()) throw RecordProblem("the answer is empty");
        record.stated = statedSize(entry);
        putCornersInOrder(record);
        return record;
    }

    static void putCornersInOrder(DataRecord& record) {
        for (std::size_t b = 0; b < record.boxes.size(); ++b) {
            auto& box = record.boxes[b];
            if (box.x0 <= box.x1 && box.y0 <= box.y1) continue;
            if (box.x1 < box.x0) std::swap(box.x0, box.x1);
            if (box.y1 < box.y0) std::swap(box.y0, box.y1);
            record.note += (record.note.empty() ? "" : "; ") + ("box " + std::to_string(b + 1)) +
                           " has its corners the wrong way round: they are swapped";
        }
    }

    static DataRecord readFormat(const JsonEntry& entry, const ImagePaths& images,
                                 const std::string& name) {
        if (entry.has("bboxs")) return readVisualCotRecord(entry, images);
        if (isLlavaRecord(entry)) return readLlavaRecord(entry, images);
        if (isVirlRecord(entry)) return readVirlRecord(entry, images);
        return readLvrRecord(entry, images, name);
    }

    Dataset& dataset_;
    const ReadHooks& hooks_;
};

// The picture of none of the records is there.
std::string othersAreAlike(std::size_t records) {
    return (records > 1 ? ", and none of the other " + std::to_string(records - 1) +
                              " records has its picture either"
                        : std::string()) +
           "; is --image-root right?";
}

std::string counted(std::size_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::string Dataset::name(int file, int number) const {
    return files.at(file) + ", record " + std::to_string(number);
}

Dataset readDataset(const DataSource& source, const ReadHooks& hooks) {
    std::error_code failed;
    const bool folder = fs::is_directory(source.data, failed);
    const fs::path file = fs::absolute(folder ? source.data / "data.json" : source.data);
    const ImagePaths images(
        source.imageRoot.empty() ? file.parent_path() : fs::absolute(source.imageRoot),
        source.remap);
    Dataset dataset;
    Reader(dataset, hooks).readFile(file, images, "");
    return dataset;
}

Dataset readUsable(const DataSource& source, const std::function<void(const std::string&)>& leftOut,
                   const ReadHooks& hooks) {
    constexpr std::size_t kOneIn = 20;
    auto dataset = readDataset(source, hooks);
    if (dataset.bad.empty()) return dataset;
    const auto all = dataset.bad.size() + dataset.records.size();
    const auto& first = dataset.bad.front();
    const auto sentence = dataset.name(first.file, first.number) + ": " + first.problem;
    const auto others = dataset.bad.size() - 1;
    const bool noPictures =
        std::ranges::all_of(dataset.bad, [](const BadRecord& bad) { return bad.noPicture; });
    if (noPictures && dataset.records.empty()) throw Error(sentence + othersAreAlike(all));
    if (dataset.bad.size() * kOneIn > all)
        throw Error(sentence + (others == 0
                                    ? ""
                                    : " (and " + counted(others, "other") + " of " +
                                          counted(all, "record") + "; lvr data check lists them)"));
    leftOut("left out " + counted(dataset.bad.size(), "record") + " of " + std::to_string(all) +
            ": " + sentence + (others ? "; lvr data check lists all" : ""));
    return dataset;
}

}  // namespace lvr
