#pragma once

#include <string>

namespace lvr {

class RunStore;
struct Run;

// A comparison made in the window, as a table on stdout, or all of it as JSON. Throws Error.
void showComparison(const RunStore& store, const Run& run, bool json);

// What the window's Export writes. format: "csv" (a row a strategy), "answers" (a row a question
// and strategy), "json" or "markdown". Throws Error: it is no comparison.
std::string comparisonText(const RunStore& store, const Run& run, const std::string& format);

}  // namespace lvr
