#include "app/cli/show_comparison.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/eval/comparison_text.h"
#include "core/eval/kept_comparison.h"
#include "core/eval/scores.h"
#include "core/runs_io/metrics_text.h"
#include "core/store/run_store.h"

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

}  // namespace lvr
