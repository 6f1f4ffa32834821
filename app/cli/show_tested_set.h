#pragma once

#include <string>

#include "core/values/causal_report.h"
#include "core/values/run.h"

namespace lvr {

class RunStore;

// The verdict with its evidence and a line an intervention, on stdout.
void printVerdict(const CausalReport& report);

// A set that was tested in the window, on stdout: of what, how far, what came out; or its report as
// JSON. Throws Error: it is no tested set.
void showTestedSet(const RunStore& store, const Run& run, bool json);
// The report as JSON, whatever the format. Throws Error likewise.
std::string testedSetText(const RunStore& store, const Run& run, const std::string& format);

}  // namespace lvr
