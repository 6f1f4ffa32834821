#pragma once

#include "core/values/benchmark.h"
#include "datasets/benchmarks/benchmark_source.h"

namespace lvr {

// What depends on a whole set, or on the variant that is asked for.

// Whether a file can hold items of that variant: subsets and splits lie in files of their own.
bool holdsOf(const BenchmarkSource& source, const std::filesystem::path& file);
bool isAskedFor(const BenchmarkSource& source, const BenchmarkItem& item);
// The id as the item's own file has it: HR-Bench counts from 0 in each of its two files.
std::string idInFile(const BenchmarkItem& item);
// Clusters, MMVP's edition and its corrected labels, the title of a variant, and how many items the
// public set has.
void applySetRules(BenchmarkSet& set, const BenchmarkSource& source);

}  // namespace lvr
