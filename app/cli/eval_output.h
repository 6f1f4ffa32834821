#pragma once

#include <filesystem>
#include <string>

#include "core/values/evaluation.h"

namespace lvr {

class RunStore;

// Where the results of an evaluation go besides stdout.
struct EvalOutput {
    bool json = false;
    std::filesystem::path to, raw;
};
// Before anything is asked. Throws Error: a file that can't be written.
void checkOutput(const EvalOutput& output);

// The table, or all of it as JSON, on stdout and in the files. Throws Error.
void writeEvaluation(const RunStore& store, std::int64_t run, const EvalOutput& output);

// As `lvr runs show` and `lvr runs export` have it. format: "csv" (a row a row of the table),
// "answers" (a row an item, column and scorer), "json" or "markdown".
void showEvaluation(const RunStore& store, const Run& run, bool json);
std::string evaluationText(const RunStore& store, const Run& run, const std::string& format);

}  // namespace lvr
