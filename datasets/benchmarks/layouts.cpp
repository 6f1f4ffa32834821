#include "datasets/benchmarks/layouts.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <set>

#include "core/error.h"
#include "datasets/benchmarks/benchmark_source.h"
#include "datasets/benchmarks/item_pictures.h"
#include "datasets/benchmarks/tables.h"
#include "datasets/parquet.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// The columns that tell a layout; "a|b": one of them.
struct Schema {
    const char* benchmark;
    const char* layout;
    int rank;
    std::set<std::string> endings;
    std::vector<std::string> columns;
};

const std::vector<Schema>& schemas() {
    static const std::vector<Schema> all = {
        {"vstar",
         "snapshot with boxes",
         0,
         {".jsonl", ".json"},
         {"image", "text", "category", "label", "question_id"}},
        {"vstar",
         "Hugging Face rows",
         1,
         {".parquet"},
         {"image", "text", "category", "label", "question_id"}},
        {"vstar",
         "VLMEvalKit table",
         2,
         {".tsv"},
         {"index", "image|image_path", "question", "A", "B", "answer", "category"}},
        {"mmvp",
         "Questions.csv with pictures",
         0,
         {".csv"},
         {"Index", "Question", "Options", "Correct Answer"}},
        {"mmvp",
         "Hugging Face rows",
         1,
         {".parquet"},
         {"Index", "Question", "Options", "Correct Answer", "image"}},
        {"mmvp",
         "VLMEvalKit table",
         2,
         {".tsv"},
         {"index", "image|image_path", "question", "A", "B", "answer"}},
        {"blink",
         "Hugging Face rows",
         0,
         {".parquet"},
         {"idx", "question", "sub_task", "image_1", "choices", "answer", "prompt"}},
        {"blink",
         "VLMEvalKit table",
         1,
         {".tsv"},
         {"index", "image|image_path", "question", "A", "B", "answer", "category"}},
        {"cv_bench",
         "Hugging Face rows",
         0,
         {".parquet"},
         {"idx", "type", "task", "image", "question", "choices", "answer", "prompt", "source"}},
        {"cv_bench",
         "JSON lines with pictures",
         1,
         {".jsonl"},
         {"idx", "type", "task", "filename", "question", "choices", "answer", "prompt", "source"}},
        {"cv_bench",
         "VLMEvalKit tables",
         2,
         {".tsv"},
         {"index", "image|image_path", "question", "A", "B", "answer", "prompt", "source"}},
        {"hr_bench",
         "Hugging Face rows",
         0,
         {".parquet"},
         {"index", "question", "answer", "category", "A", "B", "C", "D", "cycle_category",
          "image"}},
        {"hr_bench",
         "tables",
         1,
         {".tsv"},
         {"index", "question", "answer", "category", "A", "B", "C", "D", "cycle_category",
          "image|image_path"}},
        {"mme_realworld_lite",
         "JSON with pictures",
         0,
         {".json"},
         {"Question_id", "Image", "Text", "Answer choices", "Ground truth", "Category", "Subtask",
          "Task"}},
        {"mme_realworld_lite",
         "lmms-eval's rows",
         1,
         {".parquet"},
         {"index", "bytes", "question", "multi-choice options", "answer", "category",
          "l2-category"}},
        {"mme_realworld_lite",
         "VLMEvalKit table",
         2,
         {".tsv"},
         {"index", "image|image_path", "question", "multi-choice options", "answer", "category",
          "l2-category"}},
        {"viscot", "boxes to find", 1, {".jsonl", ".json"}, {"img_path", "expression", "bbox"}},
        {"viscot", "conversations", 0, {".json", ".jsonl"}, {"image", "conversations"}},
        {"data", "list of files", 0, {".json"}, {"ds_name", "data_path"}},
        {"data", "LVR JSON", 0, {".json", ".jsonl", ".parquet"}, {"image", "conversations"}},
        {"data",
         "Visual-CoT",
         0,
         {".json", ".jsonl", ".parquet"},
         {"image", "question", "answer", "bboxs"}},
        {"data",
         "ViRL39K",
         0,
         {".json", ".jsonl", ".parquet"},
         {"question|problem", "answer", "image|images"}}};
    return all;
}

struct EnoughRead {};

Json firstRecord(const fs::path& file) {
    Json first;
    const auto take = [&](const FileEntry& entry) {
        first = entry.value;
        throw EnoughRead();
    };
    try {
        if (file.extension() == ".tsv" || file.extension() == ".csv")
            forEachTableRow(file, take);
        else
            forEachEntry(file, take);
    } catch (const EnoughRead&) {
    } catch (const Error&) {  // no list of records: then it is no benchmark either
    }
    return first;
}

std::set<std::string> columnNames(const fs::path& file, const Json& first) {
    std::set<std::string> names;
    if (file.extension() == ".parquet") {
        for (const auto& name : parquetColumns(file)) names.insert(name);
    } else if (file.extension() == ".tsv" || file.extension() == ".csv") {
        for (const auto& name : tableColumns(file)) names.insert(name);
    } else if (first.is_object()) {
        for (const auto& [name, value] : first.items()) names.insert(name);
    }
    return names;
}

bool hasColumn(const std::set<std::string>& names, const std::string& column) {
    const auto bar = column.find('|');
    if (bar == column.npos) return names.contains(column);
    return names.contains(column.substr(0, bar)) || names.contains(column.substr(bar + 1));
}

FileLayout measured(const Schema& schema, const std::set<std::string>& names) {
    FileLayout layout{schema.benchmark, schema.layout, schema.rank, {}};
    for (const auto& column : schema.columns)
        if (!hasColumn(names, column)) layout.missing.push_back(column.substr(0, column.find('|')));
    return layout;
}

// Which benchmark a VLMEvalKit table of options is of, by its categories.
std::string byCategory(const Json& first) {
    static const std::set<std::string> vstar = {"direct_attributes", "relative_position"};
    static const std::set<std::string> blink = {"Art_Style",
                                                "Counting",
                                                "Forensic_Detection",
                                                "Functional_Correspondence",
                                                "IQ_Test",
                                                "Jigsaw",
                                                "Multi-view_Reasoning",
                                                "Object_Localization",
                                                "Relative_Depth",
                                                "Relative_Reflectance",
                                                "Semantic_Correspondence",
                                                "Spatial_Relation",
                                                "Visual_Correspondence",
                                                "Visual_Similarity"};
    const auto category = first.is_object() ? first.value("category", "") : "";
    return vstar.contains(category) ? "vstar" : blink.contains(category) ? "blink" : "";
}

std::string byFileName(const fs::path& file) {
    auto name = file.stem().string();
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    for (const auto& [part, benchmark] :
         {std::pair("vstar", "vstar"), {"mmvp", "mmvp"}, {"blink", "blink"}})
        if (name.find(part) != name.npos) return benchmark;
    return "";
}

bool isVisualCotList(const Json& first, const fs::path& file) {
    if (!first.is_object() || !first.contains("image")) return false;
    return first.at("image").dump().find("###") != std::string::npos &&
           file.parent_path().filename() == "benchmark";
}

// Of layouts with the same columns the one that is meant.
const FileLayout* meant(const std::vector<FileLayout>& whole, const fs::path& file,
                        const Json& first, const std::string& wanted) {
    const auto of = [&](const std::string& benchmark) -> const FileLayout* {
        const auto found = std::ranges::find(whole, benchmark, &FileLayout::benchmark);
        return found == whole.end() ? nullptr : &*found;
    };
    for (const char* benchmark : {"hr_bench", "cv_bench", "mme_realworld_lite"})
        if (const auto* layout = of(benchmark)) return layout;
    if (file.extension() == ".tsv")
        for (const auto& benchmark : {byCategory(first), byFileName(file), wanted})
            if (const auto* layout = of(benchmark)) return layout;
    if (of("viscot") && of("data"))
        return of(wanted == "viscot" || (wanted.empty() && isVisualCotList(first, file)) ? "viscot"
                                                                                         : "data");
    return whole.size() == 1 || file.extension() != ".tsv" ? &whole.front() : nullptr;
}

bool isListOfItems(const fs::path& file) {
    static const std::set<std::string> endings = {".tsv", ".csv", ".parquet", ".json", ".jsonl"};
    return endings.contains(file.extension().string());
}

// Folders of pictures and their sidecars, of caches and of version control.
bool holdsNoLists(const fs::path& folder) {
    static const std::set<std::string> names = {"direct_attributes",
                                                "relative_position",
                                                "GPT4V-hard",
                                                "OCR",
                                                "MMVP Images",
                                                "img",
                                                "imgs",
                                                "images",
                                                "outputs",
                                                "results",
                                                "blobs"};
    const auto name = folder.filename().string();
    return names.contains(name) || name.starts_with(".");
}

std::vector<fs::path> candidates(const fs::path& path) {
    constexpr int kDepth = 5;  // a hub cache: snapshots/HASH/data/FILE
    std::error_code failed;
    if (!fs::is_directory(path, failed)) return {path};
    std::vector<fs::path> files;
    for (auto at = fs::recursive_directory_iterator(path, failed);
         at != fs::recursive_directory_iterator(); at.increment(failed)) {
        if (failed) break;
        if (at->is_directory(failed) && (holdsNoLists(at->path()) || at.depth() >= kDepth))
            at.disable_recursion_pending();
        if (at->is_regular_file(failed) && isListOfItems(at->path())) files.push_back(at->path());
    }
    std::ranges::sort(files);
    return files;
}

fs::path rootOf(const fs::path& file, const FileLayout& layout) {
    const auto folder = file.parent_path();
    const bool isSubtask = layout.benchmark == "blink" && file.extension() == ".parquet";
    return isSubtask || folder.filename() == "data" ? folder.parent_path() : folder;
}

std::string whyUnreadable(const fs::path& file) {
    std::error_code failed;
    if (fs::file_size(file, failed) == 0 && !failed)
        return file.string() + " is empty; fetch it again";
    if (isLfsPointer(file))
        return file.string() +
               " is a Git LFS pointer, not the file itself: git lfs pull fetches it";
    return "";
}

// What lies at a path.
struct Found {
    std::vector<BenchmarkFiles> layouts;
    std::vector<std::pair<fs::path, FileLayout>> incomplete;
    std::vector<std::pair<fs::path, std::string>> unreadable;
};

void add(const fs::path& file, const FileLayout& layout, Found& found) {
    const auto root = rootOf(file, layout);
    for (auto& known : found.layouts)
        if (known.benchmark == layout.benchmark && known.layout == layout.layout &&
            known.root == root)
            return known.files.push_back(file);
    found.layouts.push_back({layout.benchmark, layout.layout, layout.rank, root, {file}});
}

Found lookAround(const fs::path& path, const std::string& wanted) {
    Found found;
    for (const auto& file : candidates(path)) {
        if (const auto why = whyUnreadable(file); !why.empty()) {
            found.unreadable.emplace_back(file, why);
            continue;
        }
        const auto layout = layoutOf(file, wanted);
        if (layout && layout->missing.empty())
            add(file, *layout, found);
        else if (layout)
            found.incomplete.emplace_back(file, *layout);
    }
    std::ranges::stable_sort(found.layouts, {}, &BenchmarkFiles::rank);
    return found;
}

std::string titleOf(const std::string& benchmark) { return findBenchmark(benchmark)->title; }

[[noreturn]] void failNotFound(const fs::path& path, const std::string& wanted,
                               const Found& found) {
    for (const auto& [file, layout] : found.incomplete)
        if (wanted.empty() || layout.benchmark == wanted)
            throw Error(file.string() + " has no column \"" + layout.missing.front() +
                        "\", which " + titleOf(layout.benchmark) + " (" + layout.layout +
                        ") needs; fetch it again");
    if (!found.unreadable.empty()) throw Error(found.unreadable.front().second);
    std::error_code failed;
    if (wanted == "vstar" && fs::is_directory(path / "direct_attributes", failed))
        throw Error(path.string() +
                    " has pictures of V* Bench, but no test_questions.jsonl; fetch that too");
    const auto asked = wanted.empty() ? "a benchmark" : titleOf(wanted);
    if (found.layouts.empty())
        throw Error(path.string() + " holds no files of " + asked +
                    "; name the folder that was downloaded, or the file");
    const auto& other = found.layouts.front();
    throw Error(path.string() + " holds " + titleOf(other.benchmark) + " (" + other.layout +
                "), not " + asked + "; for that give --data " +
                benchmarkFlag({other.benchmark, "", {.data = path, .imageRoot = {}, .remap = {}}}));
}

// A file that can't be read beside those that can: the set would be smaller than it seems.
void checkNeighbours(const std::vector<BenchmarkFiles>& layouts, const Found& found) {
    for (const auto& [file, why] : found.unreadable)
        for (const auto& layout : layouts)
            for (const auto& other : layout.files)
                if (other.parent_path() == file.parent_path() &&
                    other.extension() == file.extension())
                    throw Error(why);
}

}  // namespace

std::optional<FileLayout> layoutOf(const fs::path& file, const std::string& wanted) {
    const auto first = file.extension() == ".parquet" ? Json() : firstRecord(file);
    const auto names = columnNames(file, first);
    std::vector<FileLayout> whole;
    std::optional<FileLayout> nearest;
    double best = 0.6;  // of the columns
    for (const auto& schema : schemas()) {
        if (!schema.endings.contains(file.extension().string())) continue;
        const auto layout = measured(schema, names);
        if (layout.missing.empty()) whole.push_back(layout);
        const double share = 1 - double(layout.missing.size()) / double(schema.columns.size());
        const bool isWanted = wanted.empty() || layout.benchmark == wanted;
        if (isWanted && share > best) {
            best = share;
            nearest = layout;
        }
    }
    if (whole.empty()) return nearest;
    const auto* layout = meant(whole, file, first, wanted);
    return layout ? std::optional(*layout) : std::nullopt;
}

std::vector<BenchmarkFiles> layoutsAt(const fs::path& path, const std::string& wanted) {
    std::error_code failed;
    if (!fs::exists(path, failed)) throw Error("there is no folder or file " + path.string());
    const auto found = lookAround(path, wanted);
    auto layouts = found.layouts;
    if (!wanted.empty())
        std::erase_if(layouts, [&](const auto& layout) { return layout.benchmark != wanted; });
    if (layouts.empty()) failNotFound(path, wanted, found);
    checkNeighbours(layouts, found);
    return layouts;
}

void checkShards(const BenchmarkFiles& files) {
    static const std::regex numbered(R"((.*)-(\d{5})-of-(\d{5})\.parquet)");
    for (const auto& file : files.files) {
        std::smatch parts;
        const auto name = file.filename().string();
        if (!std::regex_match(name, parts, numbered)) continue;
        for (int shard = 0; shard < std::stoi(parts[3]); ++shard) {
            auto digits = std::to_string(shard);
            digits.insert(0, 5 - digits.size(), '0');
            const auto sibling =
                parts[1].str() + "-" + digits + "-of-" + parts[3].str() + ".parquet";
            std::error_code failed;
            if (!fs::exists(file.parent_path() / sibling, failed))
                throw Error(file.parent_path().string() + " is only half there: " + sibling +
                            " is missing; fetch it");
        }
    }
}

}  // namespace lvr
