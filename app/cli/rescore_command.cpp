#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/passes.h"
#include "app/cli/place_flags.h"
#include "app/training/run_log.h"
#include "core/error.h"
#include "core/eval/evaluation_json.h"
#include "core/eval/judged_items.h"
#include "core/files/atomic_file.h"
#include "core/scorers/raw_outputs.h"
#include "core/scorers/scorers.h"
#include "core/statistics/statistics.h"
#include "core/store/run_store.h"
#include "core/values/csv_text.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct RescoreArguments {
    std::filesystem::path raw, disagreements, to, store;
    std::string run;
    std::vector<std::string> scorers;
    bool all = false, json = false;
};

struct JudgedLine {
    RawLine line;
    std::vector<Verdict> verdicts;
};

std::vector<std::string> scorersFor(const RescoreArguments& a, const RawOutput& raw) {
    if (!a.scorers.empty()) return a.scorers;
    return a.all ? scorerNames() : scorersOf(raw.benchmark, asksForLetter(raw));
}

std::vector<JudgedLine> judgedLines(const RescoreArguments& a, std::vector<RawLine> lines) {
    std::vector<JudgedLine> judged;
    for (auto& line : lines) {
        if (interruption().stop_requested()) throw Cancelled();
        auto verdicts = verdictsOf(scorersFor(a, line.output), line.output);
        judged.push_back({std::move(line), std::move(verdicts)});
    }
    return judged;
}

OrderedJson toJson(const JudgedLine& judged) {
    OrderedJson scorers = OrderedJson::object();
    for (const auto& verdict : judged.verdicts)
        scorers[verdict.scorer] = {
            {"letter", verdict.letter ? OrderedJson(*verdict.letter) : OrderedJson()},
            {"right", verdict.right},
            {"rule", verdict.rule}};
    OrderedJson row{{"line", judged.line.line}};
    if (!judged.line.id.empty()) row["id"] = judged.line.id;
    if (!judged.line.column.empty()) row["column"] = judged.line.column;
    row["benchmark"] = judged.line.output.benchmark;
    row["gold"] = judged.line.output.gold;
    row["scorers"] = std::move(scorers);
    return row;
}

std::string jsonText(const std::vector<JudgedLine>& judged) {
    OrderedJson rows = OrderedJson::array();
    for (const auto& each : judged) rows.push_back(toJson(each));
    return rows.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

// What one scorer made of one benchmark.
struct ScorerRow {
    int count = 0, right = 0, undecided = 0;
};

// Of what a row of the table is.
std::string groupOf(const RawLine& line) {
    return line.output.benchmark + (line.column.empty() ? "" : ", " + line.column);
}

void printRows(const std::vector<JudgedLine>& judged) {
    std::vector<std::pair<std::string, std::string>> order;
    std::map<std::pair<std::string, std::string>, ScorerRow> rows;
    std::size_t width = 9;
    for (const auto& [line, verdicts] : judged)
        for (const auto& verdict : verdicts) {
            const std::pair key{groupOf(line), verdict.scorer};
            auto& row = rows[key];
            if (row.count++ == 0) order.push_back(key);
            row.right += verdict.right;
            row.undecided += !verdict.letter || verdict.letter->empty();
            width = std::max(width, key.first.size());
        }
    const int first = static_cast<int>(width);
    std::printf("%-*s  %-26s  %6s  %6s  %-6s  %-13s  %s\n", first, "benchmark", "scorer", "items",
                "right", "share", "95 %", "undecided");
    for (const auto& key : order) {
        const auto& row = rows[key];
        const auto interval = wilson95(row.right, row.count);
        std::printf("%-*s  %-26s  %6d  %6d  %.4f  %.4f-%.4f  %9d\n", first, key.first.c_str(),
                    key.second.c_str(), row.count, row.right,
                    static_cast<double>(row.right) / row.count, interval.low, interval.high,
                    row.undecided);
    }
}

std::string nameOf(const RawLine& line) {
    return "line " + std::to_string(line.line) + (line.id.empty() ? "" : " (" + line.id + ")");
}

std::string said(const Verdict& verdict) {
    return verdict.letter ? "\"" + *verdict.letter + "\"" : "undecided";
}

void printDisagreements(const std::vector<JudgedLine>& judged) {
    constexpr int kShown = 10;
    int count = 0;
    for (const auto& [line, verdicts] : judged) {
        if (!disagree(verdicts)) continue;
        if (++count > kShown) continue;
        if (count == 1) std::printf("\nwhere scorers disagree:\n");
        std::string right, wrong;
        for (const auto& verdict : verdicts) {
            auto& side = verdict.right ? right : wrong;
            side += (side.empty() ? "" : ", ") + verdict.scorer +
                    (verdict.right ? "" : " " + said(verdict));
        }
        std::printf("%s, gold %s: right for %s; wrong for %s\n", nameOf(line).c_str(),
                    line.output.gold.c_str(), right.c_str(), wrong.c_str());
    }
    if (count > kShown)
        std::printf("and %d more; --disagreements FILE.csv writes all of them\n", count - kShown);
    std::printf("scorers disagree on %d of %zu items\n", count, judged.size());
}

std::string disagreementsText(const std::vector<JudgedLine>& judged) {
    auto text = csvLine({"line", "id", "column", "benchmark", "gold", "scorer", "letter", "right",
                         "rule", "output"});
    for (const auto& [line, verdicts] : judged)
        if (disagree(verdicts))
            for (const auto& verdict : verdicts)
                text +=
                    csvLine({std::to_string(line.line), line.id, line.column, line.output.benchmark,
                             line.output.gold, verdict.scorer, verdict.letter.value_or(""),
                             verdict.right ? "1" : "0", verdict.rule, line.output.output});
    return text;
}

void sayLeftOut(const RawLines& raw) {
    for (const auto& reason : raw.leftOut) std::cerr << "lvr: " << reason << "\n";
    if (!raw.leftOut.empty())
        std::cerr << "lvr: left out " << raw.leftOut.size() << " of "
                  << raw.lines.size() + raw.leftOut.size() << " lines\n";
}

// Of a file, or of an evaluation in the store.
RawLines rawLines(const RescoreArguments& a) {
    if (a.run.empty()) return readRawOutputs(a.raw);
    const RunStore store(storeFile(a.store), RunStore::Access::Read);
    return keptOutputs(readEvaluation(store, findRun(store, a.run).id));
}

void rescore(const RescoreArguments& a) {
    const NothingToKeep stopsAtOnce;
    if (a.raw.empty() == a.run.empty())
        throw UsageError(
            "outputs are kept in a file or in a run; give --raw or --run, one of them");
    for (const auto& scorer : a.scorers) verdictOf(scorer, {});  // before anything is printed
    auto raw = rawLines(a);
    sayLeftOut(raw);
    const auto judged = judgedLines(a, std::move(raw.lines));
    if (!a.disagreements.empty()) writeFileAtomically(a.disagreements, disagreementsText(judged));
    if (!a.to.empty()) writeFileAtomically(a.to, jsonText(judged));
    if (a.json) {
        std::cout << jsonText(judged);
        return;
    }
    printRows(judged);
    printDisagreements(judged);
}

}  // namespace

void addRescoreCommand(CLI::App& eval) {
    auto a = std::make_shared<RescoreArguments>();
    auto* command = eval.add_subcommand(
        "rescore", "Judge kept raw outputs by every scorer, without running a model");
    command->add_option(
        "--raw", a->raw,
        "JSON lines {\"benchmark\", \"question\", \"options\", \"gold\", \"output\"}");
    command->add_option("--run", a->run, "Outputs of this run of lvr eval data or import instead");
    addStoreOption(*command, a->store);
    command
        ->add_option("--scorers", a->scorers,
                     "Scorers, a,b,... (default: those that belong to an item's benchmark)")
        ->delimiter(',');
    command->add_flag("--all", a->all, "Every scorer for every item")->excludes("--scorers");
    command->add_flag("--json", a->json, "Print an array with one object a line");
    command->add_option("--to", a->to, "Write that array to this .json file too")
        ->check(endsIn(".json"));
    command
        ->add_option("--disagreements", a->disagreements,
                     "Write the items on which scorers disagree to this .csv file")
        ->check(endsIn(".csv"));
    command->footer(
        "undecided counts replies in which a scorer finds no letter; they are wrong.\n"
        "Example: lvr eval rescore --raw outputs.jsonl --disagreements disagreements.csv");
    command->callback([a] { rescore(*a); });
}

}  // namespace lvr
