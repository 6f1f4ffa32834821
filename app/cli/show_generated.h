#pragma once

#include "core/values/run.h"

namespace CLI {
class App;
}

namespace lvr {

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
