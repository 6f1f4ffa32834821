#include "app/cli/show_generated.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "app/cli/passes.h"
#include "core/error.h"
#include "core/runs_io/completions.h"
#include "core/store/run_store.h"
#include "core/values/rollout_text.h"

namespace lvr {
namespace {

int stepAsked(const Run& run, const std::vector<int>& steps, int asked, const std::string& what) {
    const auto name = "run " + std::to_string(run.id) + " has no " + what;
    if (steps.empty()) throw Error(name);
    if (asked == 0) return steps.back();
    if (std::find(steps.begin(), steps.end(), asked) == steps.end())
        throw Error(name + " of step " + std::to_string(asked) + "; there are " +
                    std::to_string(steps.front()) + " to " + std::to_string(steps.back()));
    return asked;
}

template <class Row>
void printRows(int step, const std::vector<Row>& rows, std::string (*textOf)(const Row&),
               bool json) {
    if (!json) {
        std::cout << "step " << step << "\n";
        for (const auto& row : rows) std::cout << textOf(row);
        return;
    }
    auto all = nlohmann::ordered_json::array();
    for (const auto& row : rows) all.push_back(toJson(step, row));
    std::cout << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace

void addGeneratedOptions(CLI::App& command, GeneratedArguments& a) {
    auto* rollouts = command.add_flag("--rollouts", a.rollouts,
                                      "Show what a GRPO run said instead, with its rewards");
    command.add_flag("--probes", a.probes, "Show what it answered to the probe questions instead")
        ->excludes(rollouts);
    command.add_option("--step", a.step, "Of this step (default: the newest)")->check(wholeFrom(0));
}

bool isAsked(const GeneratedArguments& a) { return a.rollouts || a.probes; }

void showGenerated(const RunStore& store, const Run& run, const GeneratedArguments& a, bool json) {
    const auto steps = a.rollouts ? store.rolloutSteps(run.id) : store.sampleSteps(run.id);
    const int step = stepAsked(run, steps, a.step, a.rollouts ? "rollouts" : "probe answers");
    if (a.rollouts)
        printRows(step, store.rollouts(run.id, step), rolloutText, json);
    else
        printRows(step, store.samples(run.id, step), sampleText, json);
}

}  // namespace lvr
