#include "core/eval/strategies_json.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files/decoding_json.h"

namespace lvr {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kSlotRule = "slot_rule";
constexpr const char* kThought = "thought";
constexpr const char* kSystem = "system";

OrderedJson boxesToJson(const std::vector<Box>& boxes) {
    OrderedJson list = OrderedJson::array();
    for (const Box& box : boxes) list.push_back({box.x0, box.y0, box.x1, box.y1, box.image});
    return list;
}

std::vector<Box> boxesFromJson(const OrderedJson& list) {
    std::vector<Box> boxes;
    for (const auto& box : list)
        boxes.push_back({box.at(0), box.at(1), box.at(2), box.at(3), box.at(4)});
    return boxes;
}

Strategy strategyFromJson(const OrderedJson& json) {
    const JsonFields fields(nlohmann::json(json), "the strategy");
    Strategy strategy{.name = fields.get<std::string>("name", ""),
                      .model = fields.get<std::string>("model", ""),
                      .colour = static_cast<int>(fields.get<std::int64_t>("colour", -1))};
    readDecoding(fields, decodingKeys(), strategy.options);
    strategy.options.system = fields.get<std::string>(kSystem, "");
    auto& thought = strategy.options.thought;
    if (fields.has(kSlotRule))
        thought.slotRule =
            static_cast<GivenThought::Slots>(fields.choice(kSlotRule, kThoughtSlots));
    if (fields.has(kThought)) thought.boxes = boxesFromJson(json.at(kThought));
    return strategy;
}

}  // namespace

OrderedJson strategyToJson(const Strategy& strategy) {
    auto json = toJson(strategy.options);
    if (!strategy.options.system.empty()) json[kSystem] = strategy.options.system;
    json["name"] = strategy.name;
    json["model"] = strategy.model;
    json["colour"] = strategy.colour;
    const auto& thought = strategy.options.thought;
    json[kSlotRule] = kThoughtSlots.at(static_cast<std::size_t>(thought.slotRule));
    if (!thought.boxes.empty()) json[kThought] = boxesToJson(thought.boxes);
    return json;
}

std::string strategiesToText(const std::vector<Strategy>& strategies) {
    OrderedJson list = OrderedJson::array();
    for (const auto& strategy : strategies) list.push_back(strategyToJson(strategy));
    return list.dump();
}

std::vector<Strategy> strategiesFromJson(const OrderedJson& list) {
    if (!list.is_array()) throw Error("the list of strategies is not readable; choose them again");
    std::vector<Strategy> strategies;
    try {
        for (const auto& json : list) strategies.push_back(strategyFromJson(json));
    } catch (const OrderedJson::exception&) {
        throw Error("a strategy of the list is not readable; choose them again");
    } catch (const Error& e) {
        throw Error("a strategy of the list is not readable: " + std::string(e.what()) +
                    "; choose them again");
    }
    return strategies;
}

std::vector<Strategy> strategiesFromText(const std::string& text) {
    return strategiesFromJson(OrderedJson::parse(text, nullptr, /*allow_exceptions=*/false));
}

}  // namespace lvr
