#include "app/cli/show_tested_set.h"

#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/causal/causal_json.h"
#include "core/eval/tested_set.h"
#include "core/runs_io/metrics_text.h"
#include "core/store/run_store.h"
#include "core/values/option_field.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

void printHeading(const TestedSet& set, const CausalReport& report) {
    const Run& run = set.run;
    std::cout << "run         " << run.id << ", " << run.info.kind << ", " << toText(run.status)
              << (run.message.empty() ? "" : ": " + run.message) << "\nset         "
              << run.info.data << "\nmodel       " << run.info.parent << "\nquestions   "
              << set.items.size() << " of " << run.info.steps << "\ncommand     "
              << run.info.command << "\n";
    if (!run.name.empty()) std::cout << "name        " << run.name << "\n";
    if (!run.notes.empty()) std::cout << "notes       " << run.notes << "\n";
    if (!report.skipped.empty())
        std::cout << "left out    " << report.skipped.size()
                  << ", the first: " << report.skipped.front() << "\n";
    std::cout << std::endl;
}

}  // namespace

void printVerdict(const CausalReport& report) {
    std::cout << toText(report.verdict.use) << ": " << report.verdict.sentence << "\n";
    for (const auto& each : report.verdict.evidence) std::cout << "  " << each << "\n";
    std::cout << "N = " << report.thought << " of " << report.asked << " asked emitted a span; "
              << report.right << " of them right\n";
    std::printf("%-18s %5s  %-7s %-17s %8s %8s %9s %9s %8s\n", "latents", "N", "flipped",
                "CC/CW/WC/WW", "McNemar", "Holm", "smallest", "d log p", "shift");
    for (const auto& s : report.interventions)
        std::printf(
            "%-18s %5d  %-7.3f %-17s %8.4f %8.4f %9s %9.3f %8s\n", toText(s.intervention).c_str(),
            s.count, s.flipRate.value,
            (std::to_string(s.rightRight) + "/" + std::to_string(s.rightWrong) + "/" +
             std::to_string(s.wrongRight) + "/" + std::to_string(s.wrongWrong))
                .c_str(),
            s.mcnemar, s.mcnemarHolm,
            s.smallestDifference
                ? numberText(std::round(*s.smallestDifference * 1000) / 1000).c_str()
                : "none",
            s.originalChange.value,
            s.paired ? numberText(std::round(s.beyondRandom.value * 100) / 100).c_str() : "");
}

void showTestedSet(const RunStore& store, const Run& run, bool json) {
    const auto set = readTestedSet(store, run.id);
    const auto report = reportOf(set);
    if (!json) {
        printHeading(set, report);
        return printVerdict(report);
    }
    auto all = toJson(run);
    all["done"] = set.items.size();
    all.update(OrderedJson::parse(toJson(report)));
    std::cout << all.dump(2) << "\n";
}

std::string testedSetText(const RunStore& store, const Run& run, const std::string&) {
    return toJson(reportOf(readTestedSet(store, run.id))) + "\n";
}

}  // namespace lvr
