#pragma once

#include <string>
#include <vector>

#include "core/values/benchmark.h"

namespace lvr {

// What a harness asks, to the letter, oddities included:
// - lmms-eval letters V*'s and MMVP's options anew and loses those with parentheses, while the gold
//   letter stays; V*'s instruction comes twice (there and in the official LVR evaluation);
// - VLMEvalKit leaves out options that pandas takes for missing ("None", "NA", ...);
// - the official LVR evaluation makes "(a)" into "A." wherever it stands in MMVP.
// Where a harness has no prompt of its own for a benchmark (hasPrompt), it is the question, its
// lettered options and LVR's sentence. One's own data is asked as it stands.
std::string promptText(const BenchmarkItem& item, PromptStyle style);
bool hasPrompt(const std::string& benchmark, PromptStyle style);

// "lvr", "lmms_eval", "vlmevalkit", "official", dashes allowed. Throws UsageError.
PromptStyle parsePromptStyle(const std::string& name);
std::string promptStyleName(PromptStyle style);
std::vector<PromptStyle> promptStyles();

// What BLINK's own program puts before the questions of three subsets.
extern const char* const kBlinkDisclaimer;

// Whether pandas reads a cell with this text as missing.
bool isMissingToPandas(const std::string& text);

}  // namespace lvr
