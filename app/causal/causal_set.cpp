#include "app/causal/causal_set.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/causal/panel_json.h"
#include "app/causal/set_effects.h"
#include "core/error.h"
#include "core/eval/strategies_json.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kPanelColumn = "panel";

std::string textOf(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json jsonOf(const CausalItem& item) {
    return {{"number", item.number},
            {"id", item.id},
            {"kind", item.kind},
            {"panel", toJson(item.panel)},
            {"problem", item.problem}};
}

CausalItem itemFrom(const std::string& text) {
    const Json json = Json::parse(text);
    return {.number = json.at("number"),
            .id = json.at("id"),
            .kind = json.at("kind"),
            .panel = panelFromJson(json.at("panel")),
            .problem = json.at("problem")};
}

void readPlan(CausalSet& set) {
    const Json plan = Json::parse(set.run.info.options);
    const Json& choice = plan.at("set");
    set.choice = {.file = choice.at("file"),
                  .imageRoot = choice.at("image_root"),
                  .kind = choice.at("kind"),
                  .count = choice.at("count"),
                  .seed = choice.at("seed")};
    set.interventions = interventionsFromJson(plan.at("interventions"));
    const auto strategies = strategiesFromJson(plan.at("decoding"));
    if (!strategies.empty()) set.options = strategies.front().options;
}

std::string unreadable(std::int64_t run) {
    return "tested set " + std::to_string(run) +
           " can't be read; open it with the program that made it, or delete it";
}

}  // namespace

RunInfo causalInfo(const CausalSet& set, RunInfo info) {
    info.kind = kCausalKind;
    info.options = textOf({{"set",
                            {{"file", set.choice.file},
                             {"image_root", set.choice.imageRoot},
                             {"kind", set.choice.kind},
                             {"count", set.choice.count},
                             {"seed", set.choice.seed}}},
                           {"interventions", toJson(set.interventions)},
                           {"decoding", Json::array({strategyToJson({.options = set.options})})}});
    info.seed = set.choice.file.empty() ? set.choice.seed : 0;
    return info;
}

void putItem(RunStore& store, std::int64_t run, const CausalItem& item, int done) {
    store.putResults(run, {{std::to_string(item.number), kPanelColumn, textOf(jsonOf(item))}},
                     done);
}

CausalSet readCausalSet(const RunStore& store, std::int64_t run) {
    const auto found = store.find(run);
    if (!found || found->info.kind != kCausalKind)
        throw Error("there is no tested set " + std::to_string(run) + " in the run store");
    CausalSet set{.run = *found};
    try {
        readPlan(set);
        for (const auto& cell : store.results(run)) set.items.push_back(itemFrom(cell.result));
    } catch (const nlohmann::json::exception&) {
        throw Error(unreadable(run));
    }
    std::ranges::sort(set.items, {}, &CausalItem::number);
    return set;
}

std::vector<ComparisonSummary> listCausalSets(const RunStore& store) {
    std::vector<ComparisonSummary> found;
    for (const Run& run : store.runs()) {
        if (run.info.kind != kCausalKind) continue;
        CausalSet set{.run = run};
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

std::string toJsonText(const CausalSet& set, const std::string& command) {
    Json items = Json::array();
    for (const auto& item : set.items) items.push_back(jsonOf(item));
    Json effects = Json::array();
    for (const auto& effect : effectsOf(set)) effects.push_back(toJson(effect));
    const Json json{{"command", command},
                    {"set", set.run.info.data},
                    {"set_hash", set.run.info.dataHash},
                    {"model", set.run.info.parent},
                    {"model_hash", set.run.info.parentHash},
                    {"decoding", wordsOf(set.options)},
                    {"run", set.run.id},
                    {"questions", set.run.info.steps},
                    {"effects", effects},
                    {"items", items}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lvr
