#include "datasets/benchmarks/benchmark_source.h"

#include <algorithm>

#include "core/error.h"

namespace lvr {
namespace {

std::string withDashes(std::string name) {
    std::ranges::replace(name, '_', '-');
    return name;
}

std::string allFlags() {
    std::string flags;
    for (const auto& name : benchmarkNames()) {
        flags += (flags.empty() ? "" : ", ") + name.flag;
        for (const auto& variant : name.variants) flags += ", " + name.flag + "-" + variant;
    }
    return flags;
}

// "mmvp-corrected": the benchmark and its variant.
std::optional<BenchmarkSource> namedBenchmark(const std::string& given) {
    const auto flag = withDashes(given);
    for (const auto& name : benchmarkNames()) {
        if (flag == name.flag) return BenchmarkSource{name.benchmark, "", {}};
        for (const auto& variant : name.variants)
            if (flag == name.flag + "-" + variant)
                return BenchmarkSource{name.benchmark, variant, {}};
    }
    return std::nullopt;
}

}  // namespace

const std::vector<BenchmarkName>& benchmarkNames() {
    static const std::vector<BenchmarkName> names = {
        {"vstar", "vstar", "V* Bench", {}, 191},
        {"mmvp", "mmvp", "MMVP", {"corrected"}, 300},
        {"blink", "blink", "BLINK", {"all", "test"}, 697},
        {"cv_bench", "cv-bench", "CV-Bench", {"2d", "3d"}, 2638},
        {"hr_bench", "hr-bench", "HR-Bench", {"4k", "8k"}, 1600},
        {"mme_realworld_lite", "mme-realworld-lite", "MME-RealWorld-Lite", {}, 1919},
        {"viscot", "viscot", "Visual-CoT benchmark", {"det"}, 0},
        {"data", "data", "own data", {}, 0}};
    return names;
}

const BenchmarkName* findBenchmark(const std::string& name) {
    for (const auto& known : benchmarkNames())
        if (known.flag == withDashes(name)) return &known;
    return nullptr;
}

std::string benchmarkFlag(const BenchmarkSource& source) {
    const auto* name = findBenchmark(source.benchmark);
    const auto flag = name ? name->flag : source.benchmark;
    return flag + (source.variant.empty() ? "" : "-" + source.variant) + ":" +
           source.where.data.string();
}

std::optional<int> publicItems(const std::string& benchmark, const std::string& variant) {
    const auto* name = findBenchmark(benchmark);
    if (!name || name->items == 0) return std::nullopt;
    if (benchmark == "hr_bench" && !variant.empty()) return name->items / 2;
    if (benchmark == "blink" && variant == "all") return 1901;
    if (benchmark == "blink" && variant == "test") return 1907;
    if (benchmark == "cv_bench" && !variant.empty()) return std::nullopt;
    return name->items;
}

BenchmarkSource parseBenchmarkSource(const std::string& text) {
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    auto source = colon == text.npos ? std::nullopt : namedBenchmark(name);
    std::error_code failed;
    const bool isPath = std::filesystem::exists(text, failed);
    if (!source && colon != text.npos && !isPath && name.find('/') == name.npos)
        throw UsageError("--data knows no benchmark \"" + name + "\"; it takes NAME:FOLDER with " +
                         allFlags() + ", or a path alone");
    const auto path = source ? text.substr(colon + 1) : text;
    if (path.empty()) throw UsageError("--data " + text + " names no folder or file");
    if (!source) source.emplace();
    source->where.data = path;
    return *source;
}

}  // namespace lvr
