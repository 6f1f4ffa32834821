#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/values/run.h"

namespace lvr {

struct ImportedRun {
    Run run;  // finished, of kind "import"; its message says what was not read
    std::vector<Metric>
        metrics;  // by step, then name; the last value where a step was logged twice
};

// A run from a TensorBoard event file or transformers' trainer_state.json, told apart by what they
// hold, or from a folder that has one: event files of one folder are one run that was resumed, of
// which the later file says what both say. Throws Error: the file is neither, can't be read, or
// nothing in it can be taken; the folder has none, or files of both kinds.
ImportedRun readRunFile(const std::filesystem::path& fileOrFolder);

}  // namespace lvr
