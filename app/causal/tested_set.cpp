#include "app/causal/tested_set.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/causal/causal_json.h"
#include "core/causal/causal_report.h"
#include "core/error.h"
#include "core/eval/strategies_json.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kPanelColumn = "panel", kProblemColumn = "problem";
constexpr std::uint64_t kSeed = 1;  // of resampling

void readPlan(TestedSet& set) {
    const Json plan = Json::parse(set.run.info.options);
    const Json& choice = plan.at("set");
    set.choice = {.file = choice.at("file"),
                  .imageRoot = choice.at("image_root"),
                  .kind = choice.at("kind"),
                  .count = choice.at("count"),
                  .seed = choice.at("seed")};
    for (const std::string text : plan.at("interventions"))
        set.interventions.push_back(parseIntervention(text));
    const auto strategies = strategiesFromJson(plan.at("decoding"));
    if (!strategies.empty()) set.options = strategies.front().options;
}

}  // namespace

RunInfo testedSetInfo(const TestedSet& set, RunInfo info) {
    Json interventions = Json::array();
    for (const auto& each : set.interventions) interventions.push_back(toText(each));
    info.kind = kCausalKind;
    info.options = Json{{"set",
                         {{"file", set.choice.file},
                          {"image_root", set.choice.imageRoot},
                          {"kind", set.choice.kind},
                          {"count", set.choice.count},
                          {"seed", set.choice.seed}}},
                        {"interventions", interventions},
                        {"decoding", Json::array({strategyToJson({.options = set.options})})}}
                       .dump(-1, ' ', false, Json::error_handler_t::replace);
    info.seed = set.choice.file.empty() ? set.choice.seed : 0;
    return info;
}

void putItem(RunStore& store, std::int64_t run, const TestedItem& item, int done) {
    const std::string key = std::to_string(item.number);
    store.putResults(
        run, {{key, kPanelColumn, toJsonLine(item.item)}, {key, kProblemColumn, item.problem}},
        done);
}

TestedSet readTestedSet(const RunStore& store, std::int64_t run) {
    const auto found = store.find(run);
    if (!found || found->info.kind != kCausalKind)
        throw Error("there is no tested set " + std::to_string(run) + " in the run store");
    TestedSet set{.run = *found};
    std::map<int, TestedItem> items;
    try {
        readPlan(set);
        for (const auto& cell : store.results(run)) {
            const int number = std::stoi(cell.item);
            TestedItem& item = items[number];
            item.number = number;
            if (cell.column == kProblemColumn) item.problem = cell.result;
            if (cell.column == kPanelColumn) item.item = causalItemFrom(cell.result);
        }
    } catch (const std::exception&) {
        throw Error("tested set " + std::to_string(run) +
                    " can't be read; open it with the program that made it, or delete it");
    }
    for (auto& [number, item] : items) set.items.push_back(std::move(item));
    return set;
}

std::vector<ComparisonSummary> listTestedSets(const RunStore& store) {
    std::vector<ComparisonSummary> found;
    for (const Run& run : store.runs()) {
        if (run.info.kind != kCausalKind) continue;
        TestedSet set{.run = run};
        ComparisonSummary summary{.run = run};
        try {
            readPlan(set);
            for (const auto& each : set.interventions) summary.titles.push_back(toText(each));
        } catch (const std::exception&) {  // it can be deleted all the same
        }
        summary.tallies.resize(summary.titles.size());
        found.push_back(std::move(summary));
    }
    return found;
}

CausalReport reportOf(const TestedSet& set) {
    std::vector<CausalItem> items;
    std::vector<std::string> skipped;
    for (const auto& tested : set.items) {
        if (tested.problem.empty())
            items.push_back(tested.item);
        else
            skipped.push_back(tested.item.id + ": " + tested.problem);
    }
    CausalReport report = summarise(items, kSeed);
    report.model = set.run.info.parent;
    report.modelHash = set.run.info.parentHash;
    report.data = set.run.info.data;
    report.dataHash = set.run.info.dataHash;
    report.decoding = wordsOf(set.options);
    report.command = set.run.info.command;
    report.seed = kSeed;
    report.skipped = std::move(skipped);
    return report;
}

}  // namespace lvr
