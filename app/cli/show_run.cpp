#include "app/cli/show_run.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/passes.h"
#include "core/error.h"
#include "core/eval/comparison_text.h"
#include "core/eval/kept_comparison.h"
#include "core/eval/scores.h"
#include "core/runs_io/completions.h"
#include "core/runs_io/metrics_text.h"
#include "core/store/run_store.h"
#include "core/values/rollout_text.h"

namespace lvr {
namespace {

// Characters, not bytes, so that columns stand below each other.
std::size_t lengthOf(const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t length) {
    return text + std::string(length - std::min(length, lengthOf(text)), ' ');
}

void printScores(const std::vector<StrategyScore>& scores) {
    std::size_t widest = lengthOf("strategy");
    for (const auto& score : scores) widest = std::max(widest, lengthOf(score.title));
    std::printf("\n%s  %7s  %13s  %11s  %8s  %6s  %9s  %8s  %9s  %5s\n",
                padded("strategy", widest).c_str(), "right", "95 %", "gain/loss", "p", "steps",
                "word, ms", "all, ms", "triggered", "asked");
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const auto& s = scores[i];
        char paired[32] = "", p[16] = "";
        if (i > 0) std::snprintf(paired, sizeof paired, "+%d -%d", s.gained, s.lost);
        if (i > 0) std::snprintf(p, sizeof p, "%.3g", s.p);
        std::printf("%s  %5.1f %%  %5.1f - %5.1f  %11s  %8s  %6.1f  %9.1f  %8.1f  %7.0f %%  %5d\n",
                    padded(s.title, widest).c_str(), 100 * s.accuracy, 100 * s.low, 100 * s.high,
                    paired, p, s.latents, s.firstTokenMs, s.totalMs, 100 * s.triggered, s.asked);
        if (!s.failure.empty()) std::printf("  failed: %s\n", s.failure.c_str());
    }
}

void printComparison(const Comparison& comparison) {
    const auto& [run, choice, results] = comparison;
    std::cout << "run         " << run.id << ", " << run.info.kind << ", " << toText(run.status)
              << (run.message.empty() ? "" : ": " + run.message) << "\nset         " << results.set
              << "\nmodel       " << results.model << "\nquestions   " << results.questions.size()
              << " of " << run.info.steps << "\n";
    if (!run.notes.empty()) std::cout << "notes       " << run.notes << "\n";
    if (!results.unreadable.empty())
        std::cout << "unreadable  " << results.unreadable.size()
                  << ", the first: " << results.unreadable.front() << "\n";
    std::cout << std::flush;
    printScores(scoresOf(results));
}

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

void showComparison(const RunStore& store, const Run& run, bool json) {
    const auto comparison = readComparison(store, run.id);
    if (!json) return printComparison(comparison);
    auto all = toJson(run);
    all.update(nlohmann::ordered_json::parse(toJson(comparison.results)));
    std::cout << all.dump(2) << "\n";
}

std::string comparisonText(const RunStore& store, const Run& run, const std::string& format) {
    const auto results = readComparison(store, run.id).results;
    if (format == "json") return toJson(results);
    if (format == "markdown") return toMarkdown(results);
    return format == "answers" ? answersToCsv(results) : scoresToCsv(results);
}

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
