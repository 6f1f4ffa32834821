#include "app/sources/benchmark_records.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "datasets/benchmarks/benchmark_reader.h"
#include "datasets/benchmarks/layouts.h"
#include "datasets/benchmarks/prompt_text.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

bool isTable(const fs::path& file) {
    static const std::set<std::string> kTables{".parquet", ".tsv", ".csv", ".json", ".jsonl"};
    return kTables.contains(file.extension().string());
}

// So that a folder of pictures is not searched to its depth.
bool hasTable(const fs::path& folder, int depth) {
    std::error_code unreadable;
    for (const auto& entry : fs::directory_iterator(folder, unreadable)) {
        if (isTable(entry.path())) return true;
        if (depth > 0 && entry.is_directory(unreadable) && hasTable(entry.path(), depth - 1))
            return true;
    }
    return false;
}

DataRecord recordOf(const BenchmarkItem& item, int number) {
    return {.number = number,
            .dataset = item.category,
            .questionId = item.id,
            .images = item.images,
            .question = promptText(item, PromptStyle::Lvr),
            .answer = item.gold};
}

}  // namespace

bool holdsBenchmark(const fs::path& folder) {
    if (!hasTable(folder, 1)) return false;
    try {
        return std::ranges::any_of(layoutsAt(folder, ""), [](const BenchmarkFiles& files) {
            return files.benchmark != "data";
        });
    } catch (const Error&) {
        return false;
    }
}

Dataset benchmarkRecords(const fs::path& folder, const ReadHooks& hooks) {
    const BenchmarkSet set = readBenchmark({.where = {.data = folder}}, hooks);
    Dataset data{.files = {folder.string()}};
    for (const auto& item : set.items)
        data.records.push_back(recordOf(item, static_cast<int>(data.records.size()) + 1));
    for (const auto& sentence : set.leftOut)
        data.bad.push_back({.number = static_cast<int>(data.records.size() + data.bad.size()) + 1,
                            .problem = sentence});
    return data;
}

}  // namespace lvr
