#include "core/eval/tested_set.h"

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

using OrderedJson = nlohmann::ordered_json;

constexpr auto kPanelColumn = "panel", kProblemColumn = "problem";

constexpr auto kWholeSet = "set", kProbesColumn = "probes";

std::string probesText(const std::vector<ProbeRow>& probes) {
    OrderedJson rows = OrderedJson::array();
    for (const auto& p : probes)
        rows.push_back({{"of", p.of},
                        {"at", p.at},
                        {"trained", p.trained},
                        {"tested", p.tested},
                        {"classes", p.classes},
                        {"accuracy", {p.accuracy.value, p.accuracy.low, p.accuracy.high}},
                        {"chance", p.chance}});
    return rows.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::vector<ProbeRow> probesIn(const std::string& text) {
    std::vector<ProbeRow> probes;
    for (const auto& row : OrderedJson::parse(text)) {
        const auto& accuracy = row.at("accuracy");
        probes.push_back({.of = row.at("of"),
                          .at = row.at("at"),
                          .trained = row.at("trained"),
                          .tested = row.at("tested"),
                          .classes = row.at("classes"),
                          .accuracy = {accuracy.at(0), accuracy.at(1), accuracy.at(2)},
                          .chance = row.at("chance")});
    }
    return probes;
}

void readPlan(TestedSet& set) {
    const OrderedJson plan = OrderedJson::parse(set.run.info.options);
    const OrderedJson& choice = plan.at("set");
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
    OrderedJson interventions = OrderedJson::array();
    for (const auto& each : set.interventions) interventions.push_back(toText(each));
    info.kind = kCausalKind;
    info.options =
        OrderedJson{{"set",
                     {{"file", set.choice.file},
                      {"image_root", set.choice.imageRoot},
                      {"kind", set.choice.kind},
                      {"count", set.choice.count},
                      {"seed", set.choice.seed}}},
                    {"interventions", interventions},
                    {"decoding", OrderedJson::array({strategyToJson({.options = set.options})})}}
            .dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
    info.seed = set.choice.seed;
    return info;
}

void putItem(RunStore& store, std::int64_t run, const TestedItem& item, int done) {
    const std::string key = std::to_string(item.number);
    store.putResults(
        run, {{key, kPanelColumn, toJsonLine(item.item)}, {key, kProblemColumn, item.problem}},
        done);
}

void putProbes(RunStore& store, std::int64_t run, const std::vector<ProbeRow>& probes, int done) {
    store.putResults(run, {{kWholeSet, kProbesColumn, probesText(probes)}}, done);
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
            if (cell.item == kWholeSet) {
                set.probes = probesIn(cell.result);
                continue;
            }
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
    CausalReport report = summarise(items, set.choice.seed);
    report.model = set.run.info.parent;
    report.modelHash = set.run.info.parentHash;
    report.data = set.run.info.data;
    report.dataHash = set.run.info.dataHash;
    report.decoding = wordsOf(set.options);
    report.command = set.run.info.command;
    report.seed = set.choice.seed;
    report.skipped = std::move(skipped);
    report.probes = set.probes;
    return report;
}

}  // namespace lvr
