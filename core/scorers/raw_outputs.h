#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/values/benchmark.h"

namespace lvr {

// One line of a file of raw outputs.
struct RawLine {
    int line = 0;            // from 1
    std::string id, column;  // as the line gives them: which item, decoded how; may be empty
    RawOutput output;
};

struct RawLines {
    std::vector<RawLine> lines;
    std::vector<std::string> leftOut;  // a sentence for each line that could not be used
};

// JSON lines {"benchmark", "question", "options", "gold", "output"}; "id", "column" and "dialect"
// if they are there, and whatever else is passed over. dialect: of the model that answered, which
// says how it marks its answers; one that isn't known marks them as LVR does. options: a list of
// texts, or an object from "A" on; without them the answer is free text. gold: a letter however it
// is written, or an option's text. A benchmark that isn't named is "data". Throws Error when the
// file can't be read or no line of it is usable.
RawLines readRawOutputs(const std::filesystem::path& file);

// Whether the answer is a letter: there are options, or the benchmark always has some.
bool asksForLetter(const RawOutput& output);

// Whether some verdicts are right and others wrong.
bool disagree(const std::vector<Verdict>& verdicts);

}  // namespace lvr
