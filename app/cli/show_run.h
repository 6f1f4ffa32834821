#pragma once

#include <string>

#include "core/values/run.h"

namespace CLI {
class App;
}

namespace lvr {

class RunStore;
struct Run;

// A comparison made in the window, as a table on stdout, or all of it as JSON. Throws Error.
void showComparison(const RunStore& store, const Run& run, bool json);

// What the window's Export writes. format: "csv" (a row a strategy), "answers" (a row a question
// and strategy), "json" or "markdown". Throws Error: it is no comparison.
std::string comparisonText(const RunStore& store, const Run& run, const std::string& format);

class RunStore;

// What a run's model said, to be read without a window.
struct GeneratedArguments {
    bool rollouts = false, probes = false;
    int step = 0;  // 0: the newest that has any
};
void addGeneratedOptions(CLI::App& command, GeneratedArguments& a);
bool isAsked(const GeneratedArguments& a);
// On stdout, as text or a JSON array. Throws Error: the run has none of that step.
void showGenerated(const RunStore& store, const Run& run, const GeneratedArguments& a, bool json);

}  // namespace lvr
