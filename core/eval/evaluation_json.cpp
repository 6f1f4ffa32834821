#include "core/eval/evaluation_json.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/decoding_json.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kItem = "item";  // the column that says what was asked

std::string compact(const OrderedJson& json) {
    return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

OrderedJson toJson(const EvalColumn& column) {
    return {{"mode", toText(column.mode)}, {"exit", toText(column.exit)}};
}

EvalColumn columnFrom(const OrderedJson& json) {
    return {parseEvalMode(json.at("mode")), parseExitRule(json.at("exit"))};
}

OrderedJson toJson(const EvalSet& set) {
    return {{"name", set.name},     {"source", set.source},   {"benchmark", set.benchmark},
            {"title", set.title},   {"edition", set.edition}, {"hash", set.hash},
            {"scorer", set.scorer}, {"items", set.items},     {"left_out", set.leftOut}};
}

EvalSet setFrom(const OrderedJson& json) {
    return {.name = json.at("name"),
            .source = json.at("source"),
            .benchmark = json.at("benchmark"),
            .title = json.at("title"),
            .edition = json.at("edition"),
            .hash = json.at("hash"),
            .scorer = json.at("scorer"),
            .items = json.at("items"),
            .leftOut = json.at("left_out")};
}

OrderedJson toJson(const BenchmarkTarget& target) {
    return {{"name", target.name},
            {"xywh", {target.x, target.y, target.width, target.height}},
            {"image", target.image}};
}

OrderedJson toJson(const RoiHeat& heat) {
    return {{"mass", heat.mass},
            {"mass_chance", heat.massChance},
            {"rank", heat.rank},
            {"rank_chance", heat.rankChance},
            {"hit", heat.hit}};
}

template <class Value>
OrderedJson listOf(const std::vector<Value>& values) {
    auto list = OrderedJson::array();
    for (const auto& value : values) list.push_back(toJson(value));
    return list;
}

BenchmarkTarget targetFrom(const OrderedJson& json) {
    const auto& box = json.at("xywh");
    return {.name = json.at("name"),
            .x = box.at(0),
            .y = box.at(1),
            .width = box.at(2),
            .height = box.at(3),
            .image = json.at("image")};
}

OrderedJson questionToJson(const EvaluatedItem& asked) {
    const auto& item = asked.item;
    OrderedJson json{{"set", asked.set},
                     {"benchmark", item.benchmark},
                     {"id", item.id},
                     {"category", item.category},
                     {"part", item.part},
                     {"cluster", item.cluster},
                     {"question", item.question},
                     {"options", item.options},
                     {"gold", item.gold},
                     {"images", item.images},
                     {"targets", listOf(item.targets)},
                     {"prompt", asked.prompt}};
    if (!asked.dialect.empty()) json["dialect"] = asked.dialect;
    if (!asked.unreadable.empty()) json["unreadable"] = asked.unreadable;
    return json;
}

EvaluatedItem questionFrom(const OrderedJson& json) {
    EvaluatedItem asked{.item = {.benchmark = json.at("benchmark"),
                                 .id = json.at("id"),
                                 .category = json.at("category"),
                                 .part = json.at("part"),
                                 .cluster = json.at("cluster"),
                                 .question = json.at("question"),
                                 .options = json.at("options"),
                                 .gold = json.at("gold"),
                                 .images = json.at("images")},
                        .set = json.at("set"),
                        .prompt = json.at("prompt"),
                        .dialect = json.value("dialect", ""),
                        .unreadable = json.value("unreadable", "")};
    for (const auto& target : json.at("targets")) asked.item.targets.push_back(targetFrom(target));
    return asked;
}

RoiHeat heatFrom(const OrderedJson& json) {
    return {.mass = json.at("mass"),
            .massChance = json.at("mass_chance"),
            .rank = json.at("rank"),
            .rankChance = json.at("rank_chance"),
            .hit = json.at("hit")};
}

OrderedJson toJson(const ItemAnswer& answer) {
    if (!answer.failure.empty()) return {{"failure", answer.failure}};
    OrderedJson json{{"output", answer.output},
                     {"answer", answer.answer},
                     {"stopped", answer.stopped},
                     {"thoughts", answer.thoughts},
                     {"closed", answer.closed},
                     {"visual_tokens", answer.visualTokens},
                     {"prompt_tokens", answer.promptTokens},
                     {"ms",
                      {{"encode", answer.times.encode},
                       {"prefill", answer.times.prefill},
                       {"decode", answer.times.decode}}}};
    if (!answer.latentHeat.empty()) json["latent_heat"] = listOf(answer.latentHeat);
    if (answer.answerHeat) json["answer_heat"] = toJson(*answer.answerHeat);
    if (const auto& box = answer.crop)
        json["crop"] = {box->x0, box->y0, box->x1, box->y1, box->image};
    return json;
}

ItemAnswer answerFrom(const OrderedJson& json) {
    ItemAnswer answer;
    answer.failure = json.value("failure", "");
    if (!answer.failure.empty()) return answer;
    answer.output = json.at("output");
    answer.answer = json.at("answer");
    answer.stopped = json.at("stopped");
    answer.thoughts = json.at("thoughts").get<std::vector<int>>();
    answer.closed = json.at("closed");
    answer.visualTokens = json.at("visual_tokens");
    answer.promptTokens = json.at("prompt_tokens");
    const auto& times = json.at("ms");
    answer.times = {times.at("encode"), times.at("prefill"), times.at("decode")};
    if (const auto heat = json.find("latent_heat"); heat != json.end())
        for (const auto& each : *heat) answer.latentHeat.push_back(heatFrom(each));
    if (const auto heat = json.find("answer_heat"); heat != json.end())
        answer.answerHeat = heatFrom(*heat);
    if (const auto box = json.find("crop"); box != json.end())
        answer.crop = Box{box->at(0), box->at(1), box->at(2), box->at(3), box->at(4)};
    return answer;
}

EvalPlan planFrom(const OrderedJson& json) {
    EvalPlan plan{.prompt = json.at("prompt"),
                  .minPixels = json.at("min_pixels"),
                  .maxPixels = json.at("max_pixels"),
                  .decodingText = json.at("decoding_text"),
                  .computation = json.at("computation"),
                  .given = json.at("given").get<std::map<std::string, std::string>>()};
    for (const auto& set : json.at("sets")) plan.sets.push_back(setFrom(set));
    for (const auto& column : json.at("columns")) plan.columns.push_back(columnFrom(column));
    readDecoding(JsonFields(nlohmann::json(json.at("decoding")), "the evaluation"), decodingKeys(),
                 plan.decoding);
    return plan;
}

[[noreturn]] void failUnreadable(std::int64_t run, const char* why) {
    throw Error("evaluation " + std::to_string(run) + " is not as this program writes them (" +
                why + "); read it with the program that made it");
}

}  // namespace

std::string planToJson(const EvalPlan& plan) {
    return compact({{"sets", listOf(plan.sets)},
                    {"columns", listOf(plan.columns)},
                    {"prompt", plan.prompt},
                    {"min_pixels", plan.minPixels},
                    {"max_pixels", plan.maxPixels},
                    {"decoding", toJson(plan.decoding)},
                    {"decoding_text", plan.decodingText},
                    {"computation", plan.computation},
                    {"given", plan.given}});
}

std::string itemName(const EvaluatedItem& item) { return item.set + "/" + item.item.id; }

std::vector<ItemResult> cellsOf(const EvaluatedItem& item) {
    const auto name = itemName(item);
    std::vector<ItemResult> cells{{name, kItem, compact(questionToJson(item))}};
    for (const auto& [column, answer] : item.answers)
        cells.push_back({name, column, compact(toJson(answer))});
    return cells;
}

std::vector<EvaluatedItem> itemsIn(const std::vector<ItemResult>& cells) {
    std::vector<EvaluatedItem> items;
    std::map<std::string, std::size_t> places;
    for (const auto& cell : cells) {
        const auto json = OrderedJson::parse(cell.result);
        if (cell.column == kItem) {
            places[cell.item] = items.size();
            items.push_back(questionFrom(json));
        } else {
            items.at(places.at(cell.item)).answers[cell.column] = answerFrom(json);
        }
    }
    return items;
}

EvalRun readEvaluation(const RunStore& store, std::int64_t run) {
    const auto found = store.find(run);
    if (!found) throw Error("there is no run " + std::to_string(run) + " in the store");
    if (found->info.kind != kEvaluationKind)
        throw Error("run " + std::to_string(run) + " is no evaluation but of lvr " +
                    found->info.kind);
    try {
        return {.run = *found,
                .plan = planFrom(OrderedJson::parse(found->info.options)),
                .items = itemsIn(store.results(run))};
    } catch (const OrderedJson::exception& e) {
        failUnreadable(run, e.what());
    } catch (const std::out_of_range&) {
        failUnreadable(run, "an answer without its question");
    }
}

std::string rawLine(const EvaluatedItem& item, const std::string& column) {
    const auto& asked = item.item;
    OrderedJson json{{"benchmark", asked.benchmark},
                     {"id", asked.id},
                     {"column", column},
                     {"question", asked.question},
                     {"options", asked.options},
                     {"gold", asked.gold},
                     {"output", item.answers.at(column).output}};
    if (!item.dialect.empty()) json["dialect"] = item.dialect;
    return compact(json);
}

}  // namespace lvr
