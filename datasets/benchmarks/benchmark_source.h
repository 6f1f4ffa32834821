#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/dataset.h"

namespace lvr {

// Which benchmark, in which variant, and where it lies.
struct BenchmarkSource {
    std::string benchmark;  // as in BenchmarkItem; empty: what is found there says it
    std::string variant;    // "corrected", "all", "test", "4k", ...; empty: the usual one
    DataSource where;       // a folder or file; image root and remap serve data of one's own
};

// What there is to know of a benchmark before any of it is read.
struct BenchmarkName {
    std::string benchmark;  // "hr_bench"
    std::string flag;       // "hr-bench", as --data takes it
    std::string title;      // "HR-Bench"
    std::vector<std::string> variants;
    int items = 0;  // of the public set, in its usual variant; 0: no fixed number
};
const std::vector<BenchmarkName>& benchmarkNames();
// By its flag or by its name in items; none: no such benchmark.
const BenchmarkName* findBenchmark(const std::string& name);
// How --data names it: "hr-bench-4k:DIR".
std::string benchmarkFlag(const BenchmarkSource& source);
// How many items the public set has in this variant; none: unknown, or one's own data.
std::optional<int> publicItems(const std::string& benchmark, const std::string& variant);

// "vstar:DIR", "mmvp:DIR", "mmvp-corrected:DIR", "blink:DIR" (the five subsets), "blink-all:DIR",
// "blink-test:DIR", "cv-bench:DIR" (also -2d, -3d), "hr-bench:DIR" (also -4k, -8k),
// "mme-realworld-lite:DIR", "viscot:DIR", "data:FILE", or a path alone. Throws UsageError: another
// name before a colon, or no path after it.
BenchmarkSource parseBenchmarkSource(const std::string& text);

}  // namespace lvr
